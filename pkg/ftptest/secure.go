package ftptest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a name, as IIS has it
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Certificate is a throw-away certificate.
type Certificate struct {
	// Thumbprint is what serverCertHash has.
	Thumbprint string
	// PEM is the certificate and its key.
	PEM []byte
	// TLS is the same for crypto/tls.
	TLS tls.Certificate
}

// NewCertificate makes a self-signed certificate, for server and client, whose
// common name is the first of the names. It is valid in synctest bubbles, too,
// where the year is 2000.
func NewCertificate(names ...string) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(der) //nolint:gosec // as above
	return &Certificate{strings.ToUpper(hex.EncodeToString(sum[:])), text, pair}, nil
}

// parseCertificates makes the certificates of an archive.
func parseCertificates(name string, line int, data []byte) (map[string]*Certificate, error) {
	made := map[string]*Certificate{}
	for i, text := range strings.Split(string(data), "\n") {
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if len(fields) == 1 {
			return nil, fmt.Errorf("%s:%d: want a name and the host names of its certificate", name, line+i)
		}
		c, err := NewCertificate(fields[1:]...)
		if err != nil {
			return nil, err
		}
		made[fields[0]] = c
	}
	return made, nil
}

// writeCertificates puts the certificates where the server looks for them. All
// are trusted as issuers, so that clients can use them.
func (a *Archive) writeCertificates(home string) error {
	for _, store := range []string{"MY", "Root"} {
		dir := filepath.Join(home, "certificates", store)
		for name, c := range a.certificates {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			text := c.PEM
			if store == "Root" {
				text = text[:bytes.Index(text, []byte("-----BEGIN PRIVATE KEY"))]
			}
			if err := os.WriteFile(filepath.Join(dir, name+".pem"), text, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// withThumbprints replaces $THUMBPRINT(name) in a configuration.
func (a *Archive) withThumbprints(config []byte) []byte {
	for name, c := range a.certificates {
		config = bytes.ReplaceAll(config, []byte("$THUMBPRINT("+name+")"), []byte(c.Thumbprint))
	}
	return config
}

// oneSession remembers the last session, whatever port of the server it was
// with.
type oneSession struct {
	mu   sync.Mutex
	last *tls.ClientSessionState
}

// Get returns the session.
func (o *oneSession) Get(string) (*tls.ClientSessionState, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last, o.last != nil
}

// Put remembers a session.
func (o *oneSession) Put(_ string, session *tls.ClientSessionState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = session
}

// security is what a player does with TLS.
type security struct {
	certificates map[string]*Certificate
	// config is what the control connection had; data connections add to it.
	config *tls.Config
	tls    *tls.Conn
	// protect encrypts data connections.
	protect bool
}

// secureStep plays a step that is about TLS.
func (p *player) secureStep(ctx context.Context, s step) error {
	switch s.do {
	case beginTLS:
		return p.beginTLS(ctx, s.text)
	case endTLS:
		return p.endTLS()
	case protect:
		return p.setProtection(s.text)
	default:
		p.secure.protect = false
		return nil
	}
}

// beginTLS does the handshake on the control connection.
func (p *player) beginTLS(ctx context.Context, text string) error {
	if p.in.Buffered() > 0 {
		return errors.New("something came in clear text before the handshake")
	}
	config := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: &oneSession{}} //nolint:gosec // the step says which certificate it wants
	wanted, fails := "", false
	for _, option := range strings.Fields(text) {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "sni":
			config.ServerName = value
		case "cert":
			wanted = value
		case "alpn":
			config.NextProtos = strings.Split(value, ",")
		case "fail":
			fails = true
		default:
			if err := p.common(config, key, value); err != nil {
				return err
			}
		}
	}
	conn := tls.Client(p.conn, config)
	if err := p.conn.SetDeadline(time.Now().Add(stepTimeout)); err != nil {
		return err
	}
	err := conn.HandshakeContext(ctx)
	if err == nil && fails {
		// With TLS 1.3 the client learns from the next read what the server
		// thinks of it.
		_, err = conn.Read(make([]byte, 1))
	}
	switch {
	case fails && err == nil:
		return errors.New("the handshake did not fail")
	case fails:
		return nil
	case err != nil:
		return err
	}
	if got := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; wanted != "" && got != wanted {
		return fmt.Errorf("the server has the certificate of %s, want %s", got, wanted)
	}
	p.secure.config, p.secure.tls = config, conn
	p.in.Reset(conn)
	return nil
}

// common reads the options that control and data connections share.
func (p *player) common(config *tls.Config, key, value string) error {
	switch key {
	case "version":
		version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[value]
		config.MinVersion, config.MaxVersion = version, version
	case "client":
		config.Certificates = nil
		if c := p.secure.certificates[value]; c != nil {
			config.Certificates = []tls.Certificate{c.TLS}
		} else if value != "none" {
			return fmt.Errorf("there is no certificate %s", value)
		}
	default:
		return fmt.Errorf("unknown option %s", key)
	}
	return nil
}

// setProtection encrypts data connections from now on.
func (p *player) setProtection(text string) error {
	if p.secure.config == nil {
		return errors.New("there is no TLS on the control connection")
	}
	p.secure.protect = true
	for _, option := range strings.Fields(text) {
		key, value, _ := strings.Cut(option, "=")
		if option == "new" { // does not resume the session of the control connection
			p.secure.config.ClientSessionCache = nil
		} else if err := p.common(p.secure.config, key, value); err != nil {
			return err
		}
	}
	return nil
}

// endTLS goes back to clear text after CCC.
func (p *player) endTLS() error {
	if p.secure.tls == nil {
		return errors.New("there is no TLS on the control connection")
	}
	if err := p.conn.SetDeadline(time.Now().Add(stepTimeout)); err != nil {
		return err
	}
	if n, err := p.in.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("want the end of TLS, got %d bytes and %w", n, err)
	}
	err := p.secure.tls.CloseWrite()
	p.secure.tls = nil
	p.in.Reset(p.conn)
	// CloseWrite leaves a deadline in the past.
	return errors.Join(err, p.conn.SetDeadline(time.Time{}))
}

// expectRefused wants the server to refuse the handshake on the data connection,
// which with TLS 1.3 shows in what is read after it.
func (p *player) expectRefused(ctx context.Context) error {
	d := p.data
	defer func() {
		d.close()
		p.data = nil
	}()
	conn, err := p.protectData(ctx, d.conn)
	if err != nil {
		return nil //nolint:nilerr // as wanted
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil || n > 0 {
		return errors.New("the data connection was not refused")
	}
	return nil
}

// stream is where the player writes commands.
func (p *player) stream() io.Writer {
	if p.secure.tls != nil {
		return p.secure.tls
	}
	return p.conn
}

// protectData does the handshake on a data connection, if there is to be one.
func (p *player) protectData(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if _, done := conn.(*tls.Conn); done || !p.secure.protect {
		return conn, nil
	}
	if err := conn.SetDeadline(time.Now().Add(stepTimeout)); err != nil {
		return nil, err
	}
	secure := tls.Client(conn, p.secure.config)
	return secure, secure.HandshakeContext(ctx)
}
