package ftps

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"
)

// Control is TLS on a control connection. It leaves deadlines, and closing the
// connection, to the owner of the connection below it.
type Control struct {
	keys     *Keys
	settings *Settings
	// certificate is the one of this session, whatever is renewed meanwhile.
	certificate *tls.Certificate
	// owner is in the tickets of this session, and of no other.
	owner [16]byte
	below *boundary
	tls   *tls.Conn
}

// Control returns the server's side of TLS on conn. The function choose is
// called with the name the client asks for (SNI, "" for none) and returns the
// settings for it, or nil when there are none.
func (k *Keys) Control(conn net.Conn, choose func(serverName string) *Settings) *Control {
	c := &Control{keys: k, below: &boundary{Conn: conn}}
	_, _ = rand.Read(c.owner[:]) // never fails
	c.tls = tls.Server(c.below, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			return c.answer(hello, choose)
		},
	})
	return c
}

// answer makes the configuration for one client.
func (c *Control) answer(hello *tls.ClientHelloInfo, choose func(string) *Settings) (*tls.Config, error) {
	if c.settings = choose(hello.ServerName); c.settings == nil {
		return nil, ErrNoCertificate
	}
	protocols, err := negotiate(hello.SupportedProtos, protocolControl)
	if err != nil {
		return nil, err
	}
	c.certificate = c.settings.Certificate()
	config := c.settings.config(c.certificate, protocols)
	config.WrapSession, config.UnwrapSession = c.keys.wrap(c.owner[:]), c.keys.unwrap
	config.VerifyConnection = c.settings.verify
	return config, nil
}

// Handshake waits for the client's part, until the connection's deadline.
func (c *Control) Handshake() error { return handshakeError(c.tls.Handshake()) }

// Read reads what the client says, decrypted.
func (c *Control) Read(b []byte) (int, error) { return c.tls.Read(b) }

// Write says b to the client.
func (c *Control) Write(b []byte) (int, error) { return c.tls.Write(b) }

// Facts are what the handshake came to.
func (c *Control) Facts() Facts { return factsOf(c.tls) }

func factsOf(conn *tls.Conn) Facts {
	state := conn.ConnectionState()
	return Facts{state.ServerName, state.Version, state.CipherSuite, state.DidResume}
}

// ClientCertificate is what the client proved to have; nil for none.
func (c *Control) ClientCertificate() *x509.Certificate {
	if chain := c.tls.ConnectionState().PeerCertificates; len(chain) > 0 {
		return chain[0]
	}
	return nil
}

// Satisfies checks the client's certificate by the settings of a site that the
// session moves to after the handshake, which went by others.
func (c *Control) Satisfies(s *Settings) error {
	if s == c.settings {
		return nil
	}
	return s.verify(c.tls.ConnectionState())
}

// CloseNotify tells the client that nothing more will come in this session.
func (c *Control) CloseNotify() error { return c.tls.CloseWrite() }

// errAfterClear means that the client goes on in TLS where it must not.
var errAfterClear = errors.New("the client sent more in TLS after it asked for clear text")

// Clear ends TLS (CCC, RFC 4217 §12.2) and waits for the client to do so, until
// the connection's deadline. What the returned reader gives is what the client
// says in clear, from the very first byte. Clients that end TLS without a word
// are understood as well: no record begins like a command.
func (c *Control) Clear() (io.Reader, error) {
	if err := c.tls.CloseWrite(); err != nil {
		return nil, err
	}
	if c.below.inside() {
		return nil, errAfterClear
	}
	if _, err := io.ReadFull(c.below, c.below.header[:1]); err != nil {
		return nil, err
	}
	if first := c.below.header[0]; !beginsRecord(first) {
		return io.MultiReader(bytes.NewReader([]byte{first}), c.below.Conn), nil
	}
	c.below.again = true
	var b [1]byte
	switch n, err := c.tls.Read(b[:]); {
	case n > 0:
		return nil, errAfterClear
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return c.below.Conn, nil // nothing beyond the record was read
}

// beginsRecord tells the first byte of a record from that of a command.
func beginsRecord(b byte) bool { return 20 <= b && b <= 24 }

// boundary reads records from a connection and never a byte beyond the one that
// is being read, so that what follows TLS is not lost.
type boundary struct {
	net.Conn
	header [5]byte
	got    int // how much of header is read
	left   int // what is left of the record behind it
	// again says that the one byte read of the header was for us to look at.
	again bool
}

// inside reports whether a part of a record has been read.
func (r *boundary) inside() bool { return r.got > 0 || r.left > 0 }

// Read reads at most up to the end of the header, or of the record.
func (r *boundary) Read(b []byte) (int, error) {
	if r.again && len(b) > 0 {
		r.again = false
		b[0] = r.header[0]
		return 1, nil
	}
	if r.left > 0 {
		n, err := r.Conn.Read(b[:min(len(b), r.left)])
		r.left -= n
		return n, err
	}
	n, err := r.Conn.Read(b[:min(len(b), len(r.header)-r.got)])
	r.got += copy(r.header[r.got:], b[:n])
	if r.got == len(r.header) {
		r.got, r.left = 0, int(r.header[3])<<8|int(r.header[4])
	}
	return n, err
}

// The owner of the connection sets deadlines; crypto/tls would only change them
// behind its back.

func (*boundary) SetDeadline(time.Time) error      { return nil }
func (*boundary) SetReadDeadline(time.Time) error  { return nil }
func (*boundary) SetWriteDeadline(time.Time) error { return nil }
