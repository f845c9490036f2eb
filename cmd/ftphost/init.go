package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/sample"
)

func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "init DIR",
		Short:   "Create a complete, runnable home",
		Long:    "init creates DIR with a sample configuration, content, and four accounts in two groups.\nThe passwords are made up and shown once. A home that exists already is left alone.",
		Example: "  ftphost init ./demo",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return initHome(cmd.OutOrStdout(), args[0])
		},
	}
}

// Members of the sample's groups.
type sampleGroup struct {
	name  string
	users []string
}

func sampleGroups() []sampleGroup {
	return []sampleGroup{
		{"FTPUsersA", []string{"user1", "user2"}},
		{"FTPUsersB", []string{"user3", "user4"}},
	}
}

// sampleContent is what the sample's site serves, by path below the home.
func sampleContent() map[string]string {
	const root = "drives/c/sites/ftpsite01.com"
	return map[string]string{
		root + "/test.txt":     "This is test.txt. user3 may not read it, the other users may.\r\n",
		root + "/computer.txt": "This is computer.txt. Everybody may read it.\r\n",
	}
}

func initHome(out io.Writer, dir string) error {
	home := compile.NewHome(dir)
	if _, err := os.Stat(home.Config); err == nil {
		return fmt.Errorf("%s exists already; choose another folder or remove it", home.Config)
	}
	if err := os.MkdirAll(filepath.Join(dir, "drives", "c", "inetpub", "logs", "LogFiles"), 0o750); err != nil {
		return err
	}
	for name, text := range sampleContent() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // content is for everybody
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // content is for everybody
			return err
		}
	}
	if err := xmldoc.WriteFile(home.Own(), sample.FTPHost, 0o644); err != nil {
		return err
	}
	if err := sampleAccounts(out, home); err != nil {
		return err
	}
	// Last, because a home counts as made when this file is there.
	if err := xmldoc.WriteFile(home.Config, sample.ApplicationHost, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nCreated %s. Next:\n    ftphost serve --home %s --port-offset 2100\n    curl ftp://localhost:2121/\n", home.Config, dir)
	return nil
}

// sampleAccounts creates the sample's users and groups and shows the
// passwords, once.
func sampleAccounts(out io.Writer, home compile.Home) error {
	file := accounts.Open(home.Accounts())
	fmt.Fprintln(out, "User     Password              Group        (shown once)")
	for _, g := range sampleGroups() {
		if err := file.AddGroup(g.name); err != nil {
			return err
		}
		for _, user := range g.users {
			password, err := accounts.GeneratePassword()
			if err != nil {
				return err
			}
			if err := file.AddUser(user, password, g.name); err != nil {
				return err
			}
			fmt.Fprintf(out, "%-8s %-21s %s\n", user, password, g.name)
		}
	}
	return nil
}
