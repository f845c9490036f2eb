package content

import (
	"errors"
	"strconv"
)

// ErrImpersonation means that the process may not, or could not, act as another
// user of the operating system. Nothing was done then.
var ErrImpersonation = errors.New("ftphost may not act as another user of the operating system")

// OSUser is a user of the operating system, by the numbers that decide about
// its rights.
type OSUser struct {
	// Name is for people; "" when the user has none.
	Name string
	// UID and GID are the user and the group that new files belong to.
	UID, GID uint32
	// Groups are the supplementary groups. The slice is not changed.
	Groups []uint32
}

// Key is the same for users with the same rights, and for no others.
func (u OSUser) Key() string {
	b := strconv.AppendUint(nil, uint64(u.UID), 10)
	b = strconv.AppendUint(append(b, ':'), uint64(u.GID), 10)
	for _, g := range u.Groups {
		b = strconv.AppendUint(append(b, ','), uint64(g), 10)
	}
	return string(b)
}

// String is the name, or the number of a user without one.
func (u OSUser) String() string {
	if u.Name != "" {
		return u.Name
	}
	return strconv.FormatUint(uint64(u.UID), 10)
}

// Impersonator is a Store that can be asked in the name of a user of the
// operating system.
type Impersonator interface {
	// As returns the same tree as the system shows it to u: every name is looked
	// up, opened and changed with the rights of u and no others, and what is made
	// belongs to u. It knows nothing that was learnt by other rights. Files that
	// are open already are read and written without regard to users. Where the
	// process cannot act as u, every operation fails with ErrImpersonation.
	As(u OSUser) Store
}
