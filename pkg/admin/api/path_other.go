//go:build !linux

package api

import "fmt"

// maxSocketPath is how long the path of a socket may be.
const maxSocketPath = 103

// ShortPath is the path itself: this system has no other way to a socket.
func ShortPath(path string) (short string, release func(), err error) {
	if len(path) > maxSocketPath {
		return "", nil, fmt.Errorf("%s is longer than the %d bytes that the path of a socket may have; set ftpHost/admin/@socket to a shorter one", path, maxSocketPath)
	}
	return path, func() {}, nil
}
