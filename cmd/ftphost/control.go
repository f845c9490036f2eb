package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin/api"
)

// group is a command that only has others below it, and their examples.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	var examples []string
	for _, b := range below {
		examples = append(examples, b.Example)
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Example: strings.Join(examples, "\n"), Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(below...)
	return cmd
}

// listing is a command that prints a list, as JSON if that is asked for.
func listing[T any](use, short, example string, ask func(*cobra.Command) ([]T, error), print func(io.Writer, []T)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := ask(cmd)
			switch {
			case err != nil:
				return err
			case asJSON:
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			default:
				print(cmd.OutOrStdout(), list)
				return nil
			}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newSiteCommand(home *homeFlags) *cobra.Command {
	list := listing("list", "List the sites and their states", "  ftphost site list --home ./demo",
		func(cmd *cobra.Command) ([]api.Site, error) { return home.client().Sites(cmd.Context()) }, printSiteList)
	return group("site", "Look at sites, start and stop them", list,
		siteState(home, "start", api.Started, "Start a site",
			"start writes serverAutoStart=\"true\" for the site into the configuration, as IIS does, and\nhas the running server follow. A site that was stopped by a mistake is tried again."),
		siteState(home, "stop", api.Stopped, "Stop a site",
			"stop writes serverAutoStart=\"false\" for the site into the configuration, as IIS does, and\nhas the running server follow: sessions end after their transfers, and the site stays\nstopped when the server starts again."),
		siteState(home, "restart", api.Restarted, "End all sessions of a site and build it anew",
			"restart ends the sessions of a site, with their transfers, and serves the site anew."))
}

func siteState(home *homeFlags, verb, state, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " SITE", Short: short, Long: long + "\nThe site is given by its name or number.",
		Example: "  ftphost site " + verb + " ftpsite01.com --home ./demo", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := home.client().SetSite(cmd.Context(), args[0], state)
			if errors.Is(err, api.ErrNotRunning) && state != api.Restarted {
				return writeSiteState(cmd, home, args[0], state == api.Started)
			}
			if err != nil {
				return err
			}
			printSiteList(cmd.OutOrStdout(), []api.Site{s})
			if s.Reason != "" || state == api.Started && s.State != api.Started {
				return errors.New("the site is not as it should be")
			}
			return nil
		},
	}
}

// writeSiteState says in the configuration what a server that does not run will
// do.
func writeSiteState(cmd *cobra.Command, home *homeFlags, site string, run bool) error {
	changed, err := home.home().SetAutoStart(site, run)
	if err != nil {
		return err
	}
	will := "will not"
	if run {
		will = "will"
	}
	said := "as the configuration says already"
	if changed {
		said = "as the configuration says now"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "No server runs here. When one does, it %s serve the site, %s.\n", will, said)
	return nil
}

func newSessionCommand(home *homeFlags) *cobra.Command {
	var site, user string
	list := listing("list", "List the sessions, the oldest first", "  ftphost session list --site ftpsite01.com --json",
		func(cmd *cobra.Command) ([]api.Session, error) {
			return home.client().Sessions(cmd.Context(), site)
		}, printSessions)
	list.Flags().StringVar(&site, "site", "", "only those of this site, by name or number")
	kill := &cobra.Command{
		Use: "kill [SESSION]...", Short: "End sessions, with their transfers",
		Long:    "kill ends the sessions that are named as session list shows them, or all of a user.\nThe client hears 421, and the log has sub-status 52.",
		Example: "  ftphost session kill 3f2b0d5e-8a56-4c1d-9f0e-2b7a6c5d4e3f\n  ftphost session kill --user user1",
		Args:    usage(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (user == "") {
				return usageError{errors.New("session kill: name sessions as session list shows them, or --user NAME")}
			}
			if user != "" {
				n, err := home.client().TerminateUser(cmd.Context(), user)
				if err == nil && n == 0 {
					err = fmt.Errorf("%s has no session", user)
				}
				if err == nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "sessions ended: %d\n", n)
				}
				return err
			}
			var errs []error
			for _, id := range args {
				errs = append(errs, home.client().Terminate(cmd.Context(), id))
			}
			return errors.Join(errs...)
		},
	}
	kill.Flags().StringVar(&user, "user", "", "end all sessions of this user")
	return group("session", "Look at sessions and end them", list, kill)
}

func printSessions(w io.Writer, list []api.Session) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer func() { _ = table.Flush() }() // what cannot be printed is not seen
	fmt.Fprintln(table, "SESSION\tSITE\tUSER\tCLIENT\tSINCE\tCOMMAND\tSENT\tRECEIVED")
	for _, s := range list {
		user, command := s.UserName, s.CurrentCommand
		if user == "" {
			user = "-"
		}
		if command == "" {
			command = "- (" + s.PreviousCommand + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%q\t%d\t%d\n",
			s.SessionID, s.Site, user, s.ClientIP, moment(s.SessionStartTime), command, s.BytesSent, s.BytesReceived)
	}
}

func newBanCommand(home *homeFlags) *cobra.Command {
	list := listing("list", "List addresses that are blocked because logins failed", "  ftphost ban list",
		func(cmd *cobra.Command) ([]api.Ban, error) { return home.client().Bans(cmd.Context()) },
		func(w io.Writer, bans []api.Ban) {
			for _, b := range bans {
				fmt.Fprintf(w, "%s  until %s  failed logins: %d\n", b.Address, moment(b.Until), b.Failures)
			}
		})
	return group("ban", "Look at blocked addresses and let them in again", list, &cobra.Command{
		Use: "remove ADDRESS...", Short: "Let addresses in again, and forget their failed logins",
		Example: "  ftphost ban remove 192.0.2.7", Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var errs []error
			for _, address := range args {
				errs = append(errs, home.client().RemoveBan(cmd.Context(), address))
			}
			return errors.Join(errs...)
		},
	})
}

func newLogCommand(home *homeFlags) *cobra.Command {
	return group("log", "The log files of sites", &cobra.Command{
		Use: "flush", Short: "Have all lines written that wait in memory",
		Long:    "flush returns when all log lines are in their files and the disk has them. Otherwise they\nwait for a second, or for the flushInterval of ftpHost/log.",
		Example: "  ftphost log flush", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return home.client().FlushLogs(cmd.Context()) },
	})
}

func newCredentialsCommand(home *homeFlags) *cobra.Command {
	return group("credentials", "Passwords that the running server remembers (credentialsCache)", &cobra.Command{
		Use: "flush", Short: "Forget remembered passwords, so that each is checked anew",
		Example: "  ftphost credentials flush", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return home.client().FlushCredentials(cmd.Context()) },
	})
}
