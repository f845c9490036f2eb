package schemadoc

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

func embedded(t *testing.T) *apphost.Schema {
	t.Helper()
	s, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGeneratedFilesAreCommitted(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what the schema documents say: run make generate and commit the result", name)
		}
	}
}

// TestFtpServerIsTheSameTwice compares the ftpServer of sites and of
// siteDefaults: the schema language cannot say that one is the other.
func TestFtpServerIsTheSameTwice(t *testing.T) {
	sites := embedded(t).Section("system.applicationHost/sites")
	of := sites.Collection("site").Entry.Element("ftpServer")
	defaults := sites.Element("siteDefaults").Element("ftpServer")
	if of == nil || defaults == nil {
		t.Fatal("an ftpServer element is missing")
	}
	features := defaults.Element("customFeatures")
	extra := features.Attribute("impersonationLevel")
	if extra == nil {
		t.Fatal("siteDefaults has no customFeatures/@impersonationLevel")
	}
	if strings.Contains(signature(of), "impersonationLevel") {
		t.Error("impersonationLevel is an attribute of siteDefaults only")
	}
	features.Attributes = slices.DeleteFunc(features.Attributes, func(a *apphost.AttributeSchema) bool { return a == extra })
	a, b := strings.Split(signature(of), "\n"), strings.Split(signature(defaults), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("site and siteDefaults differ:\n%s\n%s", a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("site has %d lines, siteDefaults %d", len(a), len(b))
	}
}

// TestSharedElementsAreTheSame compares the other elements that the schema
// declares in several places.
func TestSharedElementsAreTheSame(t *testing.T) {
	s := embedded(t)
	sites := s.Section("system.applicationHost/sites")
	site := sites.Collection("site").Entry
	app := site.Collection("application").Entry
	defaults := sites.Element("siteDefaults")
	for _, c := range []struct {
		name string
		a, b *apphost.ElementSchema
	}{
		{"bindings", site.Element("bindings"), defaults.Element("bindings")},
		{"limits", site.Element("limits"), defaults.Element("limits")},
		{"applicationDefaults", site.Element("applicationDefaults"), sites.Element("applicationDefaults")},
		{"virtualDirectoryDefaults of sites and site", site.Element("virtualDirectoryDefaults"), sites.Element("virtualDirectoryDefaults")},
		{"virtualDirectoryDefaults of sites and application", app.Element("virtualDirectoryDefaults"), sites.Element("virtualDirectoryDefaults")},
		{"logFile and centralLogFile", site.Element("ftpServer").Element("logFile"), s.Section("system.ftpServer/log").Element("centralLogFile")},
	} {
		if signature(c.a) != signature(c.b) {
			t.Errorf("%s differ:\n%s\n%s", c.name, signature(c.a), signature(c.b))
		}
	}
}

// TestDefaultsElementsHaveTheAttributes: a defaults element knows every
// attribute that it can give to what it is named after.
func TestDefaultsElementsHaveTheAttributes(t *testing.T) {
	sites := embedded(t).Section("system.applicationHost/sites")
	site := sites.Collection("site").Entry
	app := site.Collection("application").Entry
	for _, c := range []struct {
		defaults string
		entry    *apphost.ElementSchema
	}{
		{"siteDefaults", site},
		{"applicationDefaults", app},
		{"virtualDirectoryDefaults", app.Collection("virtualDirectory").Entry},
	} {
		for _, a := range c.entry.Attributes {
			d := sites.Element(c.defaults).Attribute(a.Name)
			switch {
			case d == nil:
				t.Errorf("%s has no attribute %s", c.defaults, a.Name)
			case d.Type != a.Type || d.Default != a.Default:
				t.Errorf("%s/@%s is %s %q, in the entry %s %q", c.defaults, a.Name, d.Type, d.Default, a.Type, a.Default)
			}
		}
	}
}

// TestEverythingIsDocumented also holds the texts to sentences.
func TestEverythingIsDocumented(t *testing.T) {
	check := func(path, doc string) {
		if !strings.HasSuffix(doc, ".") {
			t.Errorf("%s: documentation %q is not a sentence", path, doc)
		}
	}
	var walk func(e *apphost.ElementSchema)
	walk = func(e *apphost.ElementSchema) {
		check(e.Path, e.Doc)
		for _, a := range e.Attributes {
			check(e.Path+"/@"+a.Name, a.Doc)
			if (a.Type == apphost.Enum || a.Type == apphost.Flags) != (len(a.Words) > 0) {
				t.Errorf("%s/@%s is %s with %d words", e.Path, a.Name, a.Type, len(a.Words))
			}
		}
		for _, c := range e.Elements {
			walk(c)
		}
		for _, c := range e.Collections {
			if len(c.Entry.Keys()) == 0 {
				t.Errorf("%s: entries have no key", c.Entry.Path)
			}
			walk(c.Entry)
		}
	}
	for _, section := range embedded(t).Sections() {
		walk(section)
	}
}

// load reads one document against the embedded schema.
func load(t *testing.T, name, text string) apphost.ErrorList {
	t.Helper()
	doc, err := xmldoc.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := apphost.Load(embedded(t), doc)
	return problems
}
