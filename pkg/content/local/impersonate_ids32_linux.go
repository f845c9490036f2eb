//go:build 386 || arm

package local

import "golang.org/x/sys/unix"

// The calls whose ids have 32 bits, beside older ones with 16.
const (
	sysSetresuid = unix.SYS_SETRESUID32
	sysSetresgid = unix.SYS_SETRESGID32
)
