package vfs

import "github.com/ftphost/ftphost/pkg/content"

// Journal remembers files that are to be removed when this process comes to a
// sudden end. A file has a slot of the journal, or none, which is negative. It
// is safe for concurrent use.
type Journal interface {
	// Expect notes that a file is about to be opened: it is to be removed if it
	// is made, and nothing more is said.
	Expect(p content.Place) (slot int)
	// Mark notes which file it is, and that it is to be removed.
	Mark(slot int, id content.FileID)
	// Clear gives the slot back; the file stays.
	Clear(slot int)
}

// RecordIn has all uploads from now on recorded in a journal. It is called
// before the first one.
func (u *Uploads) RecordIn(j Journal) { u.journal = j }

// record is what the journal has about one upload.
type record struct {
	journal Journal // nil when it has nothing
	slot    int
}

// expect records that the file at a place is about to be opened.
func (u *Uploads) expect(at place) record {
	if u.journal == nil {
		return record{}
	}
	where, ok := at.store.(content.Locator)
	if !ok {
		return record{}
	}
	if slot := u.journal.Expect(where.Locate(at.name)); slot >= 0 {
		return record{u.journal, slot}
	}
	return record{}
}

// mark records that the file is to be removed.
func (r *record) mark(id content.FileID) {
	switch {
	case r.journal == nil:
	case id == content.FileID{}:
		r.clear() // nobody could find it again
	default:
		r.journal.Mark(r.slot, id)
	}
}

// clear records that the file stays as it is.
func (r *record) clear() {
	if r.journal != nil {
		r.journal.Clear(r.slot)
		*r = record{}
	}
}
