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
)

// maxSocketPath is how long the path of a socket may be on every system.
const maxSocketPath = 103

// listen opens a socket that only its owner can use, in the place of one that
// nobody answers at.
func listen(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path of the admin socket, %s, is longer than the %d bytes that systems take; set ftpHost/admin/@socket to a shorter one", path, maxSocketPath)
	}
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
	l, err := net.Listen("unix", beside)
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
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil
	}
	_ = conn.Close() // somebody was there
	return fmt.Errorf("another ftphost serves this home: it answers at %s; stop it first, or give this one a home of its own", path)
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
