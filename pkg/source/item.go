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
	observe func(k key, before sight, now time.Time, thorough bool) observation

	next time.Time // when a rare one is looked at
	// polled says that no event tells of it, remote that this is so because it
	// may be on another machine, or is not known yet.
	polled, remote bool
	observation
	told sight
	// pending gets what an earlier look finds that has not ended yet.
	pending chan observation
}

// observation is what a look finds.
type observation struct {
	seen    sight
	places  []place // what the item is reached by
	folders map[string]found
}

// found is a folder that an item goes through.
type found struct {
	info   fs.FileInfo
	silent bool // its file system does not tell what happens on it
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

// answer is how long a file system of another machine has for an answer before
// its files count as unreadable. Local ones are waited for.
const answer = 2 * time.Second

// look looks at the files again and reports whether they are others than
// before; with thorough it reads even those that seem unchanged.
func (i *item) look(now time.Time, thorough bool) bool {
	before := i.seen
	if i.remote {
		i.ask(now, thorough)
	} else {
		i.take(i.observe(i.key, before, now, thorough))
	}
	return !i.seen.same(before)
}

// ask looks in a goroutine, which cannot be ended, nor waited for, while the
// system waits for a machine that is gone. So there is one for each item at
// most.
func (i *item) ask(now time.Time, thorough bool) {
	limit := time.Duration(0)
	if i.pending == nil {
		limit = answer
		pending, before := make(chan observation, 1), i.seen
		i.pending = pending
		go func() { pending <- i.observe(i.key, before, now, thorough) }()
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-i.pending:
		i.pending = nil
		i.take(o)
	case <-timer.C:
		i.seen = sight{i.path: {unreadable: true}}
	}
}

func (i *item) take(o observation) {
	i.observation, i.remote = o, false
	for _, f := range o.folders {
		i.remote = i.remote || f.silent
	}
}

// observe looks at a path.
func observe(k key, before sight, now time.Time, thorough bool) observation {
	o := observation{seen: sight{}, folders: map[string]found{}}
	enter := func(path string) { o.enter(path, before, now, thorough) }
	if k.kind == folder {
		o.listing(k.path, func(path string) {
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				enter(path)
				return
			}
			o.listing(path, func(path string) {
				if info, err := os.Stat(path); err == nil && !info.IsDir() {
					enter(path)
				}
			})
		})
	} else {
		o.places = trace(k.path)
		enter(k.path)
	}
	for _, p := range o.places {
		if _, known := o.folders[p.dir]; p.watched && !known {
			// What has gone meanwhile, its parent tells.
			if info, err := os.Stat(p.dir); err == nil {
				o.folders[p.dir] = found{info, !tells(p.dir)}
			}
		}
	}
	return o
}

// listing calls each for what is in a folder.
func (o *observation) listing(dir string, each func(path string)) {
	places := trace(dir)
	o.places = append(o.places, places...)
	last := places[len(places)-1]
	o.places = append(o.places, place{dir: filepath.Join(last.dir, last.name), watched: true})
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.seen[dir] = entry{unreadable: true}
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			o.places = append(o.places, trace(path)...)
		}
		each(path)
	}
}

// enter enters one file into what is seen.
func (o *observation) enter(path string, before sight, now time.Time, thorough bool) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil || !info.Mode().IsRegular() {
		o.seen[path] = entry{unreadable: true}
		return
	}
	old, known := before[path]
	f, err := os.Open(path)
	if err != nil {
		o.seen[path] = entry{unreadable: true}
		return
	}
	defer f.Close()
	// A network file system asks its server when a file is opened, while what
	// it says about a path may be seconds old.
	if info, err = f.Stat(); err != nil {
		o.seen[path] = entry{unreadable: true}
		return
	}
	e := entry{stamp: stampOf(info), sum: old.sum, since: old.since}
	if known && !old.unreadable && !thorough && e.stamp == old.stamp && now.Sub(old.since) > settling {
		o.seen[path] = e
		return
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		o.seen[path] = entry{unreadable: true}
		return
	}
	hash.Sum(e.sum[:0])
	if e.sum != old.sum || e.stamp != old.stamp {
		e.since = now
	}
	o.seen[path] = e
}
