//go:build !unix

package ftp

import (
	"io"
	"syscall"
)

// rawConn returns nil: here a reader keeps its buffer while it waits.
func rawConn(io.Reader) syscall.RawConn { return nil }

// readRaw is never called, as there is no raw connection.
func (r *Reader) readRaw() (int, error) { return r.r.Read(r.buf[r.end:]) }
