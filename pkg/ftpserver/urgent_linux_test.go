package ftpserver_test

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// sendUrgent sends TCP urgent data.
func (c *tcpClient) sendUrgent(text string) {
	c.t.Helper()
	raw, err := c.conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Sendto(int(fd), []byte(text), syscall.MSG_OOB, nil) }); err != nil || failed != nil {
		c.t.Fatal(err, failed)
	}
}

// TestUrgentAbort is ABOR as ncftp and others send it: Interrupt Process, then
// Data Mark as urgent data (RFC 959 §4.1.3).
func TestUrgentAbort(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	makeEndless(t, s, "big")
	c := s.session(t)
	for _, signal := range []func(){
		func() { c.send("\xff\xf4"); c.sendUrgent("\xff"); c.send("\xf2") },
		func() { c.send("\xff\xf4\xff"); c.sendUrgent("\xf2") },
		func() { c.sendUrgent("\xff\xf4\xff\xf2") },
		func() { c.sendUrgent("\xff\xf4\xff"); time.Sleep(20 * time.Millisecond); c.send("\xf2") },
	} {
		data := c.open("RETR big")
		time.Sleep(50 * time.Millisecond) // the transfer is watched by then
		signal()
		c.send("ABOR\r\n")
		c.expect("426 Connection closed; transfer aborted.")
		c.expect("226 ABOR command successful.")
		_ = data.Close()
		signal()
		c.send("NOOP\r\n")
		c.expect("200 ")
	}
}
