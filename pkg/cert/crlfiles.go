package cert

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lists are the revocation lists in the folders of all stores. The owner
// holds the lock.
type lists struct {
	files   map[string]*listFile // by path
	version uint64               // changes with them
}

type listFile struct {
	stamp stamp
	lists []*list // what it held when it could last be used
	err   error   // why it cannot be used now
}

// refresh reads the files that changed, and returns what is wrong with them.
// A list that is written anew and not whole yet leaves the previous one: it
// says until when it counts.
func (ls *lists) refresh(s *Stores) []error {
	if ls.files == nil {
		ls.files = map[string]*listFile{}
	}
	paths, problems := listPaths(s)
	for path := range ls.files {
		if !slices.Contains(paths, path) {
			delete(ls.files, path)
			ls.version++
		}
	}
	for _, path := range paths {
		f := ls.files[path]
		if f == nil {
			f = &listFile{}
			ls.files[path] = f
		}
		now := stampOf(path, "")
		if f.stamp.same(now) {
			continue
		}
		f.stamp = now
		var read []*list
		if read, f.err = loadLists(path); f.err != nil {
			problems = append(problems, f.err)
			continue
		}
		f.lists = read
		ls.version++
	}
	return problems
}

// broken are the errors of the files that cannot be used.
func (ls *lists) broken() []error {
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(ls.files)) {
		if err := ls.files[path].err; err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// listPaths are the files named like revocation lists.
func listPaths(s *Stores) (paths []string, problems []error) {
	names, err := s.names()
	if err != nil {
		return nil, []error{err}
	}
	for _, n := range names {
		folder := filepath.Join(s.dir, n)
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") && strings.EqualFold(filepath.Ext(e.Name()), ".crl") {
				paths = append(paths, filepath.Join(folder, e.Name()))
			}
		}
	}
	return paths, problems
}

func loadLists(path string) ([]*list, error) {
	data, err := readFile(path, maxList)
	if err != nil {
		return nil, err
	}
	all, err := parseLists(data, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// byIssuer puts the lists in order.
func (ls *lists) byIssuer() map[string][]*list {
	all := map[string][]*list{}
	for _, path := range slices.Sorted(maps.Keys(ls.files)) {
		for _, l := range ls.files[path].lists {
			all[string(l.RawIssuer)] = append(all[string(l.RawIssuer)], l)
		}
	}
	for _, of := range all {
		slices.SortStableFunc(of, newest)
	}
	return all
}

// newest orders lists by when they were issued; of two at one moment, the
// higher number is newer.
func newest(a, b *list) int {
	if by := b.ThisUpdate.Compare(a.ThisUpdate); by != 0 || a.Number == nil || b.Number == nil {
		return by
	}
	return bytes.Compare(padded(b), padded(a))
}

// padded is the number of a list; RFC 5280 allows 20 bytes.
func padded(l *list) []byte {
	b := l.Number.Bytes()
	return append(make([]byte, max(0, 20-len(b))), b...)
}
