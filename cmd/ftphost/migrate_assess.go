package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/migrate"
)

// migrateFlags are what assess and run have in common.
type migrateFlags struct {
	content         string
	maps, variables []string
	users, pfx      []string
}

const migrateFiles = "FILE is one of these files or a folder with them; what a file is, its content and name\n" +
	"say. Lists of accounts are .csv (Export-Csv) or .txt (net user). The password of a PFX file is in\n" +
	"the first line of FILE.password, or in FTPHOST_PFX_PASSWORD."

func (f *migrateFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.content, "content", "", "folder with the copied content: c for C:\\, d for D:\\, unc/server/share for a share")
	flags.StringArrayVar(&f.maps, "map", nil, `where a drive, folder or share is, as 'D:\=/srv/ftp'; may be repeated`)
	flags.StringArrayVar(&f.variables, "variable", nil, "the value of a variable of the Windows server, as NAME=VALUE; may be repeated")
	flags.StringArrayVar(&f.users, "users", nil, "a list of accounts or of members of groups, or a folder of those; may be repeated")
	flags.StringArrayVar(&f.pfx, "pfx", nil, "a certificate, or a folder with certificates; may be repeated")
}

// plan reads everything.
func (f *migrateFlags) plan(ctx context.Context, verb string, files []string) (*migrate.Plan, error) {
	s := migrate.Settings{Content: f.content, Variables: map[string]string{}}
	for _, list := range [][]string{files, f.users, f.pfx} {
		s.Files = append(s.Files, list...)
	}
	for _, m := range f.maps {
		from, to, ok := strings.Cut(m, "=")
		if _, _, windows := compile.WindowsPath(from); !ok || to == "" || !windows {
			return nil, usageError{fmt.Errorf(`migrate %s: --map %s is not like 'D:\=/srv/ftp' or '\\server\share=/mnt/share'`, verb, m)}
		}
		s.Maps = append(s.Maps, [2]string{from, to})
	}
	for _, v := range f.variables {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("migrate %s: --variable %s is not like NAME=VALUE", verb, v)}
		}
		s.Variables[strings.Trim(name, "%")] = value
	}
	return migrate.MakePlan(ctx, s)
}

func newMigrateAssessCommand() *cobra.Command {
	var common migrateFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "assess FILE...",
		Short: "Say what carries over, what needs a decision, and what does not work here",
		Long: "assess reads what was copied from a Windows server, changes nothing, and tells for each\n" +
			"finding what IIS did, what ftphost does, and the edit that silences it. Exit status 1 means\n" +
			"that something blocks.\n\n" + migrateFiles,
		Example: "  ftphost migrate assess ./from-windows\n  ftphost migrate assess applicationHost.config --users users.csv --pfx ./pfx --content /srv/ftp --json",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := common.plan(cmd.Context(), "assess", args)
			if err != nil {
				return err
			}
			if err := printAssessment(cmd.OutOrStdout(), &plan.Report, asJSON); err != nil {
				return err
			}
			if n := plan.Report.Count(migrate.Blocks); n > 0 {
				return fmt.Errorf("%d of %d findings block", n, len(plan.Report.Findings))
			}
			return say(cmd, "Nothing blocks. Next: ftphost migrate run with the same files, and --home FOLDER.")
		},
	}
	common.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printAssessment(w io.Writer, r *migrate.Report, asJSON bool) error {
	if asJSON {
		return r.JSON(w)
	}
	return r.Print(w)
}
