package xmldoc

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Edit collects changes to a document and applies them as splices of its
// text: what no change names stays byte for byte. Changes are of the document
// as it was parsed; the last word on one attribute counts.
type Edit struct {
	doc      *Document
	attrs    []attrChange
	splices  []splice // insertions and removals
	appended []appended
	err      error
}

// attrChange is what one attribute becomes.
type attrChange struct {
	e      *etree.Element
	key    string
	value  string
	remove bool
}

// appended are the new children at the end of one parent.
type appended struct {
	parent    *etree.Element
	fragments []*etree.Element
}

// splice replaces text[from:to].
type splice struct {
	from, to int
	text     string
}

// errForeign is an edit of an element that is not of the document.
var errForeign = errors.New("the element to edit is not one of this document")

// errRoot is an edit that would leave a document without exactly one root.
var errRoot = errors.New("the root element stays, and stays alone")

// Edit starts a set of changes. Each names elements of the unchanged
// document; Apply makes them all at once.
func (d *Document) Edit() *Edit { return &Edit{doc: d} }

// SetAttr gives an attribute a value: in place, with the quotes it has, or
// behind the last attribute.
func (e *Edit) SetAttr(el *etree.Element, key, value string) {
	e.check(el)
	e.fail(e.doc.form.checkName(key))
	e.fail(checkValue(value))
	e.change(attrChange{e: el, key: key, value: value})
}

// RemoveAttr takes an attribute away with the space before it. An attribute
// that is not there is no error.
func (e *Edit) RemoveAttr(el *etree.Element, key string) {
	e.check(el)
	e.change(attrChange{e: el, key: key, remove: true})
}

func (e *Edit) change(c attrChange) {
	for i := range e.attrs {
		if e.attrs[i].e == c.e && e.attrs[i].key == c.key {
			e.attrs[i] = c
			return
		}
	}
	e.attrs = append(e.attrs, c)
}

// Append puts a new element behind the last child of parent, indented as its
// neighbours are. The fragment is written out, elements, attributes and text;
// it does not join the document.
func (e *Edit) Append(parent, fragment *etree.Element) {
	e.check(parent)
	e.fail(e.doc.form.checkFragment(fragment))
	for i := range e.appended {
		if a := &e.appended[i]; a.parent == parent {
			a.fragments = append(a.fragments, fragment)
			return
		}
	}
	e.appended = append(e.appended, appended{parent, []*etree.Element{fragment}})
}

// InsertAfter puts a new element behind a sibling.
func (e *Edit) InsertAfter(sibling, fragment *etree.Element) {
	if l, ok := e.inner(sibling, fragment); ok {
		e.splice(l.end, l.end, e.behind(l, fragment))
	}
}

// InsertBefore puts a new element before a sibling.
func (e *Edit) InsertBefore(sibling, fragment *etree.Element) {
	if l, ok := e.inner(sibling, fragment); ok {
		w := e.writer(l)
		e.splice(l.start, l.start, w.element(fragment)+w.line())
	}
}

// inner checks what is inserted and beside what.
func (e *Edit) inner(sibling, fragment *etree.Element) (layout, bool) {
	e.fail(e.doc.form.checkFragment(fragment))
	if sibling == e.doc.root {
		e.fail(errRoot)
	}
	e.check(sibling)
	if e.err != nil {
		return layout{}, false
	}
	return e.doc.layout(sibling)
}

// Remove takes an element away, with its line when nothing else is on it.
func (e *Edit) Remove(el *etree.Element) {
	l, ok := e.doc.layout(el)
	switch {
	case !ok:
		e.fail(errForeign)
	case el == e.doc.root:
		e.fail(errRoot)
	default:
		from, to := e.doc.wholeLine(l)
		e.splice(from, to, "")
	}
}

// wholeLine widens an element to its line, from the line end before it, when
// nothing else stands there.
func (d *Document) wholeLine(l layout) (from, to int) {
	from = l.start - len(d.lead(l))
	switch {
	case from >= 2 && d.text[from-1] == '\n' && d.text[from-2] == '\r':
		from -= 2
	case from >= 1 && d.text[from-1] == '\n':
		from--
	default:
		return l.start, l.end
	}
	if rest := bytes.TrimLeft(d.text[l.end:], " \t"); len(rest) > 0 && rest[0] != '\n' && rest[0] != '\r' {
		return l.start, l.end
	}
	return from, l.end
}

// Apply returns the bytes of the changed document, in the encoding and with
// the byte order mark of the original. Changes that overlap, such as one
// inside an element that is removed, are an error.
func (e *Edit) Apply() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	splices := e.all()
	if len(splices) == 0 {
		return bytes.Clone(e.doc.original), nil
	}
	if e.doc.form.enc != nil && !e.doc.reproducible() {
		return nil, fmt.Errorf("%s is written in %s in a way that cannot be repeated; save it as UTF-8 before it is edited", e.doc.name, e.doc.form.name)
	}
	var out bytes.Buffer
	at := 0
	for _, s := range splices {
		if s.from < at {
			return nil, errors.New("two of the changes concern the same text")
		}
		out.Write(e.doc.text[at:s.from])
		out.WriteString(s.text)
		at = s.to
	}
	out.Write(e.doc.text[at:])
	return e.doc.form.encode(out.Bytes())
}

// all are the changes as splices in the order of the text. Of those at one
// place, insertions come in the order of the calls and before a replacement.
func (e *Edit) all() []splice {
	var all []splice
	for _, c := range e.attrs {
		if s, ok := e.attrSplice(c); ok {
			all = append(all, s)
		}
	}
	all = append(all, e.splices...)
	for _, a := range e.appended {
		all = append(all, e.appendSplice(a))
	}
	slices.SortStableFunc(all, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return all
}

func (e *Edit) attrSplice(c attrChange) (splice, bool) {
	a, exists := e.doc.attribute(c.e, c.key)
	switch {
	case exists && c.remove:
		before := bytes.TrimRight(e.doc.text[:a.key.from], " \t\r\n")
		return splice{len(before), a.value.to + 1, ""}, true
	case exists:
		return splice{a.value.from, a.value.to, e.doc.form.escape(c.value, a.quote)}, true
	case c.remove:
		return splice{}, false
	}
	l, _ := e.doc.layout(c.e)
	return splice{l.attrEnd, l.attrEnd, " " + c.key + `="` + e.doc.form.escape(c.value, '"') + `"`}, true
}

// appendSplice writes new children behind the last one, or opens a parent
// that has none.
func (e *Edit) appendSplice(a appended) splice {
	l, _ := e.doc.layout(a.parent)
	if kids := a.parent.ChildElements(); len(kids) > 0 {
		last, _ := e.doc.layout(kids[len(kids)-1])
		return splice{last.end, last.end, e.behind(last, a.fragments...)}
	}
	outer := e.writer(l)
	w := outer.deeper(e.doc.step(a.parent))
	var body strings.Builder
	for _, f := range a.fragments {
		body.WriteString(w.line() + w.element(f))
	}
	if l.selfClosing() {
		tag := string(e.doc.text[l.start+1 : l.nameEnd])
		// Space before "/>" goes; space with an attribute in it does not.
		from := max(l.attrEnd, len(bytes.TrimRight(e.doc.text[:l.tagEnd-len("/>")], " \t\r\n")))
		return splice{from, l.tagEnd, ">" + body.String() + outer.line() + "</" + tag + ">"}
	}
	// <parent></parent>, perhaps with comments or space inside.
	at := l.tagEnd + len(bytes.TrimRight(e.doc.text[l.tagEnd:l.endTag], " \t\r\n"))
	if !bytes.ContainsRune(e.doc.text[at:l.endTag], '\n') {
		body.WriteString(outer.line())
	}
	return splice{at, at, body.String()}
}

// behind writes elements that follow a sibling.
func (e *Edit) behind(sibling layout, fragments ...*etree.Element) string {
	w := e.writer(sibling)
	var b strings.Builder
	for _, f := range fragments {
		b.WriteString(w.line() + w.element(f))
	}
	return b.String()
}

func (e *Edit) splice(from, to int, text string) {
	e.splices = append(e.splices, splice{from, to, text})
}

// check keeps out elements that are not of the document.
func (e *Edit) check(el *etree.Element) {
	if _, ok := e.doc.spans[el]; !ok {
		e.fail(errForeign)
	}
}

// fail keeps the first error for Apply to return.
func (e *Edit) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}
