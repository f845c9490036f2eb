package pam

import (
	"fmt"
	"os/user"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Conversation is what a fake PAM is asked.
type Conversation struct {
	User, Password string
	Proven         bool
}

// NewFake returns a provider that talks to converse instead of PAM, and whose
// system knows every account but "stranger", with these groups and the user
// 1001.
func NewFake(s Settings, converse func(Conversation) (string, error), groups ...string) *Provider {
	p := newProvider(s, func(c conversation) (string, error) {
		return converse(Conversation{c.user, c.password, c.proven})
	}, func(name string) (*account, error) {
		if name == "stranger" {
			return nil, fmt.Errorf("looking: %w", user.UnknownUserError(name))
		}
		return &account{name: name, home: "/home/" + name, groups: groups}, nil
	})
	p.osUser = func(name string) (*auth.OSUser, error) {
		if name == "root" {
			return nil, auth.ErrRoot
		}
		return &auth.OSUser{Name: name, UID: 1001}, nil
	}
	return p
}

// InBuild says whether this build has PAM.
const InBuild = inBuild

// LookUp asks the system for an account.
func LookUp(name string) (home string, groups []string, err error) {
	a, err := lookUp(name)
	if err != nil {
		return "", nil, err
	}
	return a.home, a.groups, nil
}
