//go:build integration

package integration_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// absent is a client that goes away at some moment. After an error its methods
// do nothing.
type absent struct {
	control, data net.Conn
	in            *bufio.Reader
	from          string
	port          int
	err           error
}

// begin logs in and asks for a passive port.
func begin(t *testing.T, s *server, from, login string) *absent {
	t.Helper()
	a := &absent{from: from}
	if a.control = a.connect(s.port); a.err != nil {
		return a
	}
	a.in = bufio.NewReader(a.control)
	a.write(login + "EPSV\r\n")
	for line := ""; a.err == nil && a.port == 0; line, a.err = a.in.ReadString('\n') {
		if strings.HasPrefix(line, "229 ") {
			_, a.err = fmt.Sscanf(line, "229 Entering Extended Passive Mode (|||%d|)", &a.port)
			return a
		}
	}
	return a
}

// connect dials a port of this machine from the address of the client.
func (a *absent) connect(port int) net.Conn {
	if a.err != nil {
		return nil
	}
	var c net.Conn
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(a.from)}, Timeout: 10 * time.Second}
	if c, a.err = dialer.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); a.err == nil {
		a.err = c.SetDeadline(time.Now().Add(time.Minute))
	}
	return c
}

// dial opens the data connection.
func (a *absent) dial() { a.data = a.connect(a.port) }

func (a *absent) write(text string) {
	if a.err == nil {
		_, a.err = io.WriteString(a.control, text)
	}
}

// receive reads the beginning of a transfer.
func (a *absent) receive() {
	if a.err == nil {
		_, a.err = a.data.Read(make([]byte, 1024))
	}
}

// leave closes what is open, with a reset instead of an end if asked.
func (a *absent) leave(reset bool) {
	for _, c := range []net.Conn{a.data, a.control} {
		if c == nil {
			continue
		}
		if reset {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
	}
}
