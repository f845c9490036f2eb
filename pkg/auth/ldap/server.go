package ldap

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Server is the address of one directory server.
type Server struct {
	host, port string
	// TLS says that encryption comes first: ldaps.
	TLS bool
}

// ParseServer reads ldap://host:port or ldaps://host:port; the ports are 389
// and 636 when they are left out.
func ParseServer(text string) (Server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return Server{}, fmt.Errorf(`"%s" is not the address of a server such as ldaps://dc1.example.com`, text)
	}
	switch u.Scheme {
	case "ldaps":
		return Server{host: u.Hostname(), port: cmp.Or(u.Port(), "636"), TLS: true}, nil
	case "ldap":
		return Server{host: u.Hostname(), port: cmp.Or(u.Port(), "389")}, nil
	}
	return Server{}, fmt.Errorf(`"%s" begins with neither ldaps:// nor ldap://`, text)
}

// String is the address in its usual form.
func (s Server) String() string {
	scheme := "ldap"
	if s.TLS {
		scheme = "ldaps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, s.port)
}

// connect opens a connection, encrypts it as configured and, when it is for
// searching, makes it one of the searching account. Nothing is said in clear
// text that was to be encrypted: what fails is not tried otherwise.
func (p *pool) connect(ctx context.Context, s Server, use purpose) (*conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	c := &conn{raw: &wire{Conn: raw}, use: use}
	c.raw.budget.Store(mostBytes)
	finish := c.during(ctx)
	if err := p.prepare(ctx, c, s); err != nil {
		finish()
		c.close()
		return nil, err
	}
	if !finish() {
		c.close()
		return nil, ctx.Err()
	}
	return c, nil
}

func (p *pool) prepare(ctx context.Context, c *conn, s Server) error {
	settings := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if s.TLS || p.settings.StartTLS {
		var err error
		if settings.RootCAs, err = p.roots(); err != nil {
			return err
		}
	}
	var under net.Conn = c.raw
	if s.TLS {
		encrypted := tls.Client(c.raw, settings)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("encrypting: %w", err)
		}
		under = encrypted
	}
	c.ldap = ldap.NewConn(under, s.TLS)
	c.ldap.Start()
	return guarded(func() error {
		if !s.TLS && p.settings.StartTLS {
			if err := c.ldap.StartTLS(settings); err != nil {
				return fmt.Errorf("encrypting with StartTLS: %w", err)
			}
		}
		return p.introduce(c)
	})
}

func (p *pool) roots() (*x509.CertPool, error) {
	if p.settings.Roots == nil {
		return nil, nil //nolint:nilnil // those of the machine
	}
	return p.settings.Roots()
}

// introduce binds as the searching account. Its refusal is no answer to
// whoever logs in, so that the code of the answer is not handed on.
func (p *pool) introduce(c *conn) error {
	if c.use != forSearching || p.settings.BindDN == "" {
		return nil
	}
	password, err := p.settings.BindPassword()
	if err != nil {
		return err
	}
	if password == "" {
		return errors.New("the password of bindDn is empty")
	}
	if err := c.ldap.Bind(p.settings.BindDN, password); err != nil {
		return fmt.Errorf("binding as %s: %v", p.settings.BindDN, err) //nolint:errorlint // on purpose, see above
	}
	return nil
}

// mostBytes bounds what a server may say to the requests of one login.
const mostBytes = 16 << 20

var errTooMuch = errors.New("the server says more than is believed")

// wire is a connection that ends when the other side says too much.
type wire struct {
	net.Conn
	budget atomic.Int64
}

// Read reads as long as the budget lasts.
func (w *wire) Read(b []byte) (int, error) {
	if w.budget.Load() <= 0 {
		return 0, errTooMuch
	}
	n, err := w.Conn.Read(b)
	w.budget.Add(int64(-n))
	return n, err
}

// conn is a connection to one server.
type conn struct {
	raw  *wire
	ldap *ldap.Conn
	use  purpose
}

// during lets the connection serve until ctx ends. The function that it
// returns ends that, and reports whether the connection may be kept.
func (c *conn) during(ctx context.Context) (finish func() bool) {
	_ = c.raw.SetDeadline(time.Time{}) // a closed connection fails at its next use
	// A deadline in the past ends what the library waits for, which knows no
	// contexts.
	return context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
}

func (c *conn) close() {
	// Whatever is being read or written ends now, so that closing never waits.
	_ = c.raw.SetDeadline(time.Unix(1, 0))
	if c.ldap != nil {
		_ = c.ldap.Close()
	}
	_ = c.raw.Close()
}

// guarded turns a panic into an error: the library believes answers that do
// not have the form they ought to.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the server's answer makes no sense: %v", r)
		}
	}()
	return f()
}
