package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/firewall"
)

func newFirewallCommand(home *homeFlags) *cobra.Command {
	var format string
	var offset int
	cmd := &cobra.Command{
		Use:   "firewall --format nft|firewalld|ufw|windows",
		Short: "Print rules for the firewall",
		Long: "firewall prints rules that let clients reach the bindings of all sites and the passive\n" +
			"ports, with the line of the configuration that each one comes from. Nothing is changed:\n" +
			"the output is a file for nft -f, a script of firewall-cmd or ufw, or one of PowerShell.",
		Example: "  ftphost firewall --format nft --home /etc/ftphost\n  ftphost firewall --format ufw --home ./demo --port-offset 2100",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format == "" {
				return usageError{errors.New("firewall: which one? --format nft, firewalld, ufw or windows")}
			}
			needs, problems := compile.Survey(home.home())
			printProblems(cmd.ErrOrStderr(), slices.DeleteFunc(problems, func(e *apphost.Error) bool { return e.Warning && needs != nil }))
			if needs == nil {
				return errors.New("the configuration has errors; nothing would be served")
			}
			if needs.Passive.Low == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "No ports are named for passive data connections; the output says how to name some.")
			}
			return firewall.Write(cmd.OutOrStdout(), firewall.Format(format), needs, offset)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "", "nft, firewalld, ufw or windows (required)")
	flags.IntVar(&offset, "port-offset", 0, "the --port-offset of serve")
	return cmd
}
