package socket

import (
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pipeBytes is how much a splice moves at once. Systems may give less to those
// who have many pipes.
const pipeBytes = 1 << 20

// ReceiveFile moves at most n bytes from the connection to where file stands
// (splice(2)), and counts them in moved while it does. Fewer without an error
// are the end of the stream.
func (c *Conn) ReceiveFile(file *os.File, n int64, moved *atomic.Int64) (done int64, err error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return 0, os.NewSyscallError("pipe2", err)
	}
	defer func() {
		_ = unix.Close(pipe[0]) // empty
		_ = unix.Close(pipe[1])
	}()
	_, _ = unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, pipeBytes) //nolint:gosec // smaller is slower, no more
	for done < n {
		in, err := c.fillPipe(pipe[1], min(n-done, pipeBytes))
		if in == 0 || err != nil {
			return done, err
		}
		out, err := drainPipe(pipe[0], file, in)
		done += out
		moved.Add(out)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// fillPipe moves what has come into a pipe, and waits for the first byte.
func (c *Conn) fillPipe(pipe int, n int64) (in int64, err error) {
	waiting := c.do(reading, func(fd uintptr) bool {
		for err = unix.EINTR; err == unix.EINTR; { //nolint:errorlint // a system call returns it bare
			in, err = unix.Splice(int(fd), nil, pipe, nil, int(n), unix.SPLICE_F_MOVE) //nolint:gosec // a descriptor is an int
		}
		return err != unix.EAGAIN //nolint:errorlint // as above
	})
	if waiting != nil {
		return 0, waiting
	}
	return max(in, 0), os.NewSyscallError("splice", err)
}

// drainPipe moves all of the n bytes in a pipe to a file.
func drainPipe(pipe int, file *os.File, n int64) (out int64, err error) {
	for out < n {
		k, err := unix.Splice(pipe, nil, int(file.Fd()), nil, int(n-out), unix.SPLICE_F_MOVE) //nolint:gosec // a descriptor is an int
		switch {
		case err == unix.EINTR: //nolint:errorlint // a system call returns it bare
		case err == unix.EINVAL: //nolint:errorlint // as above
			k, err := copyPipe(pipe, file, n-out) // this file system cannot
			return out + k, err
		case err != nil:
			return out, os.NewSyscallError("splice", err)
		default:
			out += k
		}
	}
	return out, nil
}

// copyPipe is drainPipe through a buffer.
func copyPipe(pipe int, file *os.File, n int64) (out int64, err error) {
	b := make([]byte, min(n, 64<<10))
	for out < n {
		in, err := again(unix.Read, pipe, b[:min(n-out, int64(len(b)))])
		if err != nil {
			return out, os.NewSyscallError("read", err)
		}
		k, err := file.Write(b[:in])
		out += int64(k)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}
