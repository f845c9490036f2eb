package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/compile"
)

// socketName is the admin socket in its folder.
const socketName = "ftphost.sock"

// runFolder is where systemd puts what a service has only while it runs.
const runFolder = "/run/ftphost"

// serverSocket is where a host of a home listens, when its configuration does
// not say that. Systemd tells the folder it made for the service.
func serverSocket(home compile.Home) string {
	if dir := os.Getenv("RUNTIME_DIRECTORY"); filepath.IsAbs(dir) {
		return filepath.Join(dir, socketName)
	}
	return filepath.Join(homeFolder(home), socketName)
}

// homeFolder names the folder of a home in the same way, whoever asks.
func homeFolder(home compile.Home) string {
	dir := home.Dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// client talks to the running host of a home.
func (h *homeFlags) client() *api.Client {
	home := h.home()
	sockets := []string{filepath.Join(homeFolder(home), socketName)}
	if runtime.GOOS != "windows" {
		sockets = append(sockets, filepath.Join(runFolder, socketName))
	}
	if own := configuredSocket(home); own != "" {
		sockets = []string{own}
	}
	return api.NewClient(homeFolder(home), sockets...)
}

// configuredSocket is ftpHost/admin/@socket. A configuration with errors has
// none: the host that runs has the one before.
func configuredSocket(home compile.Home) string {
	cfg, _ := home.Load()
	if cfg == nil {
		return ""
	}
	return compile.AdminSocket(cfg, home)
}

// newAdminCommand makes keys for the interface over the network.
func newAdminCommand(home *homeFlags) *cobra.Command {
	return group("admin", "Keys for looking at a running server over the network", &cobra.Command{
		Use:     "key NAME",
		Short:   "Make a key and print the line of ftphost.config that lets it in",
		Long:    "key prints a new key, alone, on standard output. The line of ftphost.config that lets it\nin has only a hash of it and goes to standard error: put it into ftpHost/admin/keys.",
		Example: "  ftphost admin key monitoring",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			key := rand.Text() + rand.Text()
			fmt.Fprintln(cmd.OutOrStdout(), key)
			fmt.Fprintf(cmd.ErrOrStderr(), "In %s, in <admin> of <ftpHost>:\n    <keys>\n        <add name=%q hash=%q />\n    </keys>\n", home.home().Own(), args[0], admin.HashKey(key))
			return nil
		},
	})
}
