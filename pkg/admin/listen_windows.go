package admin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// listen opens a socket in the place of one that nobody answers at. The rights
// of its folder say who can use it.
func listen(path string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close() // somebody was there
		return nil, taken(path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket: %w", err)
	}
	return l, nil
}
