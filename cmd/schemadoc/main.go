// Command schemadoc writes the files that are generated from the schema
// documents: the XML Schema and the reference page. Its argument is the root
// of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ftphost/ftphost/pkg/schemadoc"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemadoc ROOT\nwrites "+schemadoc.XSDFile+" and "+schemadoc.PageFile+" below ROOT")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schemadoc:", err)
		os.Exit(1)
	}
}

// write writes every generated file below root.
func write(root string) error {
	files, err := schemadoc.Files()
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), data, 0o644); err != nil { //nolint:gosec // public documents
			return err
		}
	}
	return nil
}
