package socket

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls here never wait, so they are made without telling the scheduler.
// When a call takes more than 20 µs, as sending over loopback does, it would
// take the processor away from this thread, and getting one back costs more
// than the call.

// send writes what fits into the socket's buffer, or fails with EAGAIN.
func send(fd int, b []byte) (int, error) { return raw(unix.SYS_SENDTO, fd, b, unix.MSG_NOSIGNAL) }

// receive reads what is there, or fails with EAGAIN.
func receive(fd int, b []byte, flags uintptr) (int, error) {
	return raw(unix.SYS_RECVFROM, fd, b, flags)
}

func raw(call uintptr, fd int, b []byte, flags uintptr) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(call, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// closeSocket closes a socket; none of ours lingers.
func closeSocket(fd int) error {
	if _, _, errno := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
