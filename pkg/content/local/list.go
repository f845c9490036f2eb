package local

import (
	"cmp"
	"errors"
	"io"
	"path"
	"slices"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// maxSorted is how many entries of one directory are held in memory to be
// sorted. It is as many as can be read and sorted in a few milliseconds, so
// that the client of a longer listing need not wait for the last name before
// it sees the first.
const maxSorted = 10_000

// entry is one name of a directory. The attribute comes with the name where
// there is one.
type entry struct {
	name   string
	key    uint64 // for sorting
	hidden bool
}

// How many files are looked at before the first of them is told of: few at
// the beginning of a listing, for which somebody waits.
const (
	firstLook = 64
	lookAhead = 256
)

// found is what looking at an entry has shown, with info about a link itself.
type found struct {
	info content.Info
	link bool
	err  error
}

// List calls each for the selected entries of the directory, those of up to
// maxSorted in Windows order. A link is what it leads to; one that leads
// nowhere or outside is shown as itself.
func (s *Store) List(name string, sel content.Selection, each func(content.Info) error) error {
	const op = "list"
	l := listing{store: s, Selection: sel, each: each, ahead: firstLook}
	err := s.at(op, name, func(t *tree, real string) (err error) {
		l.tree, l.dir = t, real
		l.folder, err = t.openFolder(real)
		return err
	})
	if err != nil {
		return err
	}
	defer l.folder.close()
	err = l.run()
	if l.stopped != nil {
		return l.stopped
	}
	return l.tree.fail(op, name, err)
}

// listing is one run of List.
type listing struct {
	content.Selection
	store   *Store
	tree    *tree
	dir     string // the store's own spelling
	folder  *folder
	each    func(content.Info) error
	ahead   int
	found   []found
	stopped error // of each, handed back as it is
}

// run tells of all entries together, in order, when they are few enough, and
// of others piece by piece as they are read.
func (l *listing) run() error {
	var few []entry
	for len(few) <= maxSorted {
		piece, err := l.read()
		few = append(few, piece...)
		if errors.Is(err, io.EOF) {
			sortEntries(few)
			return l.tell(few)
		}
		if err != nil {
			return err
		}
	}
	if err := l.tell(few); err != nil {
		return err
	}
	few = nil // not needed for the rest, which may take long
	for {
		piece, err := l.read()
		if told := l.tell(piece); told != nil {
			return told
		}
		if err != nil {
			return endOfDirectory(err)
		}
	}
}

// sortEntries puts entries into Windows order. Most are told apart by the
// characters after what all have in common, which costs one comparison of
// numbers.
func sortEntries(entries []entry) {
	if len(entries) == 0 {
		return
	}
	common := entries[0].name
	for _, e := range entries {
		common = common[:vpath.Common(common, e.name)]
	}
	for i, e := range entries {
		entries[i].key = vpath.Key(e.name[len(common):])
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return vpath.Compare(a.name, b.name)
	})
}

// read returns the wanted entries of the next piece of the directory, valid
// until the next call.
func (l *listing) read() ([]entry, error) {
	piece, err := l.folder.read()
	if l.Wanted != nil {
		piece = slices.DeleteFunc(piece, func(e entry) bool { return !l.Wanted(e.name) })
	}
	return piece, err
}

// tell calls each for the entries, except those that are gone by now.
func (l *listing) tell(entries []entry) error {
	if l.NamesOnly {
		return l.tellNames(entries)
	}
	for len(entries) > 0 {
		part := entries[:min(len(entries), l.ahead)]
		entries, l.ahead = entries[len(part):], lookAhead
		// Only looking needs the rights of the user; whoever is told may take
		// long.
		if err := l.store.as(func() error { l.look(part); return nil }); err != nil {
			return err
		}
		for i := range l.found {
			f := &l.found[i]
			if f.err != nil {
				if missing(f.err) {
					continue
				}
				return f.err
			}
			if l.stopped = l.each(f.info); l.stopped != nil {
				return l.stopped
			}
		}
	}
	return nil
}

// look finds out what there is to know about entries.
func (l *listing) look(entries []entry) {
	l.found = l.found[:0]
	for _, e := range entries {
		f := l.folder.lstat(e.name)
		if f.err == nil && f.link {
			f.info = l.follow(f.info)
		}
		l.found = append(l.found, f)
	}
}

func (l *listing) tellNames(entries []entry) error {
	for _, e := range entries {
		if l.stopped = l.each(content.Info{Name: e.name, Hidden: e.hidden}); l.stopped != nil {
			return l.stopped
		}
	}
	return nil
}

// follow tells what a link leads to, or about itself. Within the directory
// alone it could not be followed, so the tree is asked.
func (l *listing) follow(link content.Info) content.Info {
	if target, err := l.tree.Stat(path.Join(l.dir, link.Name)); err == nil {
		return infoOf(link.Name, target)
	}
	return link
}
