package xmldoc_test

import (
	"bytes"
	"testing"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

func element(tag string, attrs ...string) *etree.Element {
	e := etree.NewElement(tag)
	for i := 0; i < len(attrs); i += 2 {
		e.CreateAttr(attrs[i], attrs[i+1])
	}
	return e
}

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		name, in string
		edit     func(e *xmldoc.Edit, root *etree.Element)
		want     string
	}{
		{
			"set keeps the quotes", `<a x='1' y = "2"/>`,
			func(e *xmldoc.Edit, a *etree.Element) { e.SetAttr(a, "x", "it's"); e.SetAttr(a, "y", `"&<`) },
			`<a x='it&apos;s' y = "&quot;&amp;&lt;"/>`,
		},
		{
			"set a new attribute", "<a x='1'\n   />",
			func(e *xmldoc.Edit, a *etree.Element) { e.SetAttr(a, "y", "line\r\nend") },
			"<a x='1' y=\"line&#xD;&#xA;end\"\n   />",
		},
		{
			"remove an attribute", "<a x='1'\n   y='2' z='3'/>",
			func(e *xmldoc.Edit, a *etree.Element) { e.RemoveAttr(a, "y"); e.RemoveAttr(a, "none") },
			"<a x='1' z='3'/>",
		},
		{
			"append to a list", "<a>\r\n\t<b/>\r\n\t<!-- last -->\r\n</a>\r\n",
			func(e *xmldoc.Edit, a *etree.Element) { e.Append(a, element("c", "n", "1")) },
			"<a>\r\n\t<b/>\r\n\t<c n=\"1\" />\r\n\t<!-- last -->\r\n</a>\r\n",
		},
		{
			"append to a self-closing element, twice", "<a>\n  <b x='1' />\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				b := a.ChildElements()[0]
				e.Append(b, element("c"))
				e.Append(b, element("d"))
			},
			"<a>\n  <b x='1'>\n    <c />\n    <d />\n  </b>\n</a>",
		},
		{
			"append to an empty pair", "<a>\n  <b></b>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) { e.Append(a.ChildElements()[0], element("c")) },
			"<a>\n  <b>\n    <c />\n  </b>\n</a>",
		},
		{
			"append behind a comment", "<a>\n  <b>\n    <!-- none yet -->\n  </b>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) { e.Append(a.ChildElements()[0], element("c")) },
			"<a>\n  <b>\n    <!-- none yet -->\n    <c />\n  </b>\n</a>",
		},
		{
			"insert before and after", "<a>\n  <b/>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				e.InsertBefore(a.ChildElements()[0], element("x"))
				e.InsertAfter(a.ChildElements()[0], element("y"))
			},
			"<a>\n  <x />\n  <b/>\n  <y />\n</a>",
		},
		{
			"remove with its line", "<a>\n  <b/>\n  <c>\n    <d/>\n  </c>\n  <e/>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) { e.Remove(a.ChildElements()[1]) },
			"<a>\n  <b/>\n  <e/>\n</a>",
		},
		{
			"remove within a line", "<a><b/><c/><d/></a>",
			func(e *xmldoc.Edit, a *etree.Element) { e.Remove(a.ChildElements()[1]) },
			"<a><b/><d/></a>",
		},
		{
			"the last word on an attribute counts", `<a x='1' z="3"/>`,
			func(e *xmldoc.Edit, a *etree.Element) {
				e.SetAttr(a, "x", "2")
				e.SetAttr(a, "x", "4")
				e.SetAttr(a, "y", "1")
				e.SetAttr(a, "y", "2")
				e.RemoveAttr(a, "z")
				e.SetAttr(a, "z", "5")
			},
			`<a x='4' z="5" y="2"/>`,
		},
		{
			"replace the only attribute and open", "<a x='1' />",
			func(e *xmldoc.Edit, a *etree.Element) {
				e.RemoveAttr(a, "x")
				e.SetAttr(a, "y", "2")
				e.Append(a, element("b"))
			},
			"<a y=\"2\">\n    <b />\n</a>",
		},
		{
			"append to an empty pair, twice", "<a>\n\t<b></b>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				b := a.ChildElements()[0]
				c := element("c")
				c.AddChild(element("d"))
				e.Append(b, c)
				e.Append(b, element("e"))
			},
			"<a>\n\t<b>\n\t\t<c>\n\t\t\t<d />\n\t\t</c>\n\t\t<e />\n\t</b>\n</a>",
		},
		{
			"append within a line", "<a><b/></a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				e.Append(a, element("c"))
				e.Append(a, element("d"))
				e.Append(a.ChildElements()[0], element("x"))
			},
			"<a><b><x /></b><c /><d /></a>",
		},
		{
			"the line ends of the neighbours", "<a>\n  <b>\r\n    <c/>\r\n  </b>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				e.Append(a, element("x"))
				e.Append(a.ChildElements()[0], element("y"))
			},
			"<a>\n  <b>\r\n    <c/>\r\n    <y />\r\n  </b>\n  <x />\n</a>",
		},
		{
			"remove the last and append", "<a>\n  <b/>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				e.Remove(a.ChildElements()[0])
				e.Append(a, element("d"))
			},
			"<a>\n  <d />\n</a>",
		},
		{
			"remove before a comment on the line", "<a>\n  <b/> <!-- stays -->\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) { e.Remove(a.ChildElements()[0]) },
			"<a>\n   <!-- stays -->\n</a>",
		},
		{
			"text", "<a>\n</a>",
			func(e *xmldoc.Edit, a *etree.Element) {
				c := element("c")
				c.SetText(" x<y ")
				e.Append(a, c)
			},
			"<a>\n    <c> x&lt;y </c>\n</a>",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, c.in)
			e := d.Edit()
			c.edit(e, d.Root())
			got, err := e.Apply()
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
			if _, err := xmldoc.Parse("b", got); err != nil {
				t.Errorf("the result does not parse: %v", err)
			}
		})
	}
}

func TestEditRefuses(t *testing.T) {
	mixed := element("m")
	mixed.SetText("text")
	mixed.AddChild(element("n"))
	comment := element("m")
	comment.CreateComment("x")
	for name, edit := range map[string]func(e *xmldoc.Edit, a, b *etree.Element){
		"overlapping":       func(e *xmldoc.Edit, _, b *etree.Element) { e.Remove(b); e.SetAttr(b, "x", "2") },
		"removed twice":     func(e *xmldoc.Edit, _, b *etree.Element) { e.Remove(b); e.Remove(b) },
		"foreign":           func(e *xmldoc.Edit, _, _ *etree.Element) { e.SetAttr(element("z"), "x", "2") },
		"foreign parent":    func(e *xmldoc.Edit, _, _ *etree.Element) { e.Append(element("z"), element("y")) },
		"the root":          func(e *xmldoc.Edit, a, _ *etree.Element) { e.Remove(a) },
		"beside the root":   func(e *xmldoc.Edit, a, _ *etree.Element) { e.InsertAfter(a, element("z")) },
		"before the root":   func(e *xmldoc.Edit, a, _ *etree.Element) { e.InsertBefore(a, element("z")) },
		"a broken name":     func(e *xmldoc.Edit, a, _ *etree.Element) { e.SetAttr(a, "b c", "1") },
		"an empty name":     func(e *xmldoc.Edit, a, _ *etree.Element) { e.SetAttr(a, "", "1") },
		"a control":         func(e *xmldoc.Edit, a, _ *etree.Element) { e.SetAttr(a, "y", "\x01") },
		"bytes":             func(e *xmldoc.Edit, a, _ *etree.Element) { e.SetAttr(a, "y", "\xff") },
		"a broken fragment": func(e *xmldoc.Edit, a, _ *etree.Element) { e.Append(a, element("c", "x", "\x00")) },
		"mixed content":     func(e *xmldoc.Edit, a, _ *etree.Element) { e.Append(a, mixed) },
		"a comment":         func(e *xmldoc.Edit, a, _ *etree.Element) { e.Append(a, comment) },
	} {
		d := parse(t, "<a><b x='1'/></a>")
		e := d.Edit()
		edit(e, d.Root(), d.Root().ChildElements()[0])
		if got, err := e.Apply(); err == nil {
			t.Errorf("%s gave %q", name, got)
		}
	}
}

// FuzzEdit holds that what parses is unchanged by no edit, and that a changed
// attribute reads back as set with everything else as it was.
func FuzzEdit(f *testing.F) {
	f.Add([]byte(sample), "x", "it's \"<&\r\n")
	f.Add([]byte("<a x='1'/>"), "x", "")
	f.Add([]byte("\xEF\xBB\xBF<a><b></b></a>"), "y", "é")
	f.Add([]byte("<a>\n<b x='&#x41;'>t</b><!-- c --></a>"), "x", "]]>")
	f.Fuzz(func(t *testing.T, data []byte, key, value string) {
		d, err := xmldoc.Parse("f", data)
		if err != nil {
			return
		}
		same, err := d.Edit().Apply()
		if err != nil || !bytes.Equal(same, data) {
			t.Fatalf("no change changed the bytes: %q, %v", same, err)
		}
		if !validName(key) || !validText(value) {
			return
		}
		last := d.Root()
		for kids := last.ChildElements(); len(kids) > 0; kids = last.ChildElements() {
			last = kids[len(kids)-1]
		}
		e := d.Edit()
		e.SetAttr(last, key, value)
		changed, err := e.Apply()
		if err != nil {
			return // a name or a character that XML cannot hold
		}
		again, err := xmldoc.Parse("g", changed)
		if err != nil {
			t.Fatalf("%q does not parse: %v", changed, err)
		}
		last.CreateAttr(key, value)
		if got, want := write(t, again.Root()), write(t, d.Root()); got != want {
			t.Fatalf("reads back as %q, want %q", got, want)
		}
	})
}

// validName reports whether key is an attribute's whole name.
func validName(key string) bool {
	d, err := xmldoc.Parse("k", []byte("<a "+key+"=''/>"))
	return err == nil && len(d.Root().Attr) == 1 && d.Root().Attr[0].FullKey() == key
}

// validText reports whether XML can hold the text at all.
func validText(s string) bool {
	_, err := xmldoc.Parse("v", []byte("<a>"+escapeMarkup(s)+"</a>"))
	return err == nil
}

func escapeMarkup(s string) string {
	s = string(bytes.ReplaceAll([]byte(s), []byte("&"), []byte("&amp;")))
	s = string(bytes.ReplaceAll([]byte(s), []byte(">"), []byte("&gt;")))
	return string(bytes.ReplaceAll([]byte(s), []byte("<"), []byte("&lt;")))
}

func write(t *testing.T, root *etree.Element) string {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(root.Copy())
	s, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
