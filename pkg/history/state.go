package history

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// state is what the files of a configuration held at one moment, by name.
type state []file

// file is one of them, with the rights of the original.
type file struct {
	name string
	data []byte
	info fs.FileInfo
}

// read reads what is there of the parts.
func read(parts []Part) (state, error) {
	var now state
	for _, p := range parts {
		var err error
		if p.Folder {
			now, err = now.addFolder(p)
		} else {
			now, err = now.add(p.Name, p.Path)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(now) == 0 {
		return nil, errors.New("there is no file to keep")
	}
	return now, nil
}

// readEntry reads a history.
func readEntry(folder, name string) (state, error) {
	dir := filepath.Join(folder, name)
	var then state
	for _, name := range names(dir) {
		var err error
		if then, err = then.add(name, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	if len(then) == 0 {
		return nil, errors.New(dir + " has no files")
	}
	return then, nil
}

// names are those of the files in a folder and its sub-folders.
func names(dir string) []string {
	var list []string
	_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, name)
		}
		return nil // what cannot be listed is not there
	})
	return list
}

// add reads a file; one that does not exist adds nothing.
func (s state) add(name, from string) (state, error) {
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	return append(s, file{name, data, info}), nil
}

func (s state) addFolder(p Part) (state, error) {
	entries, err := os.ReadDir(p.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".xml") && !e.IsDir() {
			if s, err = s.add(path.Join(p.Name, e.Name()), filepath.Join(p.Path, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// data is what a file holds; false when there is no such file.
func (s state) data(name string) ([]byte, bool) {
	i := slices.IndexFunc(s, func(f file) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	return s[i].data, true
}

func (s state) equal(other state) bool {
	return len(s) == len(other) && !slices.ContainsFunc(s, func(f file) bool {
		data, found := other.data(f.name)
		return !found || !bytes.Equal(data, f.data)
	})
}
