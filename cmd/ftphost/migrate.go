package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/migrate"
)

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
func (f *migrateFlags) plan(verb string, files []string) (*migrate.Plan, error) {
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
	return migrate.MakePlan(s)
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
			plan, err := common.plan("assess", args)
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

func newMigrateRunCommand(home *homeFlags) *cobra.Command {
	var common migrateFlags
	var options migrate.Options
	var passwords string
	cmd := &cobra.Command{
		Use:   "run FILE...",
		Short: "Build a home from the files of a Windows server",
		Long: "run builds the home that --home names: applicationHost.config as it is, byte for byte,\n" +
			"ftphost.config with the map of paths, accounts and groups, IIS Manager users, certificates and\n" +
			"folders. A second run changes nothing more, and a home with another configuration is left\n" +
			"alone. Accounts are made disabled, since Windows gives no password away; with --passwords they\n" +
			"get passwords that are made up, written once into a new file or, for -, to standard output.\n\n" + migrateFiles,
		Example: "  ftphost migrate run ./from-windows --home ./new --dry-run\n  ftphost migrate run ./from-windows --home /etc/ftphost --content /srv/ftp --passwords ./passwords.csv",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if home.config != "" {
				return usageError{errors.New("migrate run: name the folder with --home; its file is called " + compile.ConfigFile)}
			}
			plan, err := common.plan("run", args)
			if err != nil {
				return err
			}
			options.Home, options.Passwords = home.Dir(), passwords != ""
			return runMigration(cmd, plan, options, passwords)
		},
	}
	common.add(cmd)
	cmd.Flags().BoolVar(&options.DryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().StringVar(&passwords, "passwords", "", "make up passwords for enabled accounts and write them into this new file, or - for standard output")
	return cmd
}

// runMigration builds the home and says what is left to do. The file for the
// passwords is made first, so that none is lost for want of it.
func runMigration(cmd *cobra.Command, plan *migrate.Plan, o migrate.Options, file string) error {
	out := cmd.OutOrStdout()
	if file != "" && file != "-" && !o.DryRun {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("the file for the passwords: %w", err)
		}
		defer f.Close()
		out = f
	}
	made, err := plan.Run(o, cmd.ErrOrStderr())
	if len(made) > 0 {
		err = errors.Join(err, migrate.WritePasswords(out, made))
	} else if out != cmd.OutOrStdout() {
		err = errors.Join(err, os.Remove(file))
	}
	if f, ok := out.(*os.File); ok && out != cmd.OutOrStdout() && len(made) > 0 {
		err = errors.Join(err, f.Sync())
	}
	if err != nil || o.DryRun {
		return err
	}
	if err := durable.SyncDir(o.Home); err != nil {
		return err
	}
	return nextAfterMigration(cmd, o)
}

// nextAfterMigration checks the new home.
func nextAfterMigration(cmd *cobra.Command, o migrate.Options) error {
	problems, sites := compile.Check(compile.NewHome(o.Home))
	printProblems(cmd.ErrOrStderr(), problems)
	if n := problems.Errors(); n > 0 {
		return fmt.Errorf("the home is built, and %d of %d findings in it are errors; correct them there, and try: ftphost check --home %s", n, len(problems), o.Home)
	}
	return say(cmd, "The home is ready; ftp sites: %d, warnings: %d. Next:\n    ftphost serve --home %s\nor, beside another server, on other ports: --port-offset 2100", sites, len(problems), o.Home)
}
