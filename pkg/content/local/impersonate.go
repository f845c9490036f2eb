package local

import (
	"errors"
	"fmt"

	"github.com/ftphost/ftphost/pkg/content"
)

// As returns the store of the same folder, looked at as u. It has opened and
// remembers nothing that this one has: not even the folder itself, which u has
// to be able to reach by its path.
func (s *Store) As(u content.OSUser) content.Store { return s.impersonated(&u) }

func (s *Store) impersonated(u *content.OSUser) *Store {
	other := &Store{dir: s.dir, name: s.name, user: u}
	if s.parent != nil {
		other.parent = s.parent.impersonated(u)
	}
	return other
}

// as does something with the rights that the store is looked at with. It is
// called once for each operation, and never within itself.
func (s *Store) as(do func() error) error {
	if s.user == nil {
		return do()
	}
	return actAs(s.user, do)
}

// notImpersonated is the error of an operation that was not begun. The cause
// must not be taken for a refusal of the file.
func notImpersonated(u *content.OSUser, err error) error {
	return &content.Error{Op: "act as", Name: u.String(), Kind: content.ErrImpersonation, Err: errors.New(err.Error())}
}

// MayImpersonate returns nil when this process may act as other users of the
// operating system, and what it lacks otherwise.
func MayImpersonate() error {
	if err := mayImpersonate(); err != nil {
		return fmt.Errorf("%w: %w", content.ErrImpersonation, err)
	}
	return nil
}
