package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/replay"
)

func newMigrateReplayCommand(home *homeFlags) *cobra.Command {
	var logs []string
	var options replay.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay --log FILE...",
		Short: "Find in old logs what would be decided differently now",
		Long: "replay reads logs of the FTP service of IIS, also those that are packed by gzip, and asks\n" +
			"of every login and command whether the configuration and the accounts here decide it in\n" +
			"the same way: address, login, request filter, authorization, commands, isolation and TLS.\n" +
			"Passwords are taken to be right, and the files of the sites are not looked at, but for\n" +
			"homes. What differs is counted by its reason, with the line of the configuration that\n" +
			"decides. Nothing is changed. Exit status 1 means that something differs.",
		Example: "  ftphost migrate replay --home /etc/ftphost --log ./LogFiles/FTPSVC2\n" +
			"  ftphost migrate replay --site ftpsite01.com --computer WEB01 --log u_ex231229.log u_ex231230.log.gz --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			names := slices.Concat(logs, args)
			if len(names) == 0 {
				return usageError{errors.New("migrate replay: which logs? --log FILE or folder")}
			}
			files, err := replay.Files(names)
			if err != nil {
				return err
			}
			sites, err := openSites(cmd, home)
			if err != nil {
				return err
			}
			report, err := replay.Run(cmd.Context(), sites, options, files)
			if report == nil {
				return err
			}
			if asJSON {
				err = errors.Join(err, json.NewEncoder(cmd.OutOrStdout()).Encode(report))
			} else {
				err = errors.Join(err, printReplay(cmd.OutOrStdout(), report))
			}
			switch {
			case err != nil:
				return err
			case report.Differ > 0:
				return fmt.Errorf("%d of %d decisions differ", report.Differ, report.Compared)
			case report.Compared == 0:
				return errors.New("the logs have nothing that could be compared")
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&logs, "log", nil, "a log, or a folder with logs of sites (FTPSVC1, ...); may be given more than once")
	flags.StringVar(&options.Site, "site", "", "site of all lines, where neither the folder nor s-sitename says it")
	flags.StringVar(&options.Computer, "computer", "", "name of the old computer: its accounts are the local ones here")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// printReplay writes a report for people.
func printReplay(w io.Writer, report *replay.Report) error {
	var b strings.Builder
	printDecisions(&b, "Refused now, allowed then:", report.RefusedNow)
	printDecisions(&b, "Allowed now, refused then:", report.AllowedNow)
	if report.Ungrouped > 0 {
		fmt.Fprintf(&b, "and %d more for other reasons\n\n", report.Ungrouped)
	}
	if len(report.NotCompared) > 0 {
		b.WriteString("Not compared:\n")
		for _, r := range report.NotCompared {
			fmt.Fprintf(&b, "%9d  %s (%s)\n", r.Lines, r.Why, r.Example)
		}
		b.WriteString("\n")
	}
	for _, note := range report.Notes {
		fmt.Fprintf(&b, "Note: %s\n", note)
	}
	if report.MoreNotes > 0 {
		fmt.Fprintf(&b, "Note: and %d more\n", report.MoreNotes)
	}
	fmt.Fprintf(&b, "Files: %d, lines: %d, decisions compared: %d, different: %d.\n", report.Files, report.Lines, report.Compared, report.Differ)
	_, err := io.WriteString(w, b.String())
	return err
}

func printDecisions(b *strings.Builder, title string, groups []*replay.Group) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintln(b, title)
	const indent = "           "
	for _, g := range groups {
		fmt.Fprintf(b, "%9d  %s, %s: %s\n", g.Count, g.Site, g.Step, g.Text)
		if g.Origin != "" && g.Origin != "default" {
			fmt.Fprintf(b, "%sby %s\n", indent, g.Origin)
		}
		fmt.Fprintf(b, "%sfirst %s: %s\n", indent, g.Example, g.Then)
		for _, s := range []struct {
			name   string
			values replay.Sample
		}{{"users", g.Users}, {"commands", g.Verbs}, {"paths", g.Paths}} {
			if len(s.values.First) > 0 {
				fmt.Fprintf(b, "%s%s: %s\n", indent, s.name, s.values)
			}
		}
	}
	fmt.Fprintln(b)
}
