//go:build unix

package local

import "syscall"

const (
	// openFlags keep opening a pipe or a device from waiting for its other
	// end. Regular files do not know the flag.
	openFlags = syscall.O_NONBLOCK
	// openDirectory opens directories and nothing else.
	openDirectory = syscall.O_NONBLOCK | syscall.O_DIRECTORY
	// keepsOpen says that an open directory is in nobody's way.
	keepsOpen = true
)
