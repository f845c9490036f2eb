//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// limitWord starts this program as one of the physical limits: a process
// that does only what the kernel needs, on raw blocking descriptors.
//
//	bench limit sendfile|splice|accept|hold|ftp|tls-accept|tls-send|tls-receive PORT FILE PEM
const limitWord = "limit"

// runLimit serves until it is killed.
func runLimit(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%s needs a kind, a port, a file and a certificate", limitWord)
	}
	port, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if err := openFiles(); err != nil {
		return err
	}
	limits, err := tlsLimits(args[3])
	if err != nil {
		return err
	}
	serve := map[string]func(conn int, file string) error{
		"sendfile": limitSendfile, "splice": limitSplice, "accept": limitBanner, "hold": (&holder{}).keep, "ftp": limitFTP,
	}[args[0]]
	if serve == nil {
		serve = limits[args[0]]
	}
	if serve == nil {
		return fmt.Errorf("no limit is called %q", args[0])
	}
	l, err := listenRaw(port)
	if err != nil {
		return err
	}
	for {
		conn, _, err := syscall.Accept4(l, syscall.SOCK_CLOEXEC)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if err := serve(conn, args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err) // the client left early, as the look whether we listen does
		}
	}
}

func listenRaw(port int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	sa := &syscall.SockaddrInet4{Port: port, Addr: [4]byte(net.IPv4(127, 0, 0, 1).To4())}
	if err := syscall.Bind(fd, sa); err != nil {
		return 0, err
	}
	return fd, syscall.Listen(fd, 4096)
}

const limitBannerText = "220 ready\r\n"

func limitBanner(conn int, _ string) error {
	defer syscall.Close(conn)
	_, err := syscall.Write(conn, []byte(limitBannerText))
	return err
}

// holder greets and keeps connections. When the oldest has been left by its
// client, it closes all: a client that wants them gone connects once more.
type holder struct{ conns []int }

func (h *holder) keep(conn int, _ string) error {
	if len(h.conns) > 0 {
		var b [1]byte
		if n, _, err := syscall.Recvfrom(h.conns[0], b[:], syscall.MSG_DONTWAIT); n == 0 && err == nil || errors.Is(err, syscall.ECONNRESET) {
			for _, c := range h.conns {
				syscall.Close(c)
			}
			h.conns = h.conns[:0]
		}
	}
	h.conns = append(h.conns, conn)
	_, err := syscall.Write(conn, []byte(limitBannerText))
	return err
}

// limitSendfile sends the whole file.
func limitSendfile(conn int, file string) error {
	defer syscall.Close(conn)
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c := &wire{fd: conn}
	return c.sendFile(int(f.Fd()), info.Size())
}

// limitPipe is the largest pipe an ordinary process may have.
const limitPipe = 1 << 20

// fSetPipeSize is F_SETPIPE_SZ, which package syscall does not name.
const fSetPipeSize = 1031

// limitSplice receives into a file through a pipe.
func limitSplice(conn int, file string) error {
	defer syscall.Close(conn)
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return err
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(pipe[1]), fSetPipeSize, limitPipe)
	for {
		n, err := splice(conn, pipe[1], limitPipe)
		if n == 0 || err != nil {
			return err
		}
		for n > 0 {
			m, err := splice(pipe[0], int(f.Fd()), n)
			if err != nil {
				return err
			}
			n -= m
		}
	}
}

func splice(from, to, n int) (int, error) {
	const move = 1 // SPLICE_F_MOVE
	for {
		moved, err := syscall.Splice(from, nil, to, nil, n, move)
		if !errors.Is(err, syscall.EINTR) {
			return int(moved), err
		}
	}
}
