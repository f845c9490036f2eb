package xmldoc

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"
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

// Pos is where an element's start tag begins.
func (d *Document) Pos(e *etree.Element) Pos {
	s, ok := d.spans[e]
	if !ok {
		return Pos{File: d.name}
	}
	return d.pos(int(s.start))
}

// AttrPos is where an attribute's name stands, or the element's place when it
// has no such attribute. The key is compared as written.
func (d *Document) AttrPos(e *etree.Element, key string) Pos {
	if a, ok := d.attribute(e, key); ok {
		return d.pos(a.key.from)
	}
	return d.Pos(e)
}

// Text is an element as it is written, in UTF-8, from its start tag to its end
// tag; do not change it. It is nil for an element of another document.
func (d *Document) Text(e *etree.Element) []byte {
	s, ok := d.spans[e]
	if !ok {
		return nil
	}
	return d.text[s.start:s.end]
}

// Around yields what stands before, between and behind some elements, without blanks at its ends, and where it begins.
func (d *Document) Around(elements []*etree.Element) iter.Seq2[Pos, []byte] {
	spans := make([]span, 0, len(elements)+1)
	for _, e := range elements {
		if s, ok := d.spans[e]; ok {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	end := int32(len(d.text)) //nolint:gosec // MaxSize fits
	return func(yield func(Pos, []byte) bool) {
		from := int32(0)
		for _, s := range append(spans, span{end, end}) {
			if s.start < from {
				continue // the same element once more
			}
			text := d.text[from:s.start]
			blank := len(text) - len(bytes.TrimLeft(text, blanks))
			if rest := bytes.Trim(text, blanks); len(rest) > 0 && !yield(d.pos(int(from)+blank), rest) {
				return
			}
			from = s.end
		}
	}
}

// blanks are white space in XML.
const blanks = " \t\r\n"

// mark is an offset with its place. There is one for each line, and more in
// long lines, so that a file on one line is as quick to point into as others.
type mark struct{ offset, line, col int32 }

// markEvery is how many bytes lie between two marks at most.
const markEvery = 4096

// pos turns an offset of the text into a place.
func (d *Document) pos(offset int) Pos {
	d.markOnce.Do(func() { d.marks = marksOf(d.text) })
	offset = min(offset, len(d.text))
	i := sort.Search(len(d.marks), func(i int) bool { return int(d.marks[i].offset) > offset }) - 1
	m := d.marks[i]
	return Pos{d.name, int(m.line), int(m.col) + utf8.RuneCount(d.text[m.offset:offset])}
}

func marksOf(text []byte) []mark {
	marks := []mark{{0, 1, 1}}
	last := marks[0]
	col := last.col
	for i, c := range text {
		switch {
		case c == '\n':
			last, col = mark{int32(i) + 1, last.line + 1, 1}, 1 //nolint:gosec // MaxSize fits
			marks = append(marks, last)
			continue
		case utf8.RuneStart(c) && i-int(last.offset) >= markEvery:
			last = mark{int32(i), last.line, col} //nolint:gosec // MaxSize fits
			marks = append(marks, last)
		}
		if utf8.RuneStart(c) {
			col++
		}
	}
	return marks
}
