package xmldoc

import (
	"bytes"

	"github.com/beevik/etree"
)

// span is where an element stands in the text: from its "<" to behind its
// last ">". Two small numbers, because a document has one for each element.
type span struct{ start, end int32 }

// layout is a span with the places inside it that an edit needs.
type layout struct {
	start   int
	nameEnd int // behind the name in the start tag
	attrEnd int // behind the last attribute, or nameEnd
	tagEnd  int // behind the ">" of the start tag
	endTag  int // of "</"; equal to end when self-closing
	end     int
}

func (l layout) selfClosing() bool { return l.endTag == l.end }

// layout finds the parts of an element again.
func (d *Document) layout(e *etree.Element) (layout, bool) {
	s, ok := d.spans[e]
	if !ok {
		return layout{}, false
	}
	l := layout{start: int(s.start), end: int(s.end)}
	l.nameEnd = l.start + 1 + nameLength(d.text[l.start+1:])
	l.attrEnd = l.nameEnd
	for a := range attributesOf(d.text, l.nameEnd) {
		if a.end > 0 {
			l.tagEnd = a.end
			break
		}
		l.attrEnd = a.value.to + 1
	}
	l.endTag = l.end
	if l.tagEnd != l.end {
		// An end tag has no second "<" in it.
		l.endTag = bytes.LastIndexByte(d.text[:l.end], '<')
	}
	return l, true
}

// attribute finds an attribute in the text by its key as written.
func (d *Document) attribute(e *etree.Element, key string) (attribute, bool) {
	s, ok := d.spans[e]
	if !ok {
		return attribute{}, false
	}
	at := int(s.start) + 1
	for a := range attributesOf(d.text, at+nameLength(d.text[at:])) {
		if a.end == 0 && string(d.text[a.key.from:a.key.to]) == key {
			return a, true
		}
	}
	return attribute{}, false
}
