package vfs

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Rights are what a principal may do with one file or directory, as far as
// rules, filters, virtual directories and the read-only attribute decide.
type Rights uint8

// The rights.
const (
	// MayRead is to open a file, to enter and list a directory.
	MayRead Rights = 1 << iota
	// MayWrite is to write into a file, to make and remove entries of a
	// directory.
	MayWrite
	// MayMove is to remove and rename it.
	MayMove
)

// Rights returns what the principal may do with p, which info tells about.
func (v *View) Rights(p vpath.Path, info content.Info) Rights {
	if v.refused != nil {
		return 0
	}
	rules, written := v.namespace.settings.Access, v.written(p)
	return rights(v.home.root.locate(p), info, rules.Granted(v.principal, v.client, written), rules.Filter(written))
}

// RightsIn returns a function that tells Rights of the entries of dir, as List
// shows them.
func (v *View) RightsIn(dir vpath.Path) func(content.Info) Rights {
	if v.refused != nil {
		return func(content.Info) Rights { return 0 }
	}
	at := v.home.root.locate(dir)
	entries := v.namespace.settings.Access.Entries(v.principal, v.client, v.written(dir))
	before := strings.TrimSuffix(string(dir), "/") + "/"
	return func(info content.Info) Rights {
		granted, filter := entries(info.Name)
		// What List shows is one segment, so that nothing has to be cleaned.
		entry := place{path: vpath.Path(before + info.Name), store: at.store}
		if at.directory != nil && len(at.directory.children) > 0 {
			entry = v.home.root.locate(entry.path)
		}
		return rights(entry, info, granted, filter)
	}
}

func rights(at place, info content.Info, granted access.Permission, filter *access.RequestFilter) (r Rights) {
	if filter.Check(at.path, !info.Dir) != nil {
		return 0
	}
	if granted&access.Read != 0 {
		r |= MayRead
	}
	if granted&access.Write == 0 {
		return r
	}
	if at.directory == nil {
		r |= MayMove
	}
	if !info.ReadOnly && (at.directory == nil || at.mounted() || at.physical()) {
		r |= MayWrite
	}
	return r
}

// physical reports whether a directory that is on the way to a virtual one is
// in the store too, and not only in the configuration.
func (p place) physical() bool {
	info, err := p.store.Stat(p.name)
	return err == nil && info.Dir
}

// Created returns when p was created; the error is errors.ErrUnsupported where
// its store does not know.
func (v *View) Created(p vpath.Path) (time.Time, error) {
	at, err := v.check(p, statRequest)
	if err != nil {
		return time.Time{}, err
	}
	store, ok := at.store.(content.CreationReporter)
	if !ok {
		return time.Time{}, errors.ErrUnsupported
	}
	return store.Created(at.name)
}

// SetCreated sets when p was created; the error is errors.ErrUnsupported where
// its store cannot.
func (v *View) SetCreated(p vpath.Path, t time.Time) error {
	at, err := v.toChange(p)
	if err != nil {
		return err
	}
	store, ok := at.store.(content.CreationSetter)
	if !ok {
		return errors.ErrUnsupported
	}
	return store.SetCreated(at.name, t)
}

// SetMode sets the UNIX permissions of p; the error is errors.ErrUnsupported
// where its store has none.
func (v *View) SetMode(p vpath.Path, mode fs.FileMode) error {
	at, err := v.toChange(p)
	if err != nil {
		return err
	}
	store, ok := at.store.(content.ModeSetter)
	if !ok {
		return errors.ErrUnsupported
	}
	return store.SetMode(at.name, mode)
}

// toChange checks that p exists and that its attributes may be changed.
func (v *View) toChange(p vpath.Path) (place, error) {
	at, err := v.check(p, attributeRequest)
	if err != nil {
		return place{}, err
	}
	_, err = v.statAsFile(at)
	return at, err
}

// SetsCreated reports whether creation times can be changed in the site's
// root.
func (n *Namespace) SetsCreated() bool {
	_, ok := n.root.store.(content.CreationSetter)
	return ok
}
