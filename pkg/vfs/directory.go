package vfs

import (
	"slices"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// directory is one directory of the virtual tree: a virtual directory, or one
// that is there only because a virtual directory lies below it.
type directory struct {
	name  string        // as configured
	store content.Store // nil when it is only on the way
	// origin is the store of the site that store is one user's view of; nil when
	// it is that store itself.
	origin   content.Store
	children map[string]*directory
	sorted   []*directory // children in the order of a listing
	stamps   stamps
}

// at returns the directory of path below d, making it when it is missing.
func (d *directory) at(path vpath.Path) *directory {
	for segment := range path.Segments() {
		key := vpath.Fold(segment)
		child := d.children[key]
		if child == nil {
			child = &directory{name: segment}
			if d.children == nil {
				d.children = map[string]*directory{}
			}
			d.children[key] = child
		}
		d = child
	}
	return d
}

// find returns the directory of path below d, or nil.
func (d *directory) find(path vpath.Path) *directory {
	for segment := range path.Segments() {
		if d = d.children[vpath.Fold(segment)]; d == nil {
			return nil
		}
	}
	return d
}

func (d *directory) sort() {
	for _, child := range d.children {
		child.sort()
	}
	d.order()
}

// order puts the children of d alone in order.
func (d *directory) order() {
	for _, child := range d.children {
		d.sorted = append(d.sorted, child)
	}
	slices.SortFunc(d.sorted, func(a, b *directory) int { return vpath.Compare(a.name, b.name) })
}

// foldBuffer is the length in bytes up to which a segment is folded without
// allocation.
const foldBuffer = 256

// place is where a virtual path leads.
type place struct {
	path   vpath.Path
	store  content.Store
	origin content.Store // the same for all users
	name   string        // within the store
	// directory is the virtual directory at the path itself, nil when the
	// path is an ordinary one.
	directory *directory
}

// locate returns where p leads below d, which has a store: the store of the deepest virtual directory on
// the way, and the rest of the path within it.
func (d *directory) locate(p vpath.Path) place {
	from := d
	rest, below := string(p), string(p) // below is the part within store
	var buf [foldBuffer]byte
	for segment := range p.Segments() {
		rest = rest[1+len(segment):]
		if d = d.children[string(vpath.AppendFold(buf[:0], segment))]; d == nil {
			break
		}
		if d.store != nil {
			from, below = d, rest
		}
	}
	name := "."
	if len(below) > 1 {
		name = below[1:]
	}
	at := place{path: p, store: from.store, origin: from.origin, name: name, directory: d}
	if at.origin == nil {
		at.origin = at.store
	}
	return at
}

// mounted reports whether p is the root of a virtual directory.
func (p place) mounted() bool { return p.directory != nil && p.directory.store != nil }
