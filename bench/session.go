//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// User and password of every server's one account. The hash of the password
// in the peers' own files is crypt(3)'s oldest and cheapest, in their favour.
const (
	user      = "bench"
	password  = "bench"
	cheapHash = "fhHysVO2vzfAA"
)

// session is a logged-in FTP client. It is used by one goroutine.
type session struct {
	*wire
	server  netip.AddrPort
	secure  *secure // nil: clear text
	config  *tls.Config
	scratch []byte
}

// login connects and logs in; as is the name USER sends. Without tls all is in
// clear text.
func login(server netip.AddrPort, as string, tls *secure) (*session, error) {
	c, err := dial(server)
	if err != nil {
		return nil, err
	}
	s := &session{wire: c, server: server, secure: tls}
	if _, err = c.expect('2'); err == nil {
		err = s.protect()
	}
	if err == nil {
		_, err = c.command('3', "USER "+as)
	}
	if err == nil {
		_, err = c.command('2', "PASS "+password)
	}
	if err == nil {
		err = s.protectData()
	}
	if err == nil {
		_, err = c.command('2', "TYPE I")
	}
	if err != nil {
		c.close(false)
		return nil, fmt.Errorf("login: %w", err)
	}
	return s, nil
}

// protect makes TLS of the control connection.
func (s *session) protect() error {
	if s.secure == nil {
		return nil
	}
	if _, err := s.command('2', "AUTH TLS"); err != nil {
		return err
	}
	s.config = s.secure.config()
	return s.secure.start(s.wire, s.config, &s.secure.control)
}

// protectData has the data connections use TLS.
func (s *session) protectData() error {
	if s.secure == nil {
		return nil
	}
	_, err := s.command('2', "PBSZ 0")
	if err == nil {
		_, err = s.command('2', "PROT P")
	}
	return err
}

// quit ends the session and waits until the server has closed it.
func (s *session) quit() error {
	_, err := s.command('2', "QUIT")
	if err == nil {
		_, err = io.Copy(io.Discard, s.wire)
	}
	s.close(err == nil)
	return err
}

// data opens the data connection and sends the command that uses it.
func (s *session) data(command string) (*wire, error) {
	reply, err := s.command('2', "PASV")
	if err != nil {
		return nil, err
	}
	port, err := passivePort(reply)
	if err != nil {
		return nil, err
	}
	d, err := dial(netip.AddrPortFrom(s.server.Addr(), port))
	if err != nil {
		return nil, err
	}
	_, err = s.command('1', command)
	if err == nil && s.secure != nil {
		err = s.secure.start(d, s.config, &s.secure.data)
	}
	if err != nil {
		d.close(false)
		return nil, err
	}
	return d, nil
}

// received is what came over a data connection.
type received struct {
	size      int64
	sum       uint32 // CRC-32C, when the bytes were looked at
	lines     int    // likewise
	firstByte time.Duration
}

// retrieve receives the data of RETR, LIST or NLST. Without verify the bytes
// are counted in the kernel and thrown away.
func (s *session) retrieve(command string, verify bool) (received, error) {
	start := time.Now()
	d, err := s.data(command)
	if err != nil {
		return received{}, err
	}
	got, err := s.receive(d, start, verify)
	d.close(err == nil)
	if err == nil {
		_, err = s.expect('2')
	}
	if err != nil {
		return got, fmt.Errorf("%s: %w", command, err)
	}
	return got, nil
}

func (s *session) receive(d *wire, start time.Time, verify bool) (got received, err error) {
	if s.scratch == nil {
		s.scratch = make([]byte, 1<<20)
	}
	sum := newSum()
	for {
		var n int
		if verify {
			n, err = d.Read(s.scratch)
			sum.Write(s.scratch[:n])
			got.lines += bytes.Count(s.scratch[:n], []byte("\n"))
		} else {
			n, err = d.discard(s.scratch)
		}
		if n == 0 || err != nil {
			break
		}
		if got.size == 0 {
			got.firstByte = time.Since(start)
		}
		got.size += int64(n)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	got.sum = sum.Sum32()
	return got, err
}

// store uploads the first size bytes of an open file.
func (s *session) store(name string, file *os.File, size int64) error {
	d, err := s.data("STOR " + name)
	if err != nil {
		return err
	}
	err = d.sendFile(int(file.Fd()), size)
	if err == nil {
		err = d.closeWrite()
	}
	if err == nil {
		_, err = s.expect('2')
	}
	d.close(false)
	if err != nil {
		return fmt.Errorf("STOR %s: %w", name, err)
	}
	return nil
}

func newSum() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }

// fileSum is the checksum and size of a file on disk.
func fileSum(path string) (uint32, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	sum := newSum()
	n, err := io.Copy(sum, f)
	return sum.Sum32(), n, err
}

// openFiles raises the limit of descriptors to what the system allows.
func openFiles() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
