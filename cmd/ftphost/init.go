package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/sample"
)

func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Create a complete, runnable home",
		Long: "init creates DIR with a sample configuration of two sites, content, a certificate for each\n" +
			"site, and four accounts in two groups. The passwords are made up and shown once. A home\n" +
			"that exists already is left alone.",
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

// sampleSites are the names of the sample's sites.
func sampleSites() []string { return []string{"ftpsite01.com", "ftpsite02.com"} }

// sampleContent is what the sample's sites serve, by path below the home.
func sampleContent() map[string]string {
	const sites = "drives/c/sites/"
	return map[string]string{
		sites + "ftpsite01.com/test.txt":     "This is test.txt. user3 may not read it, the other users may.\r\n",
		sites + "ftpsite01.com/computer.txt": "This is computer.txt. Everybody may read it.\r\n",

		sites + "ftpsite01.com/_private/private.txt": "This is private.txt. Nobody gets it by FTP, or sees its folder: _private is a hidden segment.\r\n",

		sites + "ftpsite02.com/LocalUser/user1/welcome.txt": "This is welcome.txt in the home of user1. Nobody else can come here.\r\n",
		sites + "ftpsite02.com/LocalUser/user2/welcome.txt": "This is welcome.txt in the home of user2. Nobody else can come here.\r\n",
	}
}

func initHome(out io.Writer, dir string) error {
	home := compile.NewHome(dir)
	if _, err := os.Stat(home.Config); err == nil {
		return fmt.Errorf("%s exists already; choose another folder or remove it", home.Config)
	}
	if _, err := os.Stat(home.Accounts()); err == nil {
		return fmt.Errorf("%s exists already, and %s does not: remove it if it was left by an init that did not end, otherwise choose another folder", home.Accounts(), filepath.Base(home.Config))
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
	if err := durable.WriteFile(home.Own(), sample.FTPHost, 0o644); err != nil {
		return err
	}
	config, err := sampleCertificates(home)
	if err != nil {
		return err
	}
	if err := sampleAccounts(out, home); err != nil {
		return err
	}
	// Last, because a home counts as made when this file is there.
	if err := durable.WriteFile(home.Config, config, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, nextSteps, home.Config, dir)
	return nil
}

// nextSteps is what a newcomer reads, with the configuration and its folder.
const nextSteps = `
Created %s. Next:
    ftphost serve --home %s --port-offset 2100
and in another terminal, from the plainest to the safest:
    curl ftp://localhost:2121/
    curl --ssl-reqd -k ftp://localhost:2121/
    curl -k --user user1 ftps://localhost:3090/
The last one reaches ftpsite02.com and asks for the password above. -k is there
because the certificates are self-signed: they encrypt, but no client can tell
whose they are.
`

// sampleCertificates makes a certificate for each site of the sample, and
// returns the configuration that names them.
func sampleCertificates(home compile.Home) ([]byte, error) {
	config := sample.ApplicationHost
	stores := cert.Open(home.Certificates())
	for _, site := range sampleSites() {
		made, err := stores.Create(cert.Request{
			Store: defaultStore, Names: []string{site, "localhost"}, Days: sampleDays, Key: cert.ECDSA,
		}, time.Now())
		if err != nil {
			return nil, err
		}
		const hash = `serverCertHash="%s"`
		config = bytes.ReplaceAll(config, fmt.Appendf(nil, hash, site), fmt.Appendf(nil, hash, made.Thumbprint))
	}
	return config, nil
}

// sampleDays is how long the certificates of the sample are valid.
const sampleDays = 365

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
