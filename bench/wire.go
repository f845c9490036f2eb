//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience bounds every wait of a client for its server.
const patience = 60 * time.Second

// wire is a blocking TCP connection without Go's poller: the client shall
// cost little beside the server that is measured.
type wire struct {
	fd         int
	tls        *tls.Conn // nil: clear text
	buf        [2048]byte
	start, end int
}

func dial(to netip.AddrPort) (*wire, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	limit := syscall.NsecToTimeval(int64(patience))
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit)
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	sa := &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	err = syscall.Connect(fd, sa)
	for errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EALREADY) {
		time.Sleep(time.Millisecond) // interrupted by the runtime: the kernel goes on connecting
		if err = syscall.Connect(fd, sa); errors.Is(err, syscall.EISCONN) {
			err = nil
		}
	}
	if err != nil {
		syscall.Close(fd)
		return nil, fmt.Errorf("connect to %s: %w", to, err)
	}
	return &wire{fd: fd}, nil
}

func (c *wire) Read(p []byte) (int, error) {
	if c.tls == nil {
		return c.readRaw(p)
	}
	return c.tls.Read(p)
}

func (c *wire) Write(p []byte) (int, error) {
	if c.tls == nil {
		return c.writeRaw(p)
	}
	return c.tls.Write(p)
}

func (c *wire) readRaw(p []byte) (int, error) {
	for {
		n, err := syscall.Read(c.fd, p)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (c *wire) writeRaw(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := syscall.Write(c.fd, p[done:])
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return done, err
		}
		done += max(n, 0)
	}
	return done, nil
}

// discard receives some bytes, in clear text without copying them out of the
// kernel.
func (c *wire) discard(scratch []byte) (int, error) {
	if c.tls != nil {
		return c.Read(scratch)
	}
	for {
		n, _, err := syscall.Recvfrom(c.fd, scratch, syscall.MSG_TRUNC)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		return n, err
	}
}

// sendFile sends the first size bytes of a file from the page cache.
func (c *wire) sendFile(file int, size int64) error {
	if c.tls != nil {
		return c.encrypt(file, size)
	}
	for offset := int64(0); offset < size; {
		n, err := syscall.Sendfile(c.fd, file, &offset, int(min(size-offset, 1<<30)))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if n == 0 && err == nil {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// closeWrite tells the server that an upload is complete. With TLS it waits for
// the server's end: a connection that is closed while tickets are unread is reset,
// and what the server has not read yet is lost.
func (c *wire) closeWrite() error {
	if c.tls == nil {
		return syscall.Shutdown(c.fd, syscall.SHUT_WR)
	}
	err := errors.Join(c.tls.CloseWrite(), syscall.Shutdown(c.fd, syscall.SHUT_WR))
	if err == nil {
		_, err = io.Copy(io.Discard, c)
	}
	return err
}

// close ends the connection. After the server's end it does so by reset, so
// that hundreds of thousands of connections do not leave the machine without
// ports for a minute.
func (c *wire) close(ended bool) {
	if ended && c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	if ended {
		_ = syscall.SetsockoptLinger(c.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}
	syscall.Close(c.fd)
}

// line reads one line without its CR LF.
func (c *wire) line() (string, error) {
	for {
		if i := bytes.IndexByte(c.buf[c.start:c.end], '\n'); i >= 0 {
			text := strings.TrimRight(string(c.buf[c.start:c.start+i]), "\r")
			c.start += i + 1
			return text, nil
		}
		copy(c.buf[:], c.buf[c.start:c.end])
		c.start, c.end = 0, c.end-c.start
		if c.end == len(c.buf) {
			return "", errors.New("a reply line is too long")
		}
		n, err := c.Read(c.buf[c.end:])
		if err != nil {
			return "", err
		}
		c.end += n
	}
}

// expect reads one reply, of any number of lines, and demands its class: the
// first digit of the code.
func (c *wire) expect(class byte) (string, error) {
	first, err := c.line()
	if err != nil {
		return "", err
	}
	last := first
	if len(first) > 3 && first[3] == '-' {
		for end := first[:3] + " "; !strings.HasPrefix(last, end); {
			if last, err = c.line(); err != nil {
				return "", err
			}
		}
	}
	if last == "" || last[0] != class {
		return "", fmt.Errorf("the server said %q", first)
	}
	return last, nil
}

// command sends a line and expects a reply of a class.
func (c *wire) command(class byte, line string) (string, error) {
	if _, err := c.Write([]byte(line + "\r\n")); err != nil {
		return "", err
	}
	reply, err := c.expect(class)
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Fields(line)[0], err)
	}
	return reply, nil
}

// passivePort reads the port of a 227 reply.
func passivePort(reply string) (uint16, error) {
	_, list, _ := strings.Cut(reply, "(")
	list, _, _ = strings.Cut(list, ")")
	f := strings.Split(list, ",")
	if len(f) != 6 {
		return 0, fmt.Errorf("no address in %q", reply)
	}
	high, err1 := strconv.ParseUint(f[4], 10, 8)
	low, err2 := strconv.ParseUint(f[5], 10, 8)
	return uint16(high<<8 | low), errors.Join(err1, err2)
}
