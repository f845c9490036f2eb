//go:build !linux

package local

import (
	"io/fs"
	"os"
	"runtime"

	"github.com/ftphost/ftphost/pkg/content"
)

// folder is an open directory. Its entries are looked at from within it: a
// path could lead elsewhere by now.
type folder struct {
	root    *os.Root
	file    *os.File
	entries []entry // of the last piece
}

// pieceEntries is how many entries are read at a time.
const pieceEntries = 512

func (t *tree) openFolder(real string) (*folder, error) {
	info, err := t.Stat(real)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &content.Error{Op: "list", Name: real, Kind: content.ErrNotDirectory}
	}
	// The dot makes sure that only a directory is opened, see openDirectory.
	root, err := t.OpenRoot(real + "/.")
	if err != nil {
		return nil, err
	}
	file, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &folder{root: root, file: file}, nil
}

func (f *folder) close() {
	_ = f.file.Close() // only read
	_ = f.root.Close()
}

// read returns the next entries in the order of the file system, valid until
// the next call; at the end io.EOF.
func (f *folder) read() ([]entry, error) {
	list, err := f.file.ReadDir(pieceEntries)
	f.entries = f.entries[:0]
	for _, e := range list {
		f.entries = append(f.entries, entry{name: e.Name(), hidden: hiddenEntry(e)})
	}
	return f.entries, err
}

// lstat is what there is to know about an entry.
func (f *folder) lstat(name string) found {
	info, err := f.root.Lstat(name)
	if err != nil {
		return found{err: err}
	}
	return found{info: infoOf(name, info), link: info.Mode()&fs.ModeSymlink != 0}
}

// hiddenEntry reports the Hidden attribute. Windows has it beside the name;
// elsewhere there is none, and asking would cost a look at the file.
func hiddenEntry(e fs.DirEntry) bool {
	if runtime.GOOS != "windows" {
		return false
	}
	info, err := e.Info()
	return err == nil && hidden(info)
}
