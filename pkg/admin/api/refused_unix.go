//go:build unix

package api

import "syscall"

// refused is what a socket says that nobody listens at.
const refused = syscall.ECONNREFUSED
