package vfs

import (
	"errors"
	"fmt"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
)

// homeKey is the key of a home at a place: homes of one place are not shared by
// different users of the operating system.
func homeKey(p *auth.Principal, at string) string {
	if p.OSUser() == nil {
		return at
	}
	return content.OSUser(*p.OSUser()).Key() + "\x00" + at
}

// opens returns nil when the directory at p can be opened: a user of the
// operating system may know of one and not be let in.
func (p place) opens() error {
	if p.directory != nil && !p.mounted() {
		return nil // it may not be there at all
	}
	err := p.store.List(p.name, content.Selection{NamesOnly: true}, func(content.Info) error { return errOpened })
	if errors.Is(err, errOpened) {
		return nil
	}
	return err
}

var errOpened = errors.New("the directory is open")

// as returns the same home, seen with the rights of the user of the operating
// system that p is.
func (h *home) as(p *auth.Principal) (*home, error) {
	made := *h
	var err error
	made.root, err = made.impersonated(h.root, content.OSUser(*p.OSUser()))
	if err != nil {
		return nil, noHome(fmt.Sprintf("the account %s is a user of the operating system: %v", p.QualifiedName(), err))
	}
	return &made, nil
}

// impersonated returns d and all below it as u sees them, with stores of h's
// own.
func (h *home) impersonated(d *directory, u content.OSUser) (*directory, error) {
	seen := &directory{name: d.name}
	if d.store != nil {
		store, ok := d.store.(content.Impersonator)
		if !ok {
			return nil, fmt.Errorf("the store of %q knows no such users", d.name)
		}
		seen.store, seen.origin = store.As(u), d.store
		if r, ok := seen.store.(refresher); ok {
			h.own = append(h.own, r)
		}
	}
	for key, child := range d.children {
		below, err := h.impersonated(child, u)
		if err != nil {
			return nil, err
		}
		if seen.children == nil {
			seen.children = make(map[string]*directory, len(d.children))
		}
		seen.children[key] = below
	}
	seen.order()
	return seen, nil
}
