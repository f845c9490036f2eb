package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// unfinished ends the names of files that are not whole yet.
const unfinished = ".unfinished"

// leftoverAge is how old such a file is when nobody writes it any more.
const leftoverAge = time.Minute

// CreateBeside creates a file in the folder of path, readable for its owner
// only, to be renamed to path when it is whole. Should the process be killed
// before, RemoveLeftovers removes it.
func CreateBeside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+unfinished)
}

// RemoveLeftovers removes what processes that were killed have left of files in
// dir: those that CreateBeside made more than a minute ago. What has another
// form of name is somebody else's. There need not be such a folder.
func RemoveLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !e.Type().IsRegular() || !temporary(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < leftoverAge {
			continue // just renamed, or not old enough
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// temporary tells whether a name has the form of those of CreateBeside: a dot,
// a name, a dot, digits and the ending.
func temporary(name string) bool {
	rest, ok := strings.CutSuffix(name, unfinished)
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 2 || rest[0] != '.' {
		return false
	}
	digits := rest[dot+1:]
	return digits != "" && len(digits) <= 10 && strings.Trim(digits, "0123456789") == ""
}
