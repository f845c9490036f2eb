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
	"slices"
	"strings"
	"sync"

	"github.com/beevik/etree"
)

// Error says why a file is not a document, and where.
type Error struct {
	Pos Pos
	Msg string
}

// Error returns the place and the message.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// Document is a parsed file. It is fixed, and safe for concurrent readers;
// edits yield new bytes.
type Document struct {
	name     string
	original []byte
	text     []byte // UTF-8 without byte order mark
	form     form
	root     *etree.Element
	spans    map[*etree.Element]span

	markOnce sync.Once
	marks    []mark
}

// Parse reads a document; name is for messages. The data belongs to the
// document afterwards. The error is an *Error with the place of the first
// thing that is wrong: documents that are not well-formed, that declare a
// type or entities, give an attribute twice, nest deeper than MaxDepth or
// pass one of the other bounds are refused before a tree is built.
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, &Error{Pos{File: name}, fmt.Sprintf("is larger than %d MiB", MaxSize>>20)}
	}
	text, f, err := decode(data)
	if err != nil {
		return nil, &Error{Pos{name, 1, 1}, err.Error()}
	}
	d := &Document{name: name, original: data, text: text, form: f}
	if err := d.checkText(); err != nil {
		return nil, err
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

// checkText refuses bytes that are not text in the document's encoding.
func (d *Document) checkText() error {
	if len(d.text) > MaxSize {
		return &Error{Pos{File: d.name}, fmt.Sprintf("is larger than %d MiB as UTF-8", MaxSize>>20)}
	}
	if at := firstInvalid(d.text); at >= 0 {
		return d.errorAt(at, fmt.Sprintf("byte 0x%02X is not text in %s; save the file as UTF-8", d.text[at], d.form.name))
	}
	// Decoders put U+FFFD where they find no character.
	at := bytes.Index(d.text, []byte("\uFFFD"))
	if d.form.enc == nil || at < 0 || d.reproducible() {
		return nil
	}
	return d.errorAt(at, fmt.Sprintf("these bytes are not text in %s; save the file as UTF-8", d.form.name))
}

// reproducible reports whether encoding the text gives the original bytes.
func (d *Document) reproducible() bool {
	again, err := d.form.encode(d.text)
	return err == nil && bytes.Equal(again, d.original)
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
	read := 0
	var walk func(e *etree.Element)
	walk = func(e *etree.Element) {
		if read < len(spans) {
			d.spans[e] = spans[read]
		}
		read++
		dropBlanks(e)
		for _, child := range e.Child {
			if c, ok := child.(*etree.Element); ok {
				walk(c)
			}
		}
	}
	if d.root != nil {
		walk(d.root)
	}
	if read != len(spans) {
		return &Error{Pos{File: d.name}, fmt.Sprintf("is not well-formed: %d elements were read where the text has %d", read, len(spans))}
	}
	return nil
}

// dropBlanks takes the white space between elements out of the tree, and the
// room that was kept for more. It is in the text, where edits are made, and
// half of what a large file costs.
func dropBlanks(e *etree.Element) {
	blank := func(t etree.Token) bool {
		c, ok := t.(*etree.CharData)
		return ok && c.IsWhitespace()
	}
	e.Child = slices.Clip(slices.Clone(slices.DeleteFunc(e.Child, blank)))
	e.ReindexChildren()
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
	msg := strings.TrimPrefix(err.Error(), "xml: ")
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		msg = syntax.Msg
	}
	return d.errorAt(int(decoder.InputOffset()), "is not well-formed: "+clip([]byte(msg)))
}

func (d *Document) errorAt(offset int, msg string) *Error { return &Error{d.pos(offset), msg} }

// Name is the file name given to Parse.
func (d *Document) Name() string { return d.name }

// Root is the root element. The tree is read-only: change it through Edit.
func (d *Document) Root() *etree.Element { return d.root }

// Bytes are the original bytes; do not change them.
func (d *Document) Bytes() []byte { return d.original }
