package schemadoc

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
)

func referencePage(t *testing.T) string {
	t.Helper()
	data, err := Page(embedded(t), administration(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPageSnippetsLoad: every xml block of the page is a complete document
// that loads without a word.
func TestPageSnippetsLoad(t *testing.T) {
	blocks := strings.Split(referencePage(t), "\n```xml\n")[1:]
	if len(blocks) < 20 {
		t.Fatalf("only %d examples", len(blocks))
	}
	for i, block := range blocks {
		text, _, _ := strings.Cut(block, "\n```\n")
		for _, problem := range load(t, fmt.Sprintf("example %d", i+1), text) {
			t.Errorf("%v in\n%s", problem, text)
		}
	}
}

func administration(t *testing.T) *apphost.Schema {
	t.Helper()
	s, err := Administration()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEverySectionHasAnExample(t *testing.T) {
	page := referencePage(t)
	for _, section := range append(embedded(t).Sections(), administration(t).Sections()...) {
		if _, err := examples.Open("examples/" + typeName(section.Path) + ".xml"); err != nil {
			t.Errorf("%s: %v", section.Path, err)
		}
	}
	names, err := fs.Glob(examples, "examples/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := examples.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(page, strings.TrimSpace(string(data))) != 1 {
			t.Errorf("%s is not on the page once: is it named after an element that has a heading?", name)
		}
	}
}

// TestPageLinks: headings have anchors of their own, and links lead to one.
func TestPageLinks(t *testing.T) {
	page := referencePage(t)
	anchors := map[string]bool{}
	for line := range strings.Lines(page) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		a := anchor(strings.TrimSpace(heading))
		if anchors[a] {
			t.Errorf("two headings have the anchor %s", a)
		}
		anchors[a] = true
	}
	links := strings.Split(page, "](#")[1:]
	if len(links) == 0 {
		t.Fatal("no links")
	}
	for _, link := range links {
		if target, _, _ := strings.Cut(link, ")"); !anchors[target] {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
}

// TestPageIsComplete looks for every attribute and word of the schema.
func TestPageIsComplete(t *testing.T) {
	page := referencePage(t)
	var walk func(e *apphost.ElementSchema)
	walk = func(e *apphost.ElementSchema) {
		for _, a := range e.Attributes {
			if !strings.Contains(page, "\n| `"+a.Name+"` | ") {
				t.Errorf("%s/@%s has no row", e.Path, a.Name)
			}
			for _, w := range a.Words {
				if !strings.Contains(page, fmt.Sprintf("`%s` (%d)", w.Name, w.Value)) && !strings.Contains(page, fmt.Sprintf("\n| `%s` | %d |", w.Name, w.Value)) {
					t.Errorf("%s/@%s: the word %s is missing", e.Path, a.Name, w.Name)
				}
			}
		}
		for _, c := range e.Elements {
			walk(c)
		}
		for _, c := range e.Collections {
			walk(c.Entry)
		}
	}
	for _, section := range embedded(t).Sections() {
		if !strings.Contains(page, "\n## "+section.Path+"\n") {
			t.Errorf("%s has no heading", section.Path)
		}
		walk(section)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{anchor("system.ftpServer/security/ipSecurity"), "systemftpserversecurityipsecurity"},
		{anchor("Levels and locations"), "levels-and-locations"},
		{prose(`*:21: or [::1] in C:\a_b | <x>`), `\*:21: or \[::1\] in C:\\a\_b \| \<x>`},
		{number(&apphost.AttributeSchema{Type: apphost.Uint}), "number, not negative"},
		{timeSpan(&apphost.AttributeSchema{Type: apphost.TimeSpan, TimeSpanFormat: "minutes", AllowInfinite: true}), "number of minutes or `Infinite`"},
		{defaultOf(&apphost.AttributeSchema{Type: apphost.String, Key: true}), "empty (key)"},
		{defaultOf(&apphost.AttributeSchema{Type: apphost.Enum, Required: true}), "**required**"},
		{defaultOf(&apphost.AttributeSchema{Type: apphost.String, Encrypted: true, Default: "[enc:A::enc]"}), "empty"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
