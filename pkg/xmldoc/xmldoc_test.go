package xmldoc_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

const sample = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" +
	"<!-- a <sample> -->\r\n" +
	"<configuration>\r\n" +
	"    <sites>\r\n" +
	"        <site name='Größe'   id=\"1\" />\r\n" +
	"        <é a='x' />  <site\r\n" +
	"            name=\"b\" id = \"2\"></site>\r\n" +
	"    </sites>\r\n" +
	"</configuration>\r\n"

func parse(t *testing.T, text string) *xmldoc.Document {
	t.Helper()
	d, err := xmldoc.Parse("a.config", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func find(t *testing.T, d *xmldoc.Document, path string) *etree.Element {
	t.Helper()
	e := d.Root().FindElement(path)
	if e == nil {
		t.Fatalf("no element %s", path)
	}
	return e
}

func TestPositions(t *testing.T) {
	d := parse(t, sample)
	for _, c := range []struct{ path, attr, want string }{
		{".", "", "a.config:3:1"},
		{"./sites", "", "a.config:4:5"},
		{"./sites/site[1]", "", "a.config:5:9"},
		{"./sites/site[1]", "name", "a.config:5:15"},
		{"./sites/site[1]", "id", "a.config:5:30"},
		{"./sites/site[1]", "absent", "a.config:5:9"},
		{"./sites/site[2]", "", "a.config:6:22"},
		{"./sites/site[2]", "name", "a.config:7:13"},
		{"./sites/site[2]", "id", "a.config:7:22"},
	} {
		got := d.Pos(find(t, d, c.path))
		if c.attr != "" {
			got = d.AttrPos(find(t, d, c.path), c.attr)
		}
		if got.String() != c.want {
			t.Errorf("%s@%s is at %s, want %s", c.path, c.attr, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "a.config:1:1: there is no element"},
		{"text", "hello", "a.config:1:1: there is text outside the root element"},
		{"trailing text", "<a/>\n x", "a.config:2:2: there is text outside"},
		{"truncated", "<a>\n  <b>\n", "a.config:3:1: the file ends inside <b>, which was opened in line 2"},
		{"truncated tag", "<a>\n  <b name=\"x\"", "a.config:2:3: the tag <b never ends"},
		{"crossed tags", "<a>\n<b>\n</a>", "a.config:3:1: </a> stands where </b> must close the element opened in line 2"},
		{"end only", "</a>", "a.config:1:1: </a> closes nothing"},
		{"two roots", "<a/>\n<b/>", "a.config:2:1: a second root element <b>"},
		{"pasted declaration", "<a>\n<?xml version=\"1.0\"?><b/></a>", "a.config:2:1: an XML declaration stands only at the very start"},
		{"doctype", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>", "a.config:1:1: document type definitions and entities are not accepted"},
		{"unknown entity", "<a>\n <b x=\"&bomb;\"/></a>", "a.config:2:"},
		{"double attribute", "<a>\n <b x='1' y='2' x='3'/></a>", "a.config:2:17: <b>: attribute x is given twice"},
		{"no quotes", "<a x=1/>", "a.config:1:4: <a>: the value of attribute x is not in quotes"},
		{"no value", "<a x/>", "a.config:1:4: <a>: attribute x has no value"},
		{"missing quote", "<a x='1>\n<b/></a>", "a.config:1:4: <a>: the value of attribute x has a \"<\" in it"},
		{"lone ampersand", "<a>a & b</a>", "a.config:1:"},
		{"less than in text", "<a>1 < 2</a>", `a.config:1:6: "<" begins a tag`},
		{"open comment", "<a>\n<!-- x </a>", "a.config:2:1: this comment never ends"},
		{"NUL", "<a>\x00</a>", "a.config:1:4: byte 0x00 is not text"},
		{"latin1", "<a x='\xe9'/>", "a.config:1:7: byte 0xE9 is not text in UTF-8; save the file as UTF-8"},
		{"unknown encoding", `<?xml version="1.0" encoding="klingon"?><a/>`, `declares encoding "klingon", which is not known`},
		{"false encoding", `<?xml version="1.0" encoding="utf-16"?><a/>`, "its bytes are not UTF-16"},
		{"nesting", strings.Repeat("<a>", 65), "a.config:1:193: elements are nested deeper than 64"},
	} {
		d, err := xmldoc.Parse("a.config", []byte(c.text))
		var e *xmldoc.Error
		switch {
		case err == nil:
			t.Errorf("%s: parsed as %s, want an error", c.name, d.Root().Tag)
		case !errors.As(err, &e):
			t.Errorf("%s: %T, want an *xmldoc.Error", c.name, err)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %q does not say %q", c.name, err, c.want)
		}
	}
}

// TestHostileInputIsRefusedCheaply holds that many megabytes of anything are
// refused before a tree is built: with bounded memory and a short message.
func TestHostileInputIsRefusedCheaply(t *testing.T) {
	const size = 21 << 20
	fill := func(before, s, after string) []byte {
		return []byte(before + strings.Repeat(s, size/len(s)) + after)
	}
	for _, c := range []struct {
		name string
		make func() []byte
		want string
	}{
		{"too large", func() []byte { return make([]byte, xmldoc.MaxSize+1) }, "larger than 256 MiB"},
		{"nesting", func() []byte { return fill("", "<a>", "") }, "nested deeper than 64"},
		{"value", func() []byte { return fill("<a x='", "x", "'/>") }, "longer than 16 MiB"},
		{"references", func() []byte { return fill("<a x='", "&amp;", "'/>") }, "longer than 16 MiB"},
		{"attribute name", func() []byte { return fill("<a ", "x", "='1'/>") }, "longer than 16 MiB"},
		{"name alone", func() []byte { return fill("<a ", "x", "") }, "has no value"},
		{"element name", func() []byte { return fill("<", "x", "/>") }, "longer than 16 MiB"},
		{"text", func() []byte { return fill("<a>", "x", "</a>") }, "longer than 16 MiB"},
		{"comment", func() []byte { return fill("<!--", "x", "--><a/>") }, "longer than 16 MiB"},
		{"elements", func() []byte { return fill("<a>", "<b/> ", "</a>") }, "more than 8388608 elements"},
		{"attributes", func() []byte { return fill("<a ", "x='' ", "/>") }, "attribute x is given twice"},
		{"comments", func() []byte { return fill("", "<!---->", "") }, "there is no element"},
		{"open tags", func() []byte { return fill("", "<", "") }, "begins a tag"},
		{"declaration", func() []byte { return fill("<?xml ", "x", "?><a/>") }, "longer than 16 MiB"},
		{"entities", func() []byte { return fill("<!DOCTYPE a [", "<!ENTITY a '&a;&a;'>", "]><a/>") }, "document type definitions"},
	} {
		data := c.make()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := xmldoc.Parse("a", data)
		runtime.ReadMemStats(&after)
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		case len(err.Error()) > 300:
			t.Errorf("%s: the message has %d bytes", c.name, len(err.Error()))
		case after.TotalAlloc-before.TotalAlloc > 10*size:
			t.Errorf("%s: %d bytes were allocated", c.name, after.TotalAlloc-before.TotalAlloc)
		}
	}
}

// encodings writes a text in the forms people save files in.
func encodings(text string) map[string][]byte {
	utf16Bytes := func(put func(uint16) []byte, bom bool) []byte {
		var out []byte
		if bom {
			out = put(0xFEFF)
		}
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, put(u)...)
		}
		return out
	}
	le := func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }
	be := func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }
	return map[string][]byte{
		"utf-8":        []byte(text),
		"utf-8 bom":    append([]byte("\xEF\xBB\xBF"), text...),
		"utf-16le bom": utf16Bytes(le, true),
		"utf-16be bom": utf16Bytes(be, true),
		"utf-16le":     utf16Bytes(le, false),
	}
}

func TestEncodings(t *testing.T) {
	text := strings.Replace(sample, ` encoding="UTF-8"`, "", 1)
	for name, data := range encodings(text) {
		d, err := xmldoc.Parse("a.config", data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		site := find(t, d, "./sites/site[1]")
		if got := site.SelectAttrValue("name", ""); got != "Größe" {
			t.Errorf("%s: name is %q", name, got)
		}
		if got := d.AttrPos(site, "id").String(); got != "a.config:5:30" {
			t.Errorf("%s: id is at %s", name, got)
		}
		same, err := d.Edit().Apply()
		if err != nil || !bytes.Equal(same, data) {
			t.Errorf("%s: no change changed the bytes (%v)", name, err)
		}
		edit := d.Edit()
		edit.SetAttr(site, "name", "Maß")
		changed, err := edit.Apply()
		want := encodings(strings.Replace(text, "Größe", "Maß", 1))[name]
		if err != nil || !bytes.Equal(changed, want) {
			t.Errorf("%s: changed to %q, %v; want %q", name, changed, err, want)
		}
	}
}

func TestDeclaredEncoding(t *testing.T) {
	data := []byte("<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<a x=\"caf\xe9\"/>")
	d, err := xmldoc.Parse("a.config", data)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Root().SelectAttrValue("x", ""); got != "café" {
		t.Errorf("x = %q", got)
	}
	edit := d.Edit()
	edit.SetAttr(d.Root(), "x", "thé")
	got, err := edit.Apply()
	if want := "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<a x=\"th\xe9\"/>"; err != nil || string(got) != want {
		t.Errorf("changed to %q, %v", got, err)
	}
	edit = d.Edit()
	edit.SetAttr(d.Root(), "x", "寿司")
	got, err = edit.Apply()
	if want := "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<a x=\"&#x5BFF;&#x53F8;\"/>"; err != nil || string(got) != want {
		t.Errorf("characters the encoding lacks: %q, %v; want %q", got, err, want)
	}
}

func TestASCIIStaysASCII(t *testing.T) {
	d := parse(t, `<?xml version="1.0" encoding="us-ascii"?><a/>`)
	edit := d.Edit()
	edit.SetAttr(d.Root(), "x", "é")
	got, err := edit.Apply()
	if want := `<?xml version="1.0" encoding="us-ascii"?><a x="&#xE9;"/>`; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestBytesThatAreNotTheEncoding(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"lone surrogate": {"\xff\xfe<\x00a\x00 \x00x\x00=\x00'\x00\x00\xd8'\x00/\x00>\x00", "a:1:7: these bytes are not text in UTF-16"},
		"half a unit":    {"\xff\xfe<\x00a\x00/\x00>\x00\x0a", "a:1:5: these bytes are not text in UTF-16"},
		"cp1252 hole":    {"<?xml version='1.0' encoding='shift_jis'?><a x='\xff'/>", "a:1:49: these bytes are not text in shift_jis"},
	} {
		if _, err := xmldoc.Parse("a", []byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestUnusualEncodingIsReadButNotEdited(t *testing.T) {
	data := []byte("<?xml version='1.0' encoding='iso-2022-jp'?><a x='\x1b$B\x1b(B'/>")
	d, err := xmldoc.Parse("a", data)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := d.Edit().Apply(); err != nil || !bytes.Equal(same, data) {
		t.Errorf("no change: %q, %v", same, err)
	}
	edit := d.Edit()
	edit.SetAttr(d.Root(), "y", "1")
	if got, err := edit.Apply(); err == nil {
		t.Errorf("the other bytes changed: %q", got)
	}
}

func TestPositionsInOneLongLine(t *testing.T) {
	var b strings.Builder
	b.WriteString("<a>\n")
	for range 3000 {
		b.WriteString("<é/>")
	}
	b.WriteString("<last/>\n</a>")
	d := parse(t, b.String())
	if got := d.Pos(find(t, d, "./last")).String(); got != "a.config:2:12001" {
		t.Errorf("last is at %s", got)
	}
}

func TestStylesheetInstructionIsNoDeclaration(t *testing.T) {
	d := parse(t, "<?xml version=\"1.0\"?>\n<?xml-stylesheet href=\"x\"?>\n<a/>")
	if got := d.Pos(d.Root()).String(); got != "a.config:3:1" {
		t.Errorf("root is at %s", got)
	}
}
