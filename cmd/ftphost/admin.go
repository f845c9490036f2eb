package main

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/compile"
)

// serverSocket is where a host of a home listens, when its configuration does
// not say that. Systemd tells the folder it made for the service.
func serverSocket(home compile.Home) string {
	// There may be several folders, with colons between them.
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, compile.SocketName)
	}
	return filepath.Join(home.Folder(), compile.SocketName)
}

// client talks to the running host of a home.
func (h *homeFlags) client() *api.Client {
	home := h.home()
	return api.NewClient(home.Folder(), home.Sockets()...)
}

// newAdminCommand makes keys for the interface over the network.
func newAdminCommand(home *homeFlags) *cobra.Command {
	return group("admin", "Keys for looking at a running server over the network", &cobra.Command{
		Use:     "key NAME",
		Short:   "Make a key and print the line of ftphost.config that lets it in",
		Long:    "key prints a new key, alone, on standard output: it is shown this once. The line of\nftphost.config that lets it in has only a hash of it and goes to standard error. Whoever has\na key may do all that these commands do.",
		Example: "  ftphost admin key monitoring",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			key := rand.Text() + rand.Text()
			if args[0] == "" {
				return usageError{errors.New("admin key: say whose key it is to be")}
			}
			var name strings.Builder
			if err := xml.EscapeText(&name, []byte(args[0])); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), key)
			fmt.Fprintf(cmd.ErrOrStderr(), "Put this into <keys> of <admin> of <ftpHost> in %s:\n<add name=\"%s\" hash=\"%s\" />\n", home.home().Own(), &name, admin.HashKey(key))
			return nil
		},
	})
}
