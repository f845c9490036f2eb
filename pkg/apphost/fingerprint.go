package apphost

import (
	"hash/maphash"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Fingerprint stands for a part of the documents: equal ones are of parts that
// are the same, as far as anybody can tell. They mean nothing in another
// process.
type Fingerprint struct {
	// Text is of what is written.
	Text uint64
	// Place is of the lines and columns where it is written.
	Place uint64
}

// Fingerprints are those of a configuration whose entries of one collection
// each have locations, by name.
type Fingerprints struct {
	// Entries are of each entry and the locations named after it, in the order
	// of Entries of the section.
	Entries []Fingerprint
	// Rest is of everything else.
	Rest Fingerprint
}

// Fingerprints tells one version of a section's entries from another: what
// entry and locations say, and apart from that what all other text says. name is
// the attribute that locations begin with.
func (c *Configuration) Fingerprints(section, name string) Fingerprints {
	entries := c.Section(section, "").Entries()
	prints := Fingerprints{Entries: make([]Fingerprint, len(entries))}
	apart := map[*xmldoc.Document][]*etree.Element{}
	for i, e := range entries {
		w := newPrinter()
		own := e.layers[len(e.layers)-1]
		for _, n := range append([]*node{own}, c.locations[fold(e.Attr(name).Text)]...) {
			w.add(n.pos(), n.doc.Text(n.e))
			apart[n.doc] = append(apart[n.doc], n.e)
		}
		prints.Entries[i] = w.sum()
	}
	w := newPrinter()
	maphash.WriteComparable(&w.text, c.schema.print)
	for _, doc := range c.documents {
		for pos, text := range doc.Around(apart[doc]) {
			w.add(pos, text)
		}
	}
	prints.Rest = w.sum()
	return prints
}

// seed is the same for all fingerprints of the process, so that they can be
// compared.
var seed = maphash.MakeSeed() //nolint:gochecknoglobals // there must be one only

// printer makes a fingerprint of pieces of text.
type printer struct{ text, place maphash.Hash }

func newPrinter() *printer {
	w := &printer{}
	w.text.SetSeed(seed)
	w.place.SetSeed(seed)
	return w
}

func (w *printer) add(pos xmldoc.Pos, text []byte) {
	// With their lengths, so that no two lists of pieces look alike.
	maphash.WriteComparable(&w.text, len(text))
	_, _ = w.text.Write(text) // never fails
	maphash.WriteComparable(&w.place, pos)
}

func (w *printer) sum() Fingerprint { return Fingerprint{w.text.Sum64(), w.place.Sum64()} }
