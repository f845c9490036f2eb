package iismanager

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"unicode/utf16"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Provider answers logins to one site from a Directory. It is safe for
// concurrent use.
type Provider struct {
	// Directory returns the users as they are now; it is asked once per login.
	Directory func() *Directory
	// Site is the name of the site that the users need permission for.
	Site string
	// Origin is where the configuration names the provider, see auth.Source.
	Origin string
}

// Authenticate returns the principal of the user, in the user's own spelling,
// or auth.ErrLogon, auth.ErrAccountDisabled or auth.ErrNotPermitted. It does
// the same for an unknown name as for a wrong password.
func (p *Provider) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	d := p.Directory()
	e := d.entries[auth.Fold(c.User)]
	known := e != nil && e.usable && c.Password != ""
	if !known {
		e = &entry{}
	}
	if right := e.key.of(c.Password); !right || !known {
		return nil, auth.ErrLogon
	}
	return p.admit(d, e)
}

// Find returns whom a login as user would be of, or why it would be refused
// whatever the password.
func (p *Provider) Find(_ context.Context, user string) (*auth.Principal, error) {
	d := p.Directory()
	e := d.entries[auth.Fold(user)]
	if e == nil || !e.usable {
		return nil, auth.ErrLogon
	}
	return p.admit(d, e)
}

// admit returns the principal of a user unless something but the password keeps
// the user out.
func (p *Provider) admit(d *Directory, e *entry) (*auth.Principal, error) {
	switch {
	case !e.user.Enabled:
		return nil, auth.ErrAccountDisabled
	case !d.permits(p.Site, e.user.Name):
		return nil, auth.ErrNotPermitted
	}
	again := func() (*auth.Principal, error) { return p.Find(context.Background(), e.user.Name) }
	return e.principal.WithRenewal(again), nil
}

// Source is the provider as people see it.
func (p *Provider) Source() auth.Source {
	return auth.Source{Name: "IIS Manager users", Origin: p.Origin}
}

// digest is a SHA-256 digest.
type digest [sha256.Size]byte

// of reports whether d is the digest of a password, whichever of the encodings
// of text was digested: which one IIS takes is not documented. It takes the
// same time whether it is or not.
func (d digest) of(password string) bool {
	narrow := sha256.Sum256([]byte(password))
	wide := sha256.Sum256(utf16LE(password))
	return subtle.ConstantTimeCompare(d[:], narrow[:])|subtle.ConstantTimeCompare(d[:], wide[:]) == 1
}

// utf16LE is text as Windows keeps it.
func utf16LE(text string) []byte {
	units := utf16.Encode([]rune(text))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
