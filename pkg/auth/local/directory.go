// Package local answers logins from a list of accounts with hashed passwords.
// It never reads files: the list is handed to it.
package local

import (
	"slices"
	"sync/atomic"

	"github.com/ftphost/ftphost/pkg/auth"
)

// User is one account.
type User struct {
	// Name is the account's own spelling.
	Name string
	// Hash is the password as a PHC string; anything else accepts no password.
	Hash string
	// Enabled is false for an account that may not log in.
	Enabled bool
	// Description is free text.
	Description string
	// Home is the home attribute, see auth.Principal.Home; "" for none.
	Home string
}

// Group is a named set of accounts.
type Group struct {
	// Name is the group's own spelling.
	Name string
	// Members are names of accounts; unknown ones mean nothing.
	Members []string
}

// Directory is a list of accounts and groups. It is fixed once built and safe
// for concurrent use.
type Directory struct {
	users   []User
	groups  []Group
	entries map[string]*entry // by folded name
}

// entry is what a login needs of one account.
type entry struct {
	user   User
	hash   *hash // nil when the stored text is none
	groups []string
	// principal is the one of the last login: it is fixed, and shared by all
	// sessions of the account.
	principal atomic.Pointer[auth.Principal]
}

// in returns the principal of the account on the computer of that name.
func (e *entry) in(domain string, directory func() *Directory) *auth.Principal {
	if p := e.principal.Load(); p != nil && p.Domain() == domain {
		return p
	}
	p := auth.NewPrincipal(domain, e.user.Name, e.groups).WithHome(e.user.Home).
		WithRenewal(func() (*auth.Principal, error) { return find(directory, domain, e.user.Name) })
	e.principal.Store(p)
	return p
}

// NewDirectory returns the directory of these accounts and groups. Of two
// users whose names differ only in case the first counts.
func NewDirectory(users []User, groups []Group) *Directory {
	d := &Directory{users: slices.Clone(users), entries: make(map[string]*entry, len(users))}
	for _, u := range users {
		key := auth.Fold(u.Name)
		if d.entries[key] == nil {
			h, _ := parseHash(u.Hash)
			d.entries[key] = &entry{user: u, hash: h}
		}
	}
	for _, g := range groups {
		d.groups = append(d.groups, Group{Name: g.Name, Members: slices.Clone(g.Members)})
		for _, member := range g.Members {
			if e := d.entries[auth.Fold(member)]; e != nil && !slices.Contains(e.groups, g.Name) {
				e.groups = append(e.groups, g.Name)
			}
		}
	}
	return d
}

// Users returns the accounts in file order.
func (d *Directory) Users() []User { return slices.Clone(d.users) }

// Groups returns the groups in file order.
func (d *Directory) Groups() []Group {
	groups := slices.Clone(d.groups)
	for i := range groups {
		groups[i].Members = slices.Clone(groups[i].Members)
	}
	return groups
}

// Knows reports whether there is an account that a login means by the typed
// name, on the computer of the name domain.
func (d *Directory) Knows(domain, typed string) bool { return d.find(domain, typed) != nil }

// GroupsOf returns the names of the groups that the account belongs to.
func (d *Directory) GroupsOf(user string) []string {
	if e := d.entries[auth.Fold(user)]; e != nil {
		return slices.Clone(e.groups)
	}
	return nil
}
