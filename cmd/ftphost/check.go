package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/compile"
)

func newCheckCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration without serving it",
		Long: "check walks the road of serve up to the point where ports would be opened, and prints\n" +
			"everything it finds as file:line:col: error|warning: text. Exit status 1 means that\n" +
			"the file, or one of its sites, would not be served. Homes are looked for of local\n" +
			"accounts; for an account of a directory or of PAM, ask explain --user.",
		Example: "  ftphost check --home /etc/ftphost\n  ftphost check --config ./applicationHost.config --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			problems, sites := compile.Check(home.home())
			if asJSON {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(admin.Problems(problems)); err != nil {
					return err
				}
			} else {
				printProblems(cmd.OutOrStdout(), problems)
			}
			if n := problems.Errors(); n > 0 {
				return fmt.Errorf("%d of %d findings are errors", n, len(problems))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "The configuration is good; ftp sites: %d, warnings: %d.\n", sites, len(problems))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}
