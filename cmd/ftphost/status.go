package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin/api"
)

func newStatusCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how the running server is",
		Long: "status asks the running server what it serves and what came of its last look at the\n" +
			"configuration. Exit status 1 means that none runs, that the configuration on disk was\n" +
			"refused, or that a site is not served as the configuration says.",
		Example: "  ftphost status --home ./demo\n  ftphost status --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := home.client().Status(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(s); err != nil {
					return err
				}
			} else {
				printStatus(cmd.OutOrStdout(), &s)
			}
			return unwell(&s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// unwell is what is wrong with a server that runs, nil for nothing.
func unwell(s *api.Status) error {
	if s.Result == api.Refused {
		return errors.New("the configuration on disk is refused; what was served before goes on; see: ftphost check")
	}
	for _, at := range s.Sites {
		if at.Reason != "" {
			return errors.New("not every site is as the configuration says")
		}
	}
	return nil
}

func printStatus(w io.Writer, s *api.Status) {
	fmt.Fprintf(w, "ftphost %s, process %d, runs since %s\n", s.Version, s.PID, moment(s.Started))
	if s.Stopping {
		fmt.Fprintln(w, "It stops: transfers go on for the grace time.")
	}
	fmt.Fprintf(w, "configuration: generation %d, since %s; looked at %s: %s\n", s.Generation, moment(s.Since), moment(s.Looked), s.Result)
	fmt.Fprintf(w, "reloads: %d applied, %d without a change, %d refused\n", s.Reloads.Applied, s.Reloads.Unchanged, s.Reloads.Refused)
	fmt.Fprintf(w, "sessions: %d\n\n", s.Sessions)
	printSiteList(w, s.Sites)
	if s.Result == api.Refused {
		fmt.Fprintln(w)
		printFindings(w, s.Problems)
	}
}

func moment(t time.Time) string { return t.Local().Format(time.DateTime) }

// printFindings prints what was found as check does.
func printFindings(w io.Writer, list []api.Problem) {
	for _, p := range list {
		where := ""
		switch {
		case p.Line > 0:
			where = fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
		case p.File != "":
			where = p.File + ": "
		}
		section := ""
		if p.Section != "" {
			section = p.Section + ": "
		}
		fmt.Fprintf(w, "%s%s: %s%s\n", where, p.Severity, section, p.Message)
	}
}

func newReloadCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the running server look at its configuration now",
		Long: "The server follows its files by itself. reload makes it look at once, also for folders\n" +
			"and certificates that have come or gone, and tells what came of it. Exit status 1\n" +
			"means that the configuration was refused, and nothing changed.",
		Example: "  ftphost reload --home ./demo",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := home.client().Reload(cmd.Context())
			if err != nil {
				return err
			}
			return printReport(cmd, &r, asJSON, "Nothing changed.")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newPlanCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan [FILE]",
		Short: "Say what a configuration would change in the running server",
		Long: "plan has the running server compile FILE in the place of its applicationHost.config and\n" +
			"prints what would change, without changing anything. Without FILE it is the file on\n" +
			"disk. Whether ports can be opened shows only when they are. Exit status 1 means that\n" +
			"the configuration would be refused.",
		Example: "  ftphost plan draft.config --home ./demo",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				var err error
				if file, err = filepath.Abs(args[0]); err != nil {
					return err
				}
			}
			r, err := home.client().Plan(cmd.Context(), file)
			if err != nil {
				return err
			}
			return printReport(cmd, &r, asJSON, "Nothing would change.")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// printReport prints findings and changes; nothing is said when there are none
// of these.
func printReport(cmd *cobra.Command, r *api.Report, asJSON bool, nothing string) error {
	out := cmd.OutOrStdout()
	if asJSON {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else {
		printFindings(cmd.ErrOrStderr(), r.Problems)
		for _, c := range r.Changes {
			line := fmt.Sprintf("%s (%d): %s", c.Site, c.ID, c.Change)
			if c.Detail != "" {
				line += ": " + c.Detail
			}
			fmt.Fprintln(out, line)
		}
		switch {
		case r.Result == api.Unchanged:
			fmt.Fprintln(out, nothing)
		case r.Result == api.Applied && len(r.Changes) == 0:
			fmt.Fprintln(out, "No site is different, only what is written outside of the sites.")
		}
	}
	if r.Result == api.Refused {
		return errors.New("the configuration is refused; what was served before goes on")
	}
	return nil
}

// printSiteList tells which sites are served where.
func printSiteList(w io.Writer, sites []api.Site) {
	for _, s := range sites {
		line := fmt.Sprintf("%s (%d)  %s", s.Name, s.ID, strings.ToLower(s.State))
		if len(s.Listen) > 0 {
			line += "  " + strings.Join(s.Listen, "  ")
		}
		fmt.Fprintf(w, "%s  sessions: %d\n", line, s.Sessions)
		if s.Reason != "" {
			fmt.Fprintf(w, "    %s\n", s.Reason)
		}
		if s.Certificate != nil {
			fmt.Fprintf(w, "    certificate: %s\n", certificateLine(s.Certificate))
		}
	}
}
