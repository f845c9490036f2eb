package xmldoc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// iisStep is one step of indentation as IIS writes it.
const iisStep = "    "

// writer writes new elements so that they look like their neighbours.
type writer struct {
	form    *form
	newline string // "" writes everything on one line
	indent  string
	step    string
}

// writer takes its looks from an element: its line end, its indentation. When
// the element does not begin its line, new text joins that line.
func (e *Edit) writer(l layout) writer {
	d := e.doc
	w := writer{form: &d.form, step: d.stepAt(l)}
	lead := d.lead(l)
	if at := l.start - len(lead); at == 0 || d.text[at-1] == '\n' {
		w.newline, w.indent = d.newline(l.start), string(lead)
	}
	return w
}

func (w writer) deeper(step string) writer {
	w.indent += step
	return w
}

// line begins a new line.
func (w writer) line() string {
	if w.newline == "" {
		return ""
	}
	return w.newline + w.indent
}

// element writes a fragment as IIS does: attributes in double quotes, " />",
// one element a line.
func (w writer) element(el *etree.Element) string {
	var b strings.Builder
	b.WriteString("<" + el.FullTag())
	for _, a := range el.Attr {
		b.WriteString(" " + a.FullKey() + `="` + w.form.escape(a.Value, '"') + `"`)
	}
	kids, text := el.ChildElements(), el.Text()
	if len(kids) == 0 && text == "" {
		b.WriteString(" />")
		return b.String()
	}
	b.WriteString(">")
	if len(kids) == 0 {
		b.WriteString(w.form.escape(text, '"') + "</" + el.FullTag() + ">")
		return b.String()
	}
	inner := w.deeper(w.step)
	for _, kid := range kids {
		b.WriteString(inner.line() + inner.element(kid))
	}
	b.WriteString(w.line() + "</" + el.FullTag() + ">")
	return b.String()
}

// lead is the white space right before an element.
func (d *Document) lead(l layout) []byte {
	before := d.text[:l.start]
	return before[len(bytes.TrimRight(before, " \t")):]
}

// newline is the line end used at a place: that of the line before, else the
// first of the document.
func (d *Document) newline(at int) string {
	i := bytes.LastIndexByte(d.text[:at], '\n')
	if i < 0 {
		i = bytes.IndexByte(d.text, '\n')
	}
	if i > 0 && d.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// step is what a child of an element is indented by: what the element itself
// has more than its parent, else what stepAt says.
func (d *Document) step(e *etree.Element) string {
	l, _ := d.layout(e)
	if parent, ok := d.layout(e.Parent()); ok {
		step, deeper := bytes.CutPrefix(d.lead(l), d.lead(parent))
		if deeper && len(step) > 0 {
			return string(step)
		}
	}
	return d.stepAt(l)
}

// stepAt is the step of a place where nothing better is known: a tab where
// tabs indent, else IIS's four spaces.
func (d *Document) stepAt(l layout) string {
	if lead := d.lead(l); bytes.IndexByte(lead, '\t') >= 0 && bytes.IndexByte(lead, ' ') < 0 {
		return "\t"
	}
	return iisStep
}

// escape writes a value so that it reads back unchanged between quotes.
// Characters that the encoding lacks become references.
func (f *form) escape(value string, quote byte) string {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"' && quote == '"':
			b.WriteString("&quot;")
		case r == '\'' && quote == '\'':
			b.WriteString("&apos;")
		case r < ' ' || !f.holds(r):
			fmt.Fprintf(&b, "&#x%X;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// checkFragment refuses what cannot be written so that it reads back.
func (f *form) checkFragment(el *etree.Element) error {
	if err := f.checkName(el.FullTag()); err != nil {
		return err
	}
	for _, a := range el.Attr {
		if err := errors.Join(f.checkName(a.FullKey()), checkValue(a.Value)); err != nil {
			return err
		}
	}
	elements, texts := 0, 0
	for _, child := range el.Child {
		switch c := child.(type) {
		case *etree.Element:
			elements++
			if err := f.checkFragment(c); err != nil {
				return err
			}
		case *etree.CharData:
			texts++
			if err := checkValue(c.Data); err != nil {
				return err
			}
		default:
			return fmt.Errorf("a new <%s> may hold elements or text only", el.FullTag())
		}
	}
	if elements > 0 && texts > 0 {
		return fmt.Errorf("a new <%s> cannot hold both elements and text", el.FullTag())
	}
	return nil
}

// checkName accepts what the tree builder reads as one whole name.
func (f *form) checkName(name string) error {
	if nameLength([]byte(name)) == len(name) && strings.Trim(name, ":") == name {
		token, err := xml.NewDecoder(strings.NewReader("<" + name + "/>")).RawToken()
		start, ok := token.(xml.StartElement)
		if err == nil && ok && len(start.Attr) == 0 && f.escape(name, 0) == name {
			return nil
		}
	}
	return fmt.Errorf("%q cannot be the name of an element or attribute", name)
}

// checkValue accepts the characters that XML can hold.
func checkValue(value string) error {
	if !utf8.ValidString(value) {
		return fmt.Errorf("%q is not UTF-8 text", value)
	}
	for _, r := range value {
		if (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("the character U+%04X cannot stand in an XML file", r)
		}
	}
	return nil
}
