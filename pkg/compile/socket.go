package compile

import (
	"path/filepath"
	"runtime"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// SocketName is the admin socket in its folder.
const SocketName = "ftphost.sock"

// runFolder is where systemd puts what a service has only while it runs.
const runFolder = "/run/ftphost"

// Folder names the folder of a home in the same way, whoever asks.
func (h Home) Folder() string {
	dir := h.Dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// Sockets are the places where the running host of a home may be asked, the
// likeliest first.
func (h Home) Sockets() []string {
	var sockets []string
	if own := h.configuredSocket(); own != "" {
		sockets = append(sockets, own)
	}
	// A server that was started before that was written is at the usual place.
	sockets = append(sockets, filepath.Join(h.Folder(), SocketName))
	if runtime.GOOS != "windows" {
		sockets = append(sockets, filepath.Join(runFolder, SocketName))
	}
	return sockets
}

// configuredSocket is ftpHost/admin/@socket, "" for none. It is found although
// the rest of the configuration has errors: that is when people ask.
func (h Home) configuredSocket() string {
	for _, load := range []func() (*apphost.Configuration, apphost.ErrorList){h.LoadOwn, h.Load} {
		if cfg, _ := load(); cfg != nil {
			if socket := AdminSocket(cfg, h); socket != "" {
				return socket
			}
		}
	}
	return ""
}
