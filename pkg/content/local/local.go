// Package local is the content store of a local folder. All access goes
// through os.Root: no name leads outside the folder, not even through a link.
package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/ftphost/ftphost/pkg/content"
)

// Store is a local folder. It is a content.Store and safe for concurrent use.
type Store struct {
	dir string
	// parent is the store that dir is the folder name of; nil when dir is
	// found by its own path.
	parent *Store
	name   string
	// user is who the system is asked as; nil is the process itself.
	user *content.OSUser

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
	user    *content.OSUser // as in Store
}

// New returns the store of the folder dir. Nothing is opened before the first
// use, so the folder may still be missing.
func New(dir string) *Store { return &Store{dir: dir} }

// Sub returns the store of the folder name. The folder is looked up as all
// names are, within s, so that a link that leads out of s is none.
func (s *Store) Sub(name string) content.Store {
	return &Store{dir: filepath.Join(s.dir, filepath.FromSlash(name)), parent: s, name: name, user: s.user}
}

// String returns the path of the folder.
func (s *Store) String() string { return s.dir }

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

// WriteProtected reports whether nobody can write into the folder, because it is
// on a file system that can only be read.
func (s *Store) WriteProtected() bool { return writeProtected(s.dir) }

// Refresh makes the store look again at what stands behind its path: a folder
// that was replaced is opened anew at the next use. It costs nothing before
// the first use and one stat afterwards.
func (s *Store) Refresh() {
	s.mu.Lock()
	used := s.tree != nil
	s.mu.Unlock()
	if !used {
		return
	}
	if s.as(func() error { s.refresh(); return nil }) != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tree = nil
	}
}

func (s *Store) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil {
		return
	}
	if s.user != nil && s.parent != nil {
		s.parent.refresh() // nobody else has it
	}
	info, err := s.look()
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
	t, err := s.openTree()
	if err != nil {
		return nil, s.notOpened(err)
	}
	s.tree = t
	return t, nil
}

func (s *Store) notOpened(err error) error {
	kind := kindOf(err)
	var known *content.Error
	if errors.As(err, &known) {
		kind, err = known.Kind, known.Err
	}
	if errors.Is(kind, fs.ErrNotExist) {
		kind = content.ErrPathNotFound
	}
	return &content.Error{Op: "open folder", Name: s.dir, Kind: kind, Err: err}
}

// look tells about the folder as its path leads to it now.
func (s *Store) look() (info fs.FileInfo, err error) {
	if s.parent == nil {
		return os.Stat(s.dir)
	}
	err = s.parent.within("open folder", s.name, func(t *tree, real string) error {
		info, err = t.Stat(real)
		return err
	})
	return info, err
}

// openRoot opens the folder: below its parent if it has one.
func (s *Store) openRoot() (root *os.Root, err error) {
	// What is no directory is not opened: a pipe would wait for a writer.
	info, err := s.look()
	if err == nil && !info.IsDir() {
		err = &content.Error{Op: "open folder", Name: s.dir, Kind: content.ErrNotDirectory}
	}
	if err != nil {
		return nil, err
	}
	if s.parent == nil {
		return os.OpenRoot(s.dir)
	}
	err = s.parent.within("open folder", s.name, func(t *tree, real string) error {
		root, err = t.OpenRoot(real)
		return err
	})
	return root, err
}

func (s *Store) openTree() (*tree, error) {
	root, err := s.openRoot()
	if err != nil {
		return nil, err
	}
	t := &tree{Root: root, index: newIndex(), recent: newRecent(), user: s.user}
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
