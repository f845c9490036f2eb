package pkg_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// TestXMLInDocuments loads every xml block of README.md and docs/ as part of
// a configuration: what a person copies must be accepted.
func TestXMLInDocuments(t *testing.T) {
	known := loadSchema(t)
	blocks := 0
	for _, name := range documents(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range fenced(string(data), "xml") {
			blocks++
			if !strings.Contains(block, "<configuration") {
				block = "<configuration>" + block + "</configuration>"
			}
			where := filepath.Base(name) + " block " + strconv.Itoa(i+1)
			doc, err := xmldoc.Parse(where, []byte(block))
			if err != nil {
				t.Errorf("%s: %v", where, err)
				continue
			}
			if _, problems := apphost.Load(known, doc); len(problems) > 0 {
				for _, p := range problems {
					t.Errorf("%v", p)
				}
			}
		}
	}
	if blocks == 0 {
		t.Error("no xml block found in README.md or docs/")
	}
}

func loadSchema(t *testing.T) *apphost.Schema {
	t.Helper()
	names, err := fs.Glob(schema.FS, "*.xml")
	if err != nil {
		t.Fatal(err)
	}
	var parts []*xmldoc.Document
	for _, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := xmldoc.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, doc)
	}
	known, err := apphost.ParseSchema(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// documents are the README and everything in docs.
func documents(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(names, "../README.md")
}

// fenced returns the blocks of one language in a Markdown text.
func fenced(text, language string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(text, "\n```"+language+"\n")
		if !found {
			return blocks
		}
		block, after, closed := strings.Cut(rest, "\n```")
		if !closed {
			return blocks
		}
		blocks, text = append(blocks, block+"\n"), after
	}
}

// TestLinksInDocuments: a link to a file of the repository leads somewhere.
func TestLinksInDocuments(t *testing.T) {
	for _, name := range documents(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(data), "](")[1:] {
			target, _, _ := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), target)); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(name), target, err)
			}
		}
	}
}
