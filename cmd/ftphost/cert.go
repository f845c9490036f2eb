package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
)

// defaultStore is where Windows and IIS look first.
const defaultStore = "MY"

func newCertCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Make, import and list certificates",
		Long: "cert changes the certificates in HOME/" + compile.CertificatesDir + "/STORE, which serverCertHash names by\n" +
			"thumbprint. new and import print the thumbprint alone, for scripts.",
		Example: "  ftphost cert new --dns ftp.example.com\n  ftphost cert list",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCertNewCommand(home), newCertImportCommand(home),
		newCertListCommand(home), newCertShowCommand(home), newCertRemoveCommand(home))
	return cmd
}

func certStores(home *homeFlags) *cert.Stores {
	return cert.Open(home.home().Certificates())
}

func newCertNewCommand(home *homeFlags) *cobra.Command {
	var request cert.Request
	var key string
	cmd := &cobra.Command{
		Use:   "new --dns NAME...",
		Short: "Make a certificate that is its own issuer",
		Long: "new makes a certificate that is its own issuer, with its key, in a file named after the\n" +
			"first name. Clients that check certificates must be told to trust it.",
		Example: "  ftphost cert new --dns ftp.example.com\n  ftphost cert new --dns ftp.example.com --dns 192.0.2.7 --days 90 --key rsa",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(request.Names) == 0 {
				return usageError{errors.New("cert new: say which names the certificate is for, with --dns NAME")}
			}
			request.Key = cert.KeyKind(strings.ToLower(key))
			if request.Key != cert.ECDSA && request.Key != cert.RSA {
				return usageError{fmt.Errorf("cert new: there is no kind of key %q; choose %s or %s", key, cert.ECDSA, cert.RSA)}
			}
			c, err := certStores(home).Create(request, time.Now())
			if err != nil {
				return err
			}
			return printThumbprint(cmd, c)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&request.Names, "dns", nil, "a DNS name or IP address the certificate is for; may be repeated")
	flags.StringVar(&request.Store, "store", defaultStore, "the store")
	flags.IntVar(&request.Days, "days", 365, "how long it is valid")
	flags.StringVar(&key, "key", string(cert.ECDSA), "the kind of key, ecdsa or rsa")
	return cmd
}

func newCertImportCommand(home *homeFlags) *cobra.Command {
	var store string
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Put a certificate with its key into a store",
		Long: "import reads a certificate, its key and its chain from a .pem, a .crt or .cer with a .key\n" +
			"beside it, or a .pfx or .p12, and writes them into the store as one PEM file. The password\n" +
			"of a PFX is the first line of standard input, of FILE.password, or " + cert.PFXPassword + ".",
		Example: "  ftphost cert import ftp.pem\n  pass show ftp/pfx | ftphost cert import ftp.pfx --store WebHosting --password-stdin",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var passwords []string
			if fromStdin {
				password, err := readLine(cmd.InOrStdin())
				if err != nil {
					return err
				}
				passwords = []string{password}
			}
			c, err := certStores(home).Import(store, args[0], passwords)
			if err != nil {
				return err
			}
			return printThumbprint(cmd, c)
		},
	}
	cmd.Flags().StringVar(&store, "store", defaultStore, "the store")
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password of the PFX from the first line of standard input")
	return cmd
}

// printThumbprint prints what serverCertHash wants, alone, and tells people
// the rest.
func printThumbprint(cmd *cobra.Command, c *cert.Certificate) error {
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), c.Thumbprint); err != nil {
		return err
	}
	return say(cmd, "%s is in the store %s for %s, until %s.",
		c.File, c.Store, strings.Join(c.Names(), ", "), c.TLS.Leaf.NotAfter.Format(time.DateOnly))
}

func newCertListCommand(home *homeFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the certificates of all stores",
		Example: "  ftphost cert list\n  ftphost cert list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			certs := listCertificates(cmd, home)
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(certs)
			}
			return printCertificates(cmd.OutOrStdout(), certs)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// certificateJSON is one certificate for scripts.
type certificateJSON struct {
	Store      string    `json:"store"`
	Thumbprint string    `json:"thumbprint"`
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names"`
	NotBefore  time.Time `json:"notBefore"`
	NotAfter   time.Time `json:"notAfter"`
	DaysLeft   int       `json:"daysLeft"`
	Key        bool      `json:"key"`
	Chain      int       `json:"chain"`
	File       string    `json:"file"`
}

// listCertificates returns what the stores hold, and says on stderr which
// files cannot be used.
func listCertificates(cmd *cobra.Command, home *homeFlags) []certificateJSON {
	certs, problems := certStores(home).List("")
	for _, p := range problems {
		fmt.Fprintf(cmd.ErrOrStderr(), "%v\n", p)
	}
	list := make([]certificateJSON, 0, len(certs))
	for _, c := range certs {
		leaf := c.TLS.Leaf
		list = append(list, certificateJSON{
			Store: c.Store, Thumbprint: c.Thumbprint, Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
			Names: append([]string{}, c.Names()...), NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
			DaysLeft: c.DaysLeft(time.Now()), Key: c.TLS.PrivateKey != nil, Chain: len(c.TLS.Certificate), File: c.File,
		})
	}
	return list
}

func printCertificates(w io.Writer, certs []certificateJSON) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STORE\tTHUMBPRINT\tSUBJECT\tNAMES\tUNTIL\tDAYS LEFT\tKEY\tFILE")
	for _, c := range certs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", c.Store, c.Thumbprint, c.Subject, strings.Join(c.Names, ", "),
			c.NotAfter.Format(time.DateOnly), c.DaysLeft, yesNo(c.Key), filepath.Base(c.File))
	}
	return table.Flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
