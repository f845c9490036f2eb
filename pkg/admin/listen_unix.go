//go:build unix

package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	removeStale(filepath.Dir(path))
	dir, err := os.MkdirTemp(filepath.Dir(path), stalePrefix)
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w; make %s a folder in which this user may write, or set ftpHost/admin/@socket", err, filepath.Dir(path))
	}
	defer func() { _ = os.RemoveAll(dir) }() // empty by then
	beside := filepath.Join(dir, besideName)
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
	var info fs.FileInfo
	if err == nil {
		info, err = os.Lstat(beside)
	}
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the admin socket: %w", err), l.Close())
	}
	return &removed{l, path, info}, nil
}

const (
	// stalePrefix and digits name the folder in which a socket is made.
	stalePrefix = ".ftphost-"
	besideName  = "s"
	// staleAge is how old such a folder is when its server was killed.
	staleAge = time.Minute
)

// removeStale removes what servers have left in dir that were killed while they
// made their socket. What cannot be removed harms nobody.
func removeStale(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		digits, ours := strings.CutPrefix(e.Name(), stalePrefix)
		if !ours || !e.IsDir() || digits == "" || strings.Trim(digits, "0123456789") != "" {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAge {
			_ = os.Remove(filepath.Join(dir, e.Name(), besideName))
			_ = os.Remove(filepath.Join(dir, e.Name())) // not what has anything else in it
		}
	}
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
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("somebody may be at the admin socket: %w; stop that server, or remove %s if there is none", err, path)
	}
	_ = conn.Close() // somebody was there
	return taken(path)
}

// removed takes its socket away when it is closed, unless another one is in its
// place by then.
type removed struct {
	net.Listener
	path string
	info fs.FileInfo
}

func (l *removed) Close() error {
	var err error
	if now, gone := os.Lstat(l.path); gone == nil && os.SameFile(now, l.info) {
		err = os.Remove(l.path)
	}
	return errors.Join(l.Listener.Close(), err)
}
