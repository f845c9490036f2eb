package source

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// kind is what is watched of a path.
type kind int

const (
	file kind = iota
	folder
	rare // a file, each period
)

type key struct {
	path string
	kind kind
}

// item is one path of the set: what it held at the last look, and what was
// told.
type item struct {
	key
	next       time.Time // when a rare one is looked at
	polled     bool      // no event tells of it
	places     []place   // what it is reached by
	seen, told sight
}

// sight is what an item held: its files by path. It is not changed once made.
type sight map[string]entry

// entry is one file that is there.
type entry struct {
	stamp      stamp
	unreadable bool
	sum        [sha256.Size]byte // zero for what is unreadable
	since      time.Time         // when the sum was seen first
}

// settling is how long after a change a file that looks the same is read all
// the same: file systems round times, and two changes may have one time.
const settling = 3 * time.Second

func (s sight) same(other sight) bool {
	if len(s) != len(other) {
		return false
	}
	for path, e := range s {
		if o, ok := other[path]; !ok || o.sum != e.sum || o.unreadable != e.unreadable {
			return false
		}
	}
	return true
}

// look looks at the files again and reports whether they are others than
// before; with thorough it reads even those that seem unchanged.
func (i *item) look(now time.Time, thorough bool) bool {
	before := i.seen
	i.seen, i.places = sight{}, nil
	enter := func(path string) { i.enter(path, before, now, thorough) }
	if i.kind != folder {
		i.places = trace(i.path)
		enter(i.path)
		return !i.seen.same(before)
	}
	i.listing(i.path, func(e fs.DirEntry, path string) {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			enter(path)
			return
		}
		i.listing(path, func(_ fs.DirEntry, path string) {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				enter(path)
			}
		})
	})
	return !i.seen.same(before)
}

// listing calls each for what is in a folder.
func (i *item) listing(dir string, each func(fs.DirEntry, string)) {
	places := trace(dir)
	i.places = append(i.places, places...)
	last := places[len(places)-1]
	i.places = append(i.places, place{dir: filepath.Join(last.dir, last.name), watched: true})
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		i.seen[dir] = entry{unreadable: true}
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			i.places = append(i.places, trace(path)...)
		}
		each(e, path)
	}
}

// enter enters one file into what is seen.
func (i *item) enter(path string, before sight, now time.Time, thorough bool) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil || !info.Mode().IsRegular() {
		i.seen[path] = entry{unreadable: true}
		return
	}
	old, known := before[path]
	f, err := os.Open(path)
	if err != nil {
		i.seen[path] = entry{unreadable: true}
		return
	}
	defer f.Close()
	// A network file system asks its server when a file is opened, while what
	// it says about a path may be seconds old.
	if info, err = f.Stat(); err != nil {
		i.seen[path] = entry{unreadable: true}
		return
	}
	e := entry{stamp: stampOf(info), sum: old.sum, since: old.since}
	if known && !old.unreadable && !thorough && e.stamp == old.stamp && now.Sub(old.since) > settling {
		i.seen[path] = e
		return
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		i.seen[path] = entry{unreadable: true}
		return
	}
	hash.Sum(e.sum[:0])
	if e.sum != old.sum || e.stamp != old.stamp {
		e.since = now
	}
	i.seen[path] = e
}
