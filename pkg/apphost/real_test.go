package apphost_test

import (
	"io/fs"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// realSchema is the schema the program is built with.
func realSchema(t testing.TB) *apphost.Schema {
	t.Helper()
	names, err := fs.Glob(schema.FS, "*.xml")
	if err != nil || len(names) == 0 {
		t.Fatalf("schema documents: %v, %v", names, err)
	}
	var docs []*xmldoc.Document
	for _, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := xmldoc.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	s, err := apphost.ParseSchema(docs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
