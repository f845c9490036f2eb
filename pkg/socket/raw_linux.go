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
func send(fd int, b []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// unread reports whether bytes have come that nobody has read.
func unread(fd int) bool {
	var b [1]byte
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b)), 1, unix.MSG_DONTWAIT|unix.MSG_PEEK, 0, 0)
	return errno == 0 && n == 1
}

// waiting reports whether there is something to read, or at a listener to
// accept. accept4 would say so too, at eight times the price: it makes the
// connection before it looks. What cannot be told is left to the call itself.
func waiting(fd int) bool {
	ask := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN} //nolint:gosec // a descriptor is an int32
	var now unix.Timespec
	n, _, errno := syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&ask)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return n != 0 || errno != 0
}

// closeSocket closes a socket; none of ours lingers.
func closeSocket(fd int) error {
	if _, _, errno := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
