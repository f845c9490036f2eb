package main

import (
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/appcmd"
)

// statusError ends a command that has said everything, with a status of its
// own.
type statusError int

func (e statusError) Error() string { return "status " + strconv.Itoa(int(e)) }

// newAppcmdCommand is bin/appcmd as a command. Its arguments are none of ours,
// so it reads --home and --config itself, wherever they stand.
func newAppcmdCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "appcmd VERB OBJECT [IDENTIFIER] [/PARAMETER:VALUE]...",
		Short: "IIS's appcmd over the same file (also as the program appcmd)",
		Long: "appcmd takes the command lines of IIS's tool of that name: list, add, set and delete sites,\n" +
			"applications, virtual directories, configuration and backups. The home is that of --home or\n" +
			"--config, of the environment variable " + appcmd.HomeVariable + ", or " + appcmd.DefaultHome + ". Exit codes are those\n" +
			"of Windows, of which the system keeps the lower eight bits.",
		Example:            "  ftphost appcmd list sites --home ./demo\n  ftphost appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:5000",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			code := appcmd.Main(cmd.Context(), args, os.Getenv, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if code != 0 {
				return statusError(appcmd.ExitStatus(code))
			}
			return nil
		},
	}
}
