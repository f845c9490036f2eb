// Package xmldoc holds an XML file as text and tree at once: a position for
// every element and attribute, and edits that touch nothing else. It knows
// nothing of sections or FTP.
package xmldoc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Pos is a place in a file. Line and Col count from 1, Col in characters; 0
// means that only the file is known.
type Pos struct {
	File string
	Line int
	Col  int
}

// String returns file:line:col, which editors and people can follow.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Error says why a file is not a document, and where.
type Error struct {
	Pos Pos
	Msg string
}

// Error returns the place and the message.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// Document is a parsed file. It is fixed; edits yield new bytes.
type Document struct {
	name     string
	original []byte
	text     []byte // UTF-8 without byte order mark
	form     form
	root     *etree.Element
	spans    map[*etree.Element]span

	lineOnce sync.Once
	lines    []int // offset of each line's first byte
}

// Parse reads a document; name is for messages. The data belongs to the
// document afterwards. The error is an *Error with the place of the first
// thing that is wrong: documents that are not well-formed, that declare a
// type or entities, give an attribute twice, nest deeper than MaxDepth or are
// larger than MaxSize are refused.
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, &Error{Pos{File: name}, fmt.Sprintf("is larger than %d MiB", MaxSize>>20)}
	}
	text, f, err := decode(data)
	if err != nil {
		return nil, &Error{Pos{File: name}, err.Error()}
	}
	d := &Document{name: name, original: data, text: text, form: f}
	if at := firstInvalid(text); at >= 0 {
		return nil, d.errorAt(at, fmt.Sprintf("byte 0x%02X is not text in %s; save the file as UTF-8", text[at], f.name))
	}
	spans, err := scan(text)
	if err != nil {
		var s *scanError
		if errors.As(err, &s) {
			return nil, d.errorAt(s.offset, s.msg)
		}
		return nil, err
	}
	if err := d.build(spans); err != nil {
		return nil, err
	}
	return d, nil
}

// build makes the tree and joins it with the spans, element by element.
func (d *Document) build(spans []span) error {
	tree := etree.NewDocument()
	// The text is UTF-8 already, whatever the declaration says.
	tree.ReadSettings.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	if err := tree.ReadFromBytes(d.text); err != nil {
		return d.syntaxError(err)
	}
	d.root = tree.Root()
	d.spans = make(map[*etree.Element]span, len(spans))
	next := 0
	var walk func(e *etree.Element)
	walk = func(e *etree.Element) {
		if next < len(spans) {
			d.spans[e] = spans[next]
		}
		next++
		for _, child := range e.Child {
			if c, ok := child.(*etree.Element); ok {
				walk(c)
			}
		}
	}
	if d.root != nil {
		walk(d.root)
	}
	if next != len(spans) {
		return &Error{Pos{File: d.name}, fmt.Sprintf("is not well-formed: %d elements were read where the text has %d", next, len(spans))}
	}
	return nil
}

// syntaxError finds the place of an error of the tree builder, which knows
// the line only.
func (d *Document) syntaxError(err error) error {
	decoder := xml.NewDecoder(bytes.NewReader(d.text))
	decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		if _, e := decoder.RawToken(); e != nil {
			break
		}
	}
	msg := err.Error()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		msg = syntax.Msg
	}
	return d.errorAt(int(decoder.InputOffset()), "is not well-formed: "+msg)
}

func (d *Document) errorAt(offset int, msg string) *Error { return &Error{d.pos(offset), msg} }

// Name is the file name given to Parse.
func (d *Document) Name() string { return d.name }

// Root is the root element. The tree is read-only: change it through Edit.
func (d *Document) Root() *etree.Element { return d.root }

// Bytes are the original bytes; do not change them.
func (d *Document) Bytes() []byte { return d.original }

// Pos is where an element's start tag begins.
func (d *Document) Pos(e *etree.Element) Pos {
	s, ok := d.spans[e]
	if !ok {
		return Pos{File: d.name}
	}
	return d.pos(s.start)
}

// AttrPos is where an attribute's name stands, or the element's place when it
// has no such attribute. The key is compared as written.
func (d *Document) AttrPos(e *etree.Element, key string) Pos {
	if a, ok := d.attribute(e, key); ok {
		return d.pos(a.key.from)
	}
	return d.Pos(e)
}

// attribute finds an attribute in the text by its key as written.
func (d *Document) attribute(e *etree.Element, key string) (attribute, bool) {
	s, ok := d.spans[e]
	if !ok {
		return attribute{}, false
	}
	for a := range attributesOf(d.text, s.nameEnd) {
		if a.end == 0 && a.err == "" && string(d.text[a.key.from:a.key.to]) == key {
			return a, true
		}
	}
	return attribute{}, false
}

// pos turns an offset of the text into a place.
func (d *Document) pos(offset int) Pos {
	d.lineOnce.Do(func() {
		d.lines = append(make([]int, 0, 1+bytes.Count(d.text, []byte{'\n'})), 0)
		for i, c := range d.text {
			if c == '\n' {
				d.lines = append(d.lines, i+1)
			}
		}
	})
	offset = min(offset, len(d.text))
	line := sort.SearchInts(d.lines, offset+1) - 1
	return Pos{d.name, line + 1, 1 + utf8.RuneCount(d.text[d.lines[line]:offset])}
}
