package main

import "github.com/spf13/cobra"

func newMigrateCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Move sites here from a Windows server",
		Long: "migrate reads what was copied from a Windows server with IIS: applicationHost.config,\n" +
			"administration.config, redirection.config, certificates as PFX, lists of accounts and the\n" +
			"content. docs/migrate.md has the whole way.",
		Example: "  ftphost migrate assess ./from-windows\n  ftphost migrate run ./from-windows --home /etc/ftphost",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateAssessCommand(), newMigrateRunCommand(home), newMigrateReplayCommand(home))
	return cmd
}
