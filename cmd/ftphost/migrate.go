package main

import "github.com/spf13/cobra"

func newMigrateCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "migrate",
		Short:   "Come from a Windows server",
		Example: "  ftphost migrate replay --log ./LogFiles",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateReplayCommand(home))
	return cmd
}
