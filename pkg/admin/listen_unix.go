//go:build unix

package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/ftphost/ftphost/pkg/admin/api"
)

// listen opens a socket that only its owner can use, in the place of one that
// nobody answers at.
func listen(path string) (net.Listener, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	// It is made where nobody else looks, so that it is never open to others,
	// not even for a moment.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".ftphost-")
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // empty by then
	beside := filepath.Join(dir, "s")
	short, release, err := api.ShortPath(beside)
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	l, err := net.Listen("unix", short)
	release()
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	err = os.Chmod(beside, 0o600)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the admin socket: %w", err), l.Close())
	}
	return &removed{l, path}, nil
}

// vacant makes sure that nobody answers at the socket.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("opening the admin socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is in the place of the admin socket and is none; move it away", path)
	}
	short, release, err := api.ShortPath(path)
	if err != nil {
		return fmt.Errorf("opening the admin socket: %w", err)
	}
	defer release()
	conn, err := net.DialTimeout("unix", short, time.Second)
	if err != nil {
		return nil
	}
	_ = conn.Close() // somebody was there
	return taken(path)
}

// removed takes its socket away when it is closed.
type removed struct {
	net.Listener
	path string
}

func (l *removed) Close() error {
	err := os.Remove(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(l.Listener.Close(), err)
}
