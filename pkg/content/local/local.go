// Package local is the content store of a local folder. All access goes
// through os.Root: no name leads outside the folder, not even through a link.
package local

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/ftphost/ftphost/pkg/content"
)

// Store is a local folder. It is a content.Store and safe for concurrent use.
type Store struct {
	dir string

	mu   sync.Mutex
	tree *tree // nil until the first use
}

// tree is the folder as it was opened. It is never closed by hand: a store has
// no end of its own (sessions of an older configuration may still use it), so
// that the descriptor goes with the last reference, as os.Root arranges.
type tree struct {
	*os.Root
	seen    fs.FileInfo
	escapes error // what os.Root says of a name that leads outside
	index   *index
	recent  *recent
}

// New returns the store of the folder dir. Nothing is opened before the first
// use, so the folder may still be missing.
func New(dir string) *Store { return &Store{dir: dir} }

// Check returns an error when the folder is missing, is no directory or cannot
// be looked at.
func (s *Store) Check() error {
	info, err := os.Stat(s.dir)
	if err != nil {
		return &content.Error{Op: "open folder", Name: s.dir, Kind: kindOf(err), Err: err}
	}
	if !info.IsDir() {
		return &content.Error{Op: "open folder", Name: s.dir, Kind: content.ErrNotDirectory}
	}
	return nil
}

// Refresh makes the store look again at what stands behind its path: a folder
// that was replaced is opened anew at the next use. It costs nothing before
// the first use and one stat afterwards.
func (s *Store) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil {
		return
	}
	info, err := os.Stat(s.dir)
	if err != nil || !os.SameFile(info, s.tree.seen) {
		s.tree = nil
		return
	}
	s.tree.index.sweep()
}

// open returns the folder, opened at the first use.
func (s *Store) open() (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree != nil {
		return s.tree, nil
	}
	t, err := openTree(s.dir)
	if err != nil {
		kind := kindOf(err)
		if errors.Is(kind, fs.ErrNotExist) {
			kind = content.ErrPathNotFound
		}
		return nil, &content.Error{Op: "open folder", Name: s.dir, Kind: kind, Err: err}
	}
	s.tree = t
	return t, nil
}

func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	t := &tree{Root: root, index: newIndex(), recent: newRecent()}
	if t.seen, err = root.Stat("."); err != nil {
		root.Close()
		return nil, err
	}
	// The error has no name in package os; asking for what is surely outside
	// yields it.
	_, err = root.Lstat("..")
	t.escapes = errors.Unwrap(err)
	return t, nil
}

// fail returns err as an *content.Error that says what kind it is.
func (t *tree) fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	var known *content.Error
	if errors.As(err, &known) {
		return err
	}
	kind := kindOf(err)
	if t.escapes != nil && errors.Is(err, t.escapes) {
		kind = fs.ErrPermission
	}
	return &content.Error{Op: op, Name: name, Kind: kind, Err: err}
}
