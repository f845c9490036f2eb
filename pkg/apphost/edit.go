package apphost

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// ErrNotWritten means that an element stands in no document: all of it is
// default.
var ErrNotWritten = errors.New("the element is written nowhere")

// SetAttr returns the text of the document that e is written in, with an
// attribute of a descendant set to a value. The path leads to it, "" to e
// itself; elements that are missing are added. Everything else stays byte for
// byte. Whether the value makes sense is found by loading the text. The error is
// ErrNotWritten, or says why the text cannot be changed.
func (e *Element) SetAttr(path, name, value string) ([]byte, error) {
	if len(e.layers) == 0 {
		return nil, ErrNotWritten
	}
	own := e.layers[len(e.layers)-1]
	at, missing := descend(own.e, path)
	edit := own.doc.Edit()
	if len(missing) == 0 {
		key := name
		for _, a := range at.Attr {
			if strings.EqualFold(a.Key, name) {
				key = a.FullKey()
			}
		}
		edit.SetAttr(at, key, value)
	} else {
		first := etree.NewElement(missing[0])
		last := first
		for _, tag := range missing[1:] {
			last = last.CreateElement(tag)
		}
		last.CreateAttr(name, value)
		edit.Append(at, first)
	}
	text, err := edit.Apply()
	if err != nil {
		return nil, fmt.Errorf("changing %s: %w", own.doc.Name(), err)
	}
	return text, nil
}

// descend follows a path as far as there are elements, and returns what is
// missing of it.
func descend(e *etree.Element, path string) (at *etree.Element, missing []string) {
	for tag := range strings.SplitSeq(path, "/") {
		if tag == "" {
			continue
		}
		var next *etree.Element
		for _, c := range e.ChildElements() {
			if strings.EqualFold(c.Tag, tag) {
				next = c
			}
		}
		if next == nil || len(missing) > 0 {
			missing = append(missing, tag)
			continue
		}
		e = next
	}
	return e, missing
}
