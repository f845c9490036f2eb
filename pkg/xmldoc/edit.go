package xmldoc

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Edit collects changes to a document and applies them as splices of its
// text: what no change names stays byte for byte.
type Edit struct {
	doc     *Document
	splices []splice
	// filled are self-closing parents that got their first child, with the
	// index of the splice that opens them.
	filled map[*etree.Element]int
	err    error
}

// splice replaces text[from:to].
type splice struct {
	from, to int
	text     string
}

// errForeign is an edit of an element that is not of the document.
var errForeign = errors.New("the element to edit is not one of this document")

// Edit starts a set of changes. Each names elements of the unchanged
// document; Apply makes them all at once.
func (d *Document) Edit() *Edit { return &Edit{doc: d, filled: map[*etree.Element]int{}} }

// SetAttr gives an attribute a value: in place, with the quotes it has, or
// behind the last attribute.
func (e *Edit) SetAttr(el *etree.Element, key, value string) {
	s, ok := e.span(el)
	if !ok {
		return
	}
	if a, ok := e.doc.attribute(el, key); ok {
		e.splice(a.value.from, a.value.to, escape(value, a.quote))
		return
	}
	at := s.nameEnd
	for a := range attributesOf(e.doc.text, s.nameEnd) {
		if a.end == 0 && a.err == "" {
			at = a.value.to + 1
		}
	}
	e.splice(at, at, " "+key+`="`+escape(value, '"')+`"`)
}

// RemoveAttr takes an attribute away with the space before it. An attribute
// that is not there is no error.
func (e *Edit) RemoveAttr(el *etree.Element, key string) {
	if _, ok := e.span(el); !ok {
		return
	}
	a, ok := e.doc.attribute(el, key)
	if !ok {
		return
	}
	from := a.key.from
	for from > 0 && strings.IndexByte(" \t\r\n", e.doc.text[from-1]) >= 0 {
		from--
	}
	e.splice(from, a.value.to+1, "")
}

// Append puts a new element behind the last child of parent, indented as its
// neighbours are. The fragment is written out; it does not join the document.
func (e *Edit) Append(parent, fragment *etree.Element) {
	s, ok := e.span(parent)
	if !ok {
		return
	}
	if kids := parent.ChildElements(); len(kids) > 0 {
		e.InsertAfter(kids[len(kids)-1], fragment)
		return
	}
	indent := e.indentOf(s) + e.unit(parent)
	body := e.newline() + indent + e.render(fragment, indent)
	if s.endTag != s.end {
		// <parent></parent>, perhaps with comments or space inside.
		at := e.doc.contentEnd(s)
		tail := ""
		if at == s.endTag && !bytes.ContainsRune(e.doc.text[s.tagEnd:s.endTag], '\n') {
			tail = e.newline() + e.indentOf(s)
		}
		e.splice(at, at, body+tail)
		return
	}
	if i, ok := e.filled[parent]; ok {
		e.splices[i].text = insertBeforeLast(e.splices[i].text, e.newline()+e.indentOf(s)+"</", body)
		return
	}
	e.filled[parent] = len(e.splices)
	from := s.tagEnd - len("/>")
	for from > s.nameEnd && strings.IndexByte(" \t\r\n", e.doc.text[from-1]) >= 0 {
		from--
	}
	name := string(e.doc.text[s.start+1 : s.nameEnd])
	e.splice(from, s.tagEnd, ">"+body+e.newline()+e.indentOf(s)+"</"+name+">")
}

// InsertAfter puts a new element behind a sibling.
func (e *Edit) InsertAfter(sibling, fragment *etree.Element) {
	if s, ok := e.span(sibling); ok {
		indent := e.indentOf(s)
		e.splice(s.end, s.end, e.newline()+indent+e.render(fragment, indent))
	}
}

// InsertBefore puts a new element before a sibling.
func (e *Edit) InsertBefore(sibling, fragment *etree.Element) {
	if s, ok := e.span(sibling); ok {
		indent := e.indentOf(s)
		e.splice(s.start, s.start, e.render(fragment, indent)+e.newline()+indent)
	}
}

// Remove takes an element away, with its line when nothing else is on it.
func (e *Edit) Remove(el *etree.Element) {
	s, ok := e.span(el)
	if !ok {
		return
	}
	text := e.doc.text
	from := s.start
	for from > 0 && (text[from-1] == ' ' || text[from-1] == '\t') {
		from--
	}
	switch {
	case from >= 2 && text[from-1] == '\n' && text[from-2] == '\r':
		from -= 2
	case from >= 1 && text[from-1] == '\n':
		from--
	default:
		from = s.start
	}
	to := s.end
	if rest := skipBlank(text, to); rest < len(text) && text[rest] != '\n' && text[rest] != '\r' {
		from = s.start // something follows on the line; keep the line
	}
	e.splice(from, to, "")
}

// Apply returns the bytes of the changed document, in the encoding and with
// the byte order mark of the original. Changes that overlap are an error.
func (e *Edit) Apply() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	if len(e.splices) == 0 {
		return bytes.Clone(e.doc.original), nil
	}
	splices := slices.Clone(e.splices)
	slices.SortStableFunc(splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var out []byte
	at := 0
	for _, s := range splices {
		if s.from < at {
			return nil, errors.New("two of the changes concern the same text")
		}
		out = append(out, e.doc.text[at:s.from]...)
		out = append(out, s.text...)
		at = s.to
	}
	return e.doc.form.encode(append(out, e.doc.text[at:]...))
}

func (e *Edit) splice(from, to int, text string) {
	e.splices = append(e.splices, splice{from, to, text})
}

func (e *Edit) span(el *etree.Element) (span, bool) {
	s, ok := e.doc.spans[el]
	if !ok {
		e.err = errForeign
	}
	return s, ok
}

// contentEnd is behind the last thing inside an element that is not space.
func (d *Document) contentEnd(s span) int {
	return s.tagEnd + len(bytes.TrimRight(d.text[s.tagEnd:s.endTag], " \t\r\n"))
}

// newline is the line end of the document: the first one it has.
func (e *Edit) newline() string {
	if i := bytes.IndexByte(e.doc.text, '\n'); i > 0 && e.doc.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// indentOf is the white space an element's line begins with, "" when the
// element does not begin its line.
func (e *Edit) indentOf(s span) string {
	line := bytes.LastIndexByte(e.doc.text[:s.start], '\n') + 1
	lead := e.doc.text[line:s.start]
	if len(bytes.Trim(lead, " \t")) > 0 {
		return ""
	}
	return string(lead)
}

// unit is one step of indentation: what an element has more than its parent,
// else four spaces as IIS writes.
func (e *Edit) unit(el *etree.Element) string {
	const iis = "    "
	parent := el.Parent()
	s, ok := e.doc.spans[parent]
	if !ok {
		return iis
	}
	if step, ok := strings.CutPrefix(e.indentOf(e.doc.spans[el]), e.indentOf(s)); ok && step != "" {
		return step
	}
	return iis
}

// render writes a fragment as IIS does: attributes in double quotes, " />",
// one element a line.
func (e *Edit) render(el *etree.Element, indent string) string {
	var b strings.Builder
	e.renderTo(&b, el, indent)
	return b.String()
}

func (e *Edit) renderTo(b *strings.Builder, el *etree.Element, indent string) {
	const step = "    "
	b.WriteString("<" + el.FullTag())
	for _, a := range el.Attr {
		b.WriteString(" " + a.FullKey() + `="` + escape(a.Value, '"') + `"`)
	}
	kids := el.ChildElements()
	if len(kids) == 0 {
		b.WriteString(" />")
		return
	}
	b.WriteString(">")
	for _, kid := range kids {
		b.WriteString(e.newline() + indent + step)
		e.renderTo(b, kid, indent+step)
	}
	b.WriteString(e.newline() + indent + "</" + el.FullTag() + ">")
}

// escape writes a value so that it reads back unchanged between quotes.
func escape(value string, quote byte) string {
	r := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")
	value = r.Replace(value)
	if quote == '\'' {
		return strings.ReplaceAll(value, "'", "&apos;")
	}
	return strings.ReplaceAll(value, `"`, "&quot;")
}

func skipBlank(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

func insertBeforeLast(s, mark, insert string) string {
	i := strings.LastIndex(s, mark)
	return s[:i] + insert + s[i:]
}
