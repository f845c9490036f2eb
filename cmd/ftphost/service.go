package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/service"
)

// serviceName is what service managers call the program.
const serviceName = "ftphost"

func newServiceCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "service",
		Short: "Run in the background: install, start and stop the service of this machine",
		Long: "service makes ftphost a service of this machine: of systemd, of Windows or of launchd.\n" +
			"The service manager then starts it with the machine, and again when it fails.",
		Example: "  ftphost service install --home /etc/ftphost\n  ftphost service start",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newServiceInstallCommand(home),
		newServiceVerb("uninstall", "Stop the service and remove it; configuration and content stay", "removed", (*service.Installation).Uninstall),
		newServiceVerb("start", "Start the service", "started", (*service.Installation).Start),
		newServiceVerb("stop", "Stop the service, after the transfers in progress", "stopped", (*service.Installation).Stop),
		newServiceStatusCommand(),
	)
	return cmd
}

func newServiceVerb(name, short, done string, do func(*service.Installation) error) *cobra.Command {
	return &cobra.Command{
		Use:     name,
		Short:   short,
		Example: "  ftphost service " + name,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := do(&service.Installation{Name: serviceName}); err != nil {
				return err
			}
			return say(cmd, "The service %s was %s.", serviceName, done)
		},
	}
}

func newServiceStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Tell whether the service runs",
		Long:    "status asks the service manager whether the service runs. Exit status 0 means that it does.",
		Example: "  ftphost service status\n  ftphost service status --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			running, err := (&service.Installation{Name: serviceName}).Running()
			state := "stopped"
			switch {
			case errors.Is(err, service.ErrNotInstalled):
				state = "not installed"
			case err != nil:
				return err
			case running:
				state = "running"
			}
			if err := printState(cmd.OutOrStdout(), state, asJSON); err != nil {
				return err
			}
			if !running {
				return errSaid
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printState(w io.Writer, state string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(map[string]string{"service": serviceName, "state": state})
	}
	_, err := fmt.Fprintln(w, state)
	return err
}

// installFlags are those of service install.
type installFlags struct {
	user   string
	dryRun bool
}

func newServiceInstallCommand(home *homeFlags) *cobra.Command {
	flags := installFlags{}
	if runtime.GOOS == "linux" {
		flags.user = serviceName
	}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install the service, to start with the machine",
		Long: "install enters the service with the service manager of this machine. For systemd it writes\n" +
			"a unit that allows what the configuration needs and nothing else: its ports, its folders of\n" +
			"content and logs, its home. Install again when other folders are served.",
		Example: "  ftphost service install --home /etc/ftphost\n  ftphost service install --home /etc/ftphost --user ftp --dry-run",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return install(cmd, home.home(), &flags)
		},
	}
	cmd.Flags().StringVar(&flags.user, "user", flags.user, "the user who runs the service")
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "print what would be installed and change nothing")
	return cmd
}

func install(cmd *cobra.Command, home compile.Home, flags *installFlags) error {
	home, err := absolute(home)
	if err != nil {
		return err
	}
	needs, problems := compile.Survey(home)
	printProblems(cmd.ErrOrStderr(), problems)
	if needs == nil {
		return fmt.Errorf("the configuration is refused; no service is installed")
	}
	i, err := installation(home, flags, needs)
	if err != nil {
		return err
	}
	if flags.dryRun {
		return printInstallation(cmd.OutOrStdout(), i)
	}
	if service.Systemd() {
		if err := checkUser(cmd.ErrOrStderr(), home, flags.user); err != nil {
			return err
		}
	}
	for _, folder := range needs.Folders {
		if _, err := os.Stat(folder); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v; make the folder before the service starts\n", err)
		}
	}
	where, err := i.Install()
	if err != nil {
		return err
	}
	return say(cmd, "The service %s was installed: %s\nStart it with: ftphost service start", serviceName, where)
}

// absolute is a home whose paths count in any folder.
func absolute(home compile.Home) (compile.Home, error) {
	dir, err := filepath.Abs(home.Dir)
	if err != nil {
		return home, err
	}
	config, err := filepath.Abs(home.Config)
	return compile.Home{Dir: dir, Config: config}, err
}

// lastLowPort is the last one that not everybody may listen on.
const lastLowPort = 1023

func installation(home compile.Home, flags *installFlags, needs *compile.Needs) (*service.Installation, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	arguments := []string{"serve", "--home", home.Dir}
	if home.Config != compile.NewHome(home.Dir).Config {
		arguments = []string{"serve", "--config", home.Config}
	}
	unit := service.Unit{
		Origin:     "Written by ftphost service install, from " + home.Config + "; changes belong into: systemctl edit " + serviceName,
		Executable: executable, Arguments: arguments, User: flags.user,
		Required: []string{home.Dir}, Writable: append(needs.Folders, home.Dir),
		LowPorts:      slices.ContainsFunc(needs.Ports, func(p uint16) bool { return p <= lastLowPort }) || needs.Passive.Low > 0 && needs.Passive.Low <= lastLowPort,
		SwitchesUsers: needs.OSUsers,
		Grace:         defaultGrace, Version: service.SystemdVersion(),
	}
	i := &service.Installation{
		Name: serviceName, DisplayName: "FTP Host", Description: "FTP sites of an IIS applicationHost.config",
		Executable: executable, Arguments: arguments, User: flags.user,
	}
	if runtime.GOOS == "linux" {
		i.Unit, err = unit.Text()
	}
	return i, err
}

func printInstallation(w io.Writer, i *service.Installation) error {
	if i.Unit != "" {
		_, err := io.WriteString(w, i.Unit)
		return err
	}
	_, err := fmt.Fprintf(w, "service %s: %s %q, user %q\n", i.Name, i.Executable, i.Arguments, i.User)
	return err
}
