package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// tree is the folders that are watched, and what in them matters.
type tree struct {
	events  *fsnotify.Watcher // nil: none are to be had
	folders map[string]*watched
	onError func(error)
	said    map[string]bool
}

// watched is one folder that items go through.
type watched struct {
	info   fs.FileInfo
	names  map[string]bool // in small letters; "" for all
	wanted bool
	silent bool // nobody tells what happens in it
	told   bool // events of it arrive
}

// concerns reports whether an event about a path may be about an item. Logs
// that grow beside the configuration are none of them.
func (t *tree) concerns(path string) bool {
	if f := t.folders[path]; f != nil && f.told {
		return true
	}
	f := t.folders[filepath.Dir(path)]
	return f != nil && (f.names[""] || f.names[strings.ToLower(filepath.Base(path))])
}

// follow watches the folders that the items go through now, and no others. It
// notes which items must be polled, and reports whether a folder is watched
// that was not before.
func (t *tree) follow(items []*item) (added bool) {
	before := t.folders
	t.folders = map[string]*watched{}
	for _, i := range items {
		if i.kind != rare {
			t.enter(i.observation)
		}
	}
	t.forget()
	for dir, f := range t.folders {
		if !f.wanted || f.silent {
			continue
		}
		isNew, err := t.watch(dir, f, before[dir])
		added = added || isNew
		if err != nil {
			t.say(err)
		}
	}
	for _, i := range items {
		i.polled = i.remote || slices.ContainsFunc(i.places, func(p place) bool {
			f := t.folders[p.dir]
			return p.watched && f != nil && f.silent
		})
	}
	return added
}

// enter notes what an item goes through.
func (t *tree) enter(o observation) {
	for _, p := range o.places {
		f := t.folders[p.dir]
		if f == nil {
			f = &watched{names: map[string]bool{}}
			t.folders[p.dir] = f
		}
		if at, known := o.folders[p.dir]; p.watched && known {
			f.wanted, f.info, f.silent = true, at.info, at.silent || t.events == nil
		}
		if p.name != "" || p.watched {
			f.names[strings.ToLower(p.name)] = true
		}
	}
}

// forget ends the watch over folders that no item goes through any more.
func (t *tree) forget() {
	if t.events == nil {
		return
	}
	for _, dir := range t.events.WatchList() {
		if f := t.folders[dir]; f == nil || !f.wanted || f.silent {
			_ = t.events.Remove(dir) // it is gone, then
			continue
		}
		t.folders[dir].told = true
	}
}

// watch watches one folder, unless that is done already.
func (t *tree) watch(dir string, f, before *watched) (added bool, err error) {
	if f.told && before != nil && before.info != nil && !os.SameFile(before.info, f.info) {
		_ = t.events.Remove(dir) // the folder that had this name before
		f.told = false
	}
	if f.told {
		return false, nil
	}
	switch err := t.events.Add(dir); {
	case err == nil:
		f.told = true
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil // its parent tells
	default:
		f.silent = true
		return false, err
	}
}

// say tells a cause of polling once.
func (t *tree) say(err error) {
	if !t.said[err.Error()] {
		t.said[err.Error()] = true
		t.onError(fmt.Errorf("changes of files are looked for now and then instead of being told by the system: %w%s", err, advice(err)))
	}
}
