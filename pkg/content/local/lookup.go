package local

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/ftphost/ftphost/pkg/content"
)

// at calls do with the store's own spelling of name, as the store's user.
func (s *Store) at(op, name string, do func(t *tree, real string) error) error {
	return s.as(func() error { return s.within(op, name, do) })
}

// within is at for those who act as the store's user already. The name as
// written is tried first, because it is nearly always right and costs no
// lookup.
func (s *Store) within(op, name string, do func(t *tree, real string) error) error {
	t, err := s.open()
	if err != nil {
		return err
	}
	if err := checkPath(op, name); err != nil {
		return err
	}
	if !mayBeShort(name) {
		err := do(t, name)
		if err == nil || !missing(err) {
			return t.fail(op, name, err)
		}
	}
	real, err := t.find(op, name)
	if err != nil {
		return err
	}
	err = do(t, real)
	if err != nil && missing(err) && real != name {
		// What the index knew is gone: look once more.
		t.index.forget(path.Dir(real))
		if real, err = t.find(op, name); err != nil {
			return err
		}
		err = do(t, real)
	}
	return t.fail(op, name, err)
}

// missing reports whether err may be cured by another spelling of the name.
func missing(err error) bool {
	kind := kindOf(err)
	return errors.Is(kind, fs.ErrNotExist) || errors.Is(kind, content.ErrPathNotFound)
}

// find returns the store's own spelling of name. It tells a missing last
// component (fs.ErrNotExist) from a missing directory on the way
// (content.ErrPathNotFound).
func (t *tree) find(op, name string) (string, error) {
	if !mayBeShort(name) {
		if _, err := t.Lstat(name); err == nil {
			return name, nil
		}
	}
	real, rest := ".", name
	for rest != "" {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		entry, err := t.entry(op, name, real, segment)
		if err != nil {
			return "", err
		}
		if entry == "" {
			return "", notFound(op, name, segment, rest == "")
		}
		real = path.Join(real, entry)
	}
	return real, nil
}

// parent returns the store's own spelling of the directory that holds name.
func (t *tree) parent(op, name string) (string, error) {
	dir, err := t.find(op, path.Dir(name))
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, content.ErrPathNotFound) {
		err = &content.Error{Op: op, Name: name, Kind: content.ErrPathNotFound, Err: err}
	}
	return dir, err
}

func notFound(op, name, segment string, last bool) error {
	kind := illegal(segment)
	switch {
	case kind != nil:
	case last:
		kind = fs.ErrNotExist
	default:
		kind = content.ErrPathNotFound
	}
	return &content.Error{Op: op, Name: name, Kind: kind}
}

// entry returns the directory's own spelling of segment, or "" when it has
// none: the exact one if there is one.
func (t *tree) entry(op, name, dir, segment string) (string, error) {
	if !mayBeShort(segment) {
		_, err := t.Lstat(path.Join(dir, segment))
		if err == nil {
			return segment, nil
		}
		if !missing(err) {
			return "", t.fail(op, name, err)
		}
	}
	d := t.index.hold(dir)
	defer t.index.release(d)
	entry, err := d.lookup(t, segment)
	if err != nil {
		if missing(err) {
			err = &content.Error{Op: op, Name: name, Kind: content.ErrPathNotFound, Err: err}
		}
		return "", t.fail(op, name, err)
	}
	return entry, nil
}
