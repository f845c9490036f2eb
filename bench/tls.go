//go:build linux

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// tlsName is whom the servers' certificate is for.
const tlsName = "bench.example"

// certificate is the one all servers of a run have, with its key.
type certificate struct {
	pem        string
	thumbprint string // as Windows counts it: SHA-1 of the certificate
}

func newCertificate() (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	what := &x509.Certificate{
		Subject: pkix.Name{CommonName: tlsName}, DNSNames: []string{tlsName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 30),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, what, what, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	return &certificate{string(text), fmt.Sprintf("%X", sha1.Sum(der))}, nil
}

// secure is how the clients of one trial use TLS, and what came of it.
type secure struct {
	cache tls.ClientSessionCache // of all sessions; nil: each has its own, so that only its data connections resume

	mu            sync.Mutex
	ciphers       map[string]bool
	control, data handshakes
}

// handshakes counts those that were made, and those of them that resumed a
// session.
type handshakes struct{ all, resumed int }

// config is for one session. The curve is the one that every server has:
// vsftpd and Pure-FTPd know no other, and Go would take a dearer one with Go.
func (s *secure) config() *tls.Config {
	cache := s.cache
	if cache == nil {
		cache = tls.NewLRUClientSessionCache(1)
	}
	return &tls.Config{
		ServerName: tlsName, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.CurveP256},
		ClientSessionCache: cache, DynamicRecordSizingDisabled: true,
	}
}

// start makes TLS of a connection and notes what was agreed on.
func (s *secure) start(c *wire, config *tls.Config, count *handshakes) error {
	t := tls.Client(&socket{wire: c}, config)
	if err := t.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.tls = t
	state := t.ConnectionState()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ciphers == nil {
		s.ciphers = map[string]bool{}
	}
	s.ciphers[tls.CipherSuiteName(state.CipherSuite)] = true
	count.all++
	if state.DidResume {
		count.resumed++
	}
	return nil
}

// resuming has the sessions of a trial resume that of the first.
func (t *trial) resuming(first func() error) error {
	cache := tls.NewLRUClientSessionCache(1)
	t.secure = &secure{cache: cache}
	err := first()
	t.secure = &secure{cache: cache}
	return err
}

func (s *secure) allResumed() error {
	if s.control.resumed < s.control.all {
		return fmt.Errorf("of %d sessions %d were resumed", s.control.all, s.control.resumed)
	}
	return nil
}

// String says which cipher was used, and how many sessions were resumed.
func (s *secure) String() string {
	if s == nil || s.control.all == 0 {
		return ""
	}
	text := strings.Join(slices.Sorted(maps.Keys(s.ciphers)), " and ")
	text += fmt.Sprintf(", resumed: control %s", s.control)
	if s.data.all > 0 {
		text += fmt.Sprintf(", data %s", s.data)
	}
	return text
}

func (h handshakes) String() string {
	return fmt.Sprintf("%.0f %%", 100*float64(h.resumed)/float64(max(h.all, 1)))
}

// socket is a wire's connection as crypto/tls wants it. It calls nothing else
// of a connection; a wire's waits end by themselves.
type socket struct {
	net.Conn // nil
	wire     *wire
	many     *bufio.Writer // collects records of a large file; may be nil
}

func (s *socket) Read(p []byte) (int, error)       { return s.wire.readRaw(p) }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

func (s *socket) Write(p []byte) (int, error) {
	if s.many != nil {
		return s.many.Write(p)
	}
	return s.wire.writeRaw(p)
}

// encryptSize is how much of a file is encrypted and sent at a time.
const encryptSize = 1 << 18

// encrypt sends the first size bytes of a file.
func (c *wire) encrypt(file int, size int64) error {
	s := c.tls.NetConn().(*socket)
	buf := make([]byte, min(size, encryptSize))
	if size > encryptSize {
		s.many = bufio.NewWriterSize(&socket{wire: c}, encryptSize)
		defer func() { s.many = nil }()
	}
	for offset := int64(0); offset < size; {
		n, err := syscall.Pread(file, buf[:min(size-offset, int64(len(buf)))], offset)
		if n == 0 && err == nil {
			err = errors.New("the file to send is too short")
		}
		if err == nil {
			_, err = c.tls.Write(buf[:n])
		}
		if err != nil {
			return err
		}
		offset += int64(n)
	}
	if s.many != nil {
		return s.many.Flush()
	}
	return nil
}
