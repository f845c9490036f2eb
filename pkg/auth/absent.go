package auth

import (
	"context"
	"errors"
	"fmt"
)

// ErrAbsent means that a source of accounts cannot be asked here at all, and
// that no other one knows the user and the password (sub-status 34).
var ErrAbsent = errors.New("a source of accounts cannot run here, and no other one knows the user and the password")

// Absent is a source of accounts that the configuration names and that cannot
// run here. It lets nobody in.
type Absent struct {
	// Name is how the configuration calls it, and Origin where.
	Name, Origin string
}

// Authenticate returns ErrAbsent.
func (a Absent) Authenticate(context.Context, Credentials) (*Principal, error) {
	return nil, fmt.Errorf("%w: %q", ErrAbsent, a.Name)
}

// Find returns ErrAbsent.
func (a Absent) Find(context.Context, string) (*Principal, error) {
	return nil, fmt.Errorf("%w: %q", ErrAbsent, a.Name)
}

// Source is the provider as people see it.
func (a Absent) Source() Source {
	return Source{Name: fmt.Sprintf("users of %q", a.Name), Origin: a.Origin}
}
