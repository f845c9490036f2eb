package vfs

import (
	"errors"
	"io/fs"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// ListOptions narrow a listing.
type ListOptions struct {
	// Pattern is a Windows wildcard that names must match; "" is all.
	Pattern string
	// All shows entries with the Hidden attribute too (LIST -a).
	All bool
	// NamesOnly means that nothing but Info.Name is needed, which is cheaper.
	NamesOnly bool
}

// List calls each for the entries of the directory p, or for p alone when it
// is a file. They come in Windows order unless they are very many, see
// content.Store; virtual directories are where they belong in that order.
// Entries are shown whether the principal may open them or not; hidden segments
// are not shown. It stops at the first error of each and returns it.
func (v *View) List(p vpath.Path, opt ListOptions, each func(content.Info) error) error {
	at, err := v.check(p, listRequest)
	if err != nil {
		return err
	}
	info, err := at.stat()
	if opt.Pattern != "" && err == nil && !info.Dir {
		err = &content.Error{Op: "list", Name: string(p), Kind: content.ErrNotDirectory}
	}
	if err != nil {
		return inDirectory(opt, err)
	}
	if !info.Dir {
		if err := v.asFile(p); err != nil {
			return err
		}
		return each(info)
	}
	l := v.listing(at, opt, each)
	wanted := content.Selection{Wanted: l.wanted, NamesOnly: opt.NamesOnly}
	if err := at.store.List(at.name, wanted, l.physical); err != nil && !l.onlyVirtual(at, err) {
		return err
	}
	return l.virtualBefore("")
}

// inDirectory is err of a directory that was only named on the way to entries
// that match a pattern: what is missing then is the path, not the file.
func inDirectory(opt ListOptions, err error) error {
	var e *content.Error
	if opt.Pattern != "" && errors.As(err, &e) && errors.Is(e.Kind, fs.ErrNotExist) {
		return &content.Error{Op: e.Op, Name: e.Name, Kind: content.ErrPathNotFound, Err: e.Err}
	}
	return err
}

// listing merges what a store lists with the virtual directories.
type listing struct {
	all     bool
	matches func(name string) bool
	hidden  func(name string) bool
	covered func(name string) bool // by a virtual directory
	each    func(content.Info) error
	virtual []content.Info // still to be shown, in order
	err     error          // of each
}

func (v *View) listing(at place, opt ListOptions, each func(content.Info) error) *listing {
	l := &listing{
		all: opt.All, each: each, matches: matcher(opt.Pattern),
		hidden:  v.namespace.settings.Access.Hidden(v.written(at.path)),
		covered: func(string) bool { return false },
	}
	if at.directory != nil && len(at.directory.children) > 0 {
		l.covered = at.directory.mounts
	}
	if at.directory != nil && v.namespace.settings.ListVirtualDirectories {
		for _, child := range at.directory.sorted {
			if !l.shows(child.name) {
				continue
			}
			if info, ok := v.entry(at.path, child); ok {
				l.virtual = append(l.virtual, info)
			}
		}
	}
	return l
}

// mounts reports whether a virtual directory stands in d at name.
func (d *directory) mounts(name string) bool {
	var buf [foldBuffer]byte
	child := d.children[string(vpath.AppendFold(buf[:0], name))]
	return child != nil && child.store != nil
}

// entry returns the line of a virtual directory, with what its target tells,
// or the current time when nothing does. What is only on the way to one
// is left out when the store has it, and lists it, itself.
func (v *View) entry(dir vpath.Path, child *directory) (content.Info, bool) {
	at := v.home.root.locate(dir.Join(child.name))
	if child.store == nil {
		if info, err := at.store.Stat(at.name); err == nil {
			return info, false
		}
		return child.info(time.Now()), true
	}
	info, err := child.stamps.ask(at, v.namespace.settings.VirtualDirectoryTimeout)
	if err != nil {
		return child.info(time.Now()), true
	}
	info.Name, info.Dir, info.Size, info.Hidden = child.name, true, 0, false
	return info, true
}

// wanted reports whether an entry of the store is to be shown, by its name.
func (l *listing) wanted(name string) bool {
	return nameable(name) && l.shows(name) && !l.covered(name)
}

// shows reports whether the client wants to see name and may.
func (l *listing) shows(name string) bool { return l.matches(name) && !l.hidden(name) }

// physical takes one entry of the store.
func (l *listing) physical(info content.Info) error {
	if err := l.virtualBefore(info.Name); err != nil {
		return err
	}
	if info.Hidden && !l.all {
		return nil
	}
	return l.show(info)
}

// virtualBefore shows the virtual directories that come before name; "" means
// the rest.
func (l *listing) virtualBefore(name string) error {
	for len(l.virtual) > 0 && (name == "" || vpath.Compare(l.virtual[0].Name, name) < 0) {
		info := l.virtual[0]
		l.virtual = l.virtual[1:]
		if err := l.show(info); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) show(info content.Info) error {
	l.err = l.each(info)
	return l.err
}

// onlyVirtual reports whether err just says that the directory at is on the
// way to a virtual one and not in the store.
func (l *listing) onlyVirtual(at place, err error) bool {
	return l.err == nil && at.directory != nil && !at.mounted() && (absent(err) || notDirectory(err))
}

// nameable reports whether a client could name the entry at all. Names with
// control characters would break the lines of a listing, and a backslash
// means a directory to this server and to many clients.
func nameable(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '\\' || c == '/' {
			return false
		}
	}
	return true
}
