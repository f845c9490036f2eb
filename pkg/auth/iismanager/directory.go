// Package iismanager answers logins from a list of IIS Manager users, with the
// permissions that say which site each may use. It never reads files: the
// list is handed to it.
package iismanager

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/ftphost/ftphost/pkg/auth"
)

// User is one IIS Manager user.
type User struct {
	// Name is the user's own spelling.
	Name string
	// Hash is the SHA-256 digest of the password as text; anything else accepts
	// no password.
	Hash string
	// Enabled is false for a user who may not log in.
	Enabled bool
}

// Scope is a part of the server and who may use it.
type Scope struct {
	// Path is /SITE, or /SITE/APPLICATION.
	Path string
	// Users are names of users; others mean nothing.
	Users []string
}

// Directory is a list of users and permissions. It is fixed once built and safe
// for concurrent use.
type Directory struct {
	entries map[string]*entry          // by folded name
	scopes  map[string]map[string]bool // folded path → folded names
}

// entry is what a login needs of one user.
type entry struct {
	user      User
	key       digest
	usable    bool // key is one
	principal *auth.Principal
}

// NewDirectory returns the directory of these users and scopes. Of two users
// whose names differ only in case the first counts.
func NewDirectory(users []User, scopes []Scope) *Directory {
	d := &Directory{entries: make(map[string]*entry, len(users)), scopes: map[string]map[string]bool{}}
	for _, u := range users {
		name := auth.Fold(u.Name)
		if d.entries[name] != nil {
			continue
		}
		key, err := parseHash(u.Hash)
		d.entries[name] = &entry{user: u, key: key, usable: err == nil, principal: auth.NewPrincipal("", u.Name, nil)}
	}
	for _, s := range scopes {
		path := scopePath(s.Path)
		if d.scopes[path] == nil {
			d.scopes[path] = map[string]bool{}
		}
		for _, name := range s.Users {
			d.scopes[path][auth.Fold(name)] = true
		}
	}
	return d
}

// Permits reports whether a user of any name may log in to the site.
func (d *Directory) Permits(site string) bool {
	for name := range d.scopes[sitePath(site)] {
		if d.entries[name] != nil {
			return true
		}
	}
	return false
}

// permits reports whether the user may log in to the site: as a whole, since
// FTP knows no applications.
func (d *Directory) permits(site, user string) bool {
	return d.scopes[sitePath(site)][auth.Fold(user)]
}

func sitePath(site string) string { return scopePath("/" + site) }

// scopePath is the form in which paths of scopes are compared.
func scopePath(path string) string { return auth.Fold(strings.TrimRight(path, "/")) }

// ErrHash means that a stored password is no SHA-256 digest. Its text never
// shows the stored value.
var ErrHash = errors.New("not a SHA-256 digest of 64 hexadecimal digits, nor one in base64")

// CheckHash returns nil when logins can use the stored password, and an ErrHash
// otherwise.
func CheckHash(text string) error {
	_, err := parseHash(text)
	return err
}

// parseHash reads a digest in either form. How IIS writes it is not documented;
// the two differ in length, so that no text is both.
func parseHash(text string) (key digest, err error) {
	decode := base64.StdEncoding.Strict().DecodeString
	if len(text) == hex.EncodedLen(len(key)) {
		decode = hex.DecodeString
	}
	b, err := decode(text)
	if err != nil || len(b) != len(key) || strings.ContainsAny(text, "\r\n") {
		return digest{}, ErrHash
	}
	return digest(b), nil
}
