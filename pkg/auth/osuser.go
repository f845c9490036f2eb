package auth

import (
	"errors"
	"fmt"
	"math"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// OSUser is a user of the operating system, by the numbers that decide about
// its rights. It is fixed once built.
type OSUser struct {
	// Name is the system's name of the user, or how the configuration writes one
	// that has none.
	Name string
	// UID and GID are the user and its first group.
	UID, GID uint32
	// Groups are all groups, sorted.
	Groups []uint32
}

// LookUpOSUser asks the operating system for a user by its name. A user that
// has no name there is written as its numbers, uid:gid, and has no further
// groups. The error is an ErrNoOSUser when there is none, an ErrRoot when it is
// root, and another one when the system could not be asked.
func LookUpOSUser(name string) (*OSUser, error) {
	u, err := byNumbers(name)
	if u == nil && err == nil {
		u, err = byName(name)
	}
	if err != nil {
		return nil, err
	}
	if u.UID == 0 {
		return nil, fmt.Errorf("%w: %q has the uid 0", ErrRoot, name)
	}
	return u, nil
}

// byNumbers reads uid:gid; what has no colon is a name.
func byNumbers(text string) (*OSUser, error) {
	first, second, found := strings.Cut(text, ":")
	if !found {
		return nil, nil
	}
	uid, err := number(first)
	gid, err2 := number(second)
	if err = errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("%w: %q is not a pair of numbers, uid:gid", ErrNoOSUser, text)
	}
	return &OSUser{Name: text, UID: uid, GID: gid, Groups: []uint32{gid}}, nil
}

func byName(name string) (*OSUser, error) {
	found, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return nil, fmt.Errorf("%w: the system has no user %q (the static ftphost knows those in /etc/passwd only)", ErrNoOSUser, name)
	}
	if err != nil {
		return nil, fmt.Errorf("looking up the user %q of the system: %w", name, err)
	}
	u := &OSUser{Name: found.Username}
	// A group that is not counted may be the one that is kept out.
	ids, err := found.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("reading the groups of the user %q: %w", name, err)
	}
	for _, id := range ids {
		gid, err := number(id)
		if err != nil {
			return nil, fmt.Errorf("the system says that %q has the group %q, which is no number", name, id)
		}
		u.Groups = append(u.Groups, gid)
	}
	slices.Sort(u.Groups)
	u.Groups = slices.Compact(u.Groups)
	var err2 error
	u.UID, err = number(found.Uid)
	u.GID, err2 = number(found.Gid)
	if err = errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("the system says that %q is the user %q of the group %q, which are no numbers", name, found.Uid, found.Gid)
	}
	return u, nil
}

// number reads the number of a user or group. The last one, (uid_t)-1, means
// that there is none.
func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && n == math.MaxUint32 {
		err = strconv.ErrRange
	}
	return uint32(n), err
}
