package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

func newCertShowCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show THUMBPRINT|NAME",
		Short:   "Show a certificate, by its thumbprint or a name it is for",
		Example: "  ftphost cert show ftp.example.com\n  ftphost cert show 57686f6120447564652c2049495320526f636b73 --json",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			thumbprint, _, err := cert.ParseThumbprint(args[0])
			all := listCertificates(cmd, home)
			certs := slices.DeleteFunc(all, func(c certificateJSON) bool {
				named := func(n string) bool { return strings.EqualFold(n, args[0]) }
				return (err != nil || c.Thumbprint != thumbprint) && !slices.ContainsFunc(c.Names, named)
			})
			if len(certs) == 0 {
				return fmt.Errorf("there is no certificate with the thumbprint or name %q; ftphost cert list shows what there is", args[0])
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(certs)
			}
			return showCertificates(cmd.OutOrStdout(), certs)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func showCertificates(w io.Writer, certs []certificateJSON) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, c := range certs {
		if i > 0 {
			fmt.Fprintln(table)
		}
		for _, line := range [][2]string{
			{"Thumbprint", c.Thumbprint},
			{"Store", c.Store},
			{"File", c.File},
			{"Subject", c.Subject},
			{"Issuer", c.Issuer},
			{"Names", strings.Join(c.Names, ", ")},
			{"Valid from", c.NotBefore.Format(time.RFC3339)},
			{"Valid until", fmt.Sprintf("%s (days left: %d)", c.NotAfter.Format(time.RFC3339), c.DaysLeft)},
			{"Private key", yesNo(c.Key)},
			{"Chain", fmt.Sprintf("certificates sent: %d", c.Chain)},
		} {
			fmt.Fprintf(table, "%s:\t%s\n", line[0], line[1])
		}
	}
	return table.Flush()
}

func newCertRemoveCommand(home *homeFlags) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "remove THUMBPRINT",
		Short: "Remove a certificate and its key",
		Long: "remove deletes the files of a certificate, in all stores. One that the configuration refers\n" +
			"to is kept unless --force is given. A running server keeps what it uses until it ends.",
		Example: "  ftphost cert remove 57686f6120447564652c2049495320526f636b73",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			thumbprint, _, err := cert.ParseThumbprint(args[0])
			if err != nil {
				return err
			}
			if !force {
				if err := unreferenced(home.home().Config, thumbprint); err != nil {
					return err
				}
			}
			removed, err := certStores(home).Remove(thumbprint)
			for _, c := range removed {
				if err := say(cmd, "%s was removed from the store %s.", c.File, c.Store); err != nil {
					return err
				}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove it even though the configuration refers to it")
	return cmd
}

// unreferenced refuses when a serverCertHash of the configuration, however it
// is spelled, is the thumbprint. A configuration that is missing refers to
// nothing.
func unreferenced(config, thumbprint string) error {
	data, err := os.ReadFile(config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	doc, err := xmldoc.Parse(config, data)
	if err != nil {
		return fmt.Errorf("cannot tell whether the configuration refers to it (--force removes it nevertheless): %w", err)
	}
	for _, e := range doc.Root().FindElements("//ssl[@serverCertHash]") {
		if used, _, err := cert.ParseThumbprint(e.SelectAttrValue("serverCertHash", "")); err == nil && used == thumbprint {
			return fmt.Errorf("%v: the certificate %s is in use here; name another one first, or remove it with --force", doc.AttrPos(e, "serverCertHash"), thumbprint)
		}
	}
	return nil
}
