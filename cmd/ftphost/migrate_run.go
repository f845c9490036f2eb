package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/migrate"
)

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
			plan, err := common.plan(cmd.Context(), "run", args)
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
