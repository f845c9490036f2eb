package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
)

// defaultHome is where a packaged installation keeps its configuration.
const defaultHome = "/etc/ftphost"

// homeFlags are --home and --config, which every command takes.
type homeFlags struct {
	dir, config string
}

// Dir is the home folder: the one of applicationHost.config.
func (h *homeFlags) Dir() string { return h.home().Dir }

// home says which files make up the configuration.
func (h *homeFlags) home() compile.Home {
	if h.config != "" {
		return compile.Home{Dir: filepath.Dir(h.config), Config: h.config}
	}
	return compile.NewHome(h.dir)
}

func newRootCommand() *cobra.Command {
	home := &homeFlags{}
	root := &cobra.Command{
		Use:           "ftphost",
		Short:         "Host FTP sites from an IIS applicationHost.config",
		Long:          "ftphost hosts FTP sites from an IIS applicationHost.config: the same file, the same\nsemantics, the same replies on the wire and the same log lines.",
		Example:       "  ftphost init ./demo\n  ftphost serve --home ./demo --port-offset 2100",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%s: %w", verb(cmd), err)}
	})
	flags := root.PersistentFlags()
	flags.StringVar(&home.dir, "home", defaultHome, "folder of applicationHost.config")
	flags.StringVar(&home.config, "config", "", "the applicationHost.config itself; its folder is the home")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("home") && cmd.Flags().Changed("config") {
			return usageError{errors.New("--home and --config say the same thing; give one of them")}
		}
		return nil
	}
	root.AddCommand(
		newInitCommand(),
		newServeCommand(home),
		newStatusCommand(home),
		newReloadCommand(home),
		newPlanCommand(home),
		newSiteCommand(home),
		newSessionCommand(home),
		newBanCommand(home),
		newLogCommand(home),
		newCredentialsCommand(home),
		newAdminCommand(home),
		newCheckCommand(home),
		newConfigCommand(home),
		newExplainCommand(home),
		newUserCommand(home),
		newGroupCommand(home),
		newCertCommand(home),
		newHistoryCommand(home),
		newMigrateCommand(home),
		newFirewallCommand(home),
		newAppcmdCommand(),
		newServiceCommand(home),
		newVersionCommand(),
	)
	root.AddCommand(generators()...)
	return root
}
