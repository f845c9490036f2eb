package api

import "syscall"

// refused is what a socket says that nobody listens at, WSAECONNREFUSED.
const refused = syscall.Errno(10061)
