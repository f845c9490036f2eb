//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"os"
	"syscall"
)

// tlsLimits are the limits with crypto/tls, by name; none without a
// certificate.
func tlsLimits(pem string) (map[string]func(conn int, file string) error, error) {
	if pem == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(pem, pem)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, DynamicRecordSizingDisabled: true}
	after := func(work func(c *wire, file string) error) func(int, string) error {
		return func(conn int, file string) error {
			defer syscall.Close(conn)
			c := &wire{fd: conn}
			c.tls = tls.Server(&socket{wire: c}, config)
			err := c.tls.Handshake()
			if err == nil {
				err = work(c, file)
			}
			if err == nil {
				err = c.tls.CloseWrite()
			}
			return err
		}
	}
	return map[string]func(int, string) error{
		"tls-accept": after(func(*wire, string) error { return nil }), "tls-send": after(limitEncrypt), "tls-receive": after(limitDecrypt),
	}, nil
}

// limitEncrypt sends the whole file.
func limitEncrypt(c *wire, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return c.encrypt(int(f.Fd()), info.Size())
}

// limitDecrypt receives into a file.
func limitDecrypt(c *wire, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<18)
	if _, err = io.Copy(struct{ io.Writer }{w}, c); err != nil {
		return err
	}
	return w.Flush()
}
