package local

import (
	"cmp"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// The bounds of one store's index.
const (
	// maxDirectories is how many directories are remembered at once.
	maxDirectories = 256
	// maxNames is how many names are remembered in all of them, some 30 MB. A
	// directory with more is read through at each lookup instead.
	maxNames = 1 << 18
)

// indexAge is how long a remembered directory is believed without being read
// again, see directory.fresh.
const indexAge = 3 * time.Second

// index remembers the folded names of directories, for finding a file whose
// name was not written exactly. It is needed only when the exact name is
// missing; that includes every upload of a new name.
type index struct {
	mu       sync.Mutex
	dirs     map[string]*directory // by the store's own spelling
	names    int                   // remembered in all directories
	maxNames int
}

func newIndex() *index { return &index{dirs: map[string]*directory{}, maxNames: maxNames} }

// hold returns the directory, locked: whoever makes or removes names in it by
// their folded form holds it, so that no two spellings of one name come into
// being. It must be released.
func (x *index) hold(dir string) *directory {
	x.mu.Lock()
	d := x.dirs[dir]
	if d == nil {
		x.makeRoom()
		d = &directory{index: x, dir: dir}
		x.dirs[dir] = d
	}
	d.holders++
	d.used = time.Now()
	x.mu.Unlock()
	d.mu.Lock()
	return d
}

// holdKnown is hold for a directory that is remembered already; for others it
// returns nil.
func (x *index) holdKnown(dir string) *directory {
	x.mu.Lock()
	known := x.dirs[dir] != nil
	x.mu.Unlock()
	if !known {
		return nil
	}
	return x.hold(dir)
}

// hold2 holds two directories, always in the same order.
func (x *index) hold2(a, b string) (da, db *directory, release func()) {
	if a == b {
		d := x.hold(a)
		return d, d, func() { x.release(d) }
	}
	if a < b {
		da, db = x.hold(a), x.hold(b)
	} else {
		db, da = x.hold(b), x.hold(a)
	}
	return da, db, func() { x.release(da); x.release(db) }
}

func (x *index) release(d *directory) {
	d.mu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	d.holders--
}

// forget drops what is remembered of dir, because it proved wrong.
func (x *index) forget(dir string) {
	d := x.hold(dir)
	defer x.release(d)
	d.drop()
}

// sweep drops directories that would have to be read again anyway.
func (x *index) sweep() {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	for _, d := range x.dirs {
		if d.holders == 0 && now.Sub(d.used) > indexAge {
			x.remove(d)
		}
	}
}

// makeRoom keeps the number of directories bounded; x.mu is held. More can
// exist only while as many operations are running.
func (x *index) makeRoom() {
	if len(x.dirs) < maxDirectories {
		return
	}
	idle := make([]*directory, 0, len(x.dirs))
	for _, d := range x.dirs {
		if d.holders == 0 {
			idle = append(idle, d)
		}
	}
	slices.SortFunc(idle, func(a, b *directory) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.dir, b.dir)) })
	for _, d := range idle[:(len(idle)+1)/2] {
		x.remove(d)
	}
}

// remove drops an idle directory; x.mu is held.
func (x *index) remove(d *directory) {
	x.names -= d.counted
	d.counted, d.names = 0, nil
	delete(x.dirs, d.dir)
}

// count notes that d remembers n names. It drops idle directories when that
// is too many, and reports whether there is room.
func (x *index) count(d *directory, n int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names += n - d.counted
	d.counted = n
	if x.names <= x.maxNames {
		return true
	}
	for _, other := range x.dirs {
		if other.holders == 0 {
			x.remove(other)
		}
	}
	return x.names <= x.maxNames
}

// directory is what is remembered of one directory.
type directory struct {
	index *index
	dir   string
	// guarded by index.mu
	holders int
	used    time.Time
	counted int // names in index.names

	mu    sync.Mutex
	names map[string]string // by vpath.Fold; nil when nothing is remembered
	// twins means that several names fold to one, so that removing one of
	// them uncovers another.
	twins bool
	seen  os.FileInfo // the directory as it was before reading it
	read  time.Time   // when it was read
}

// lookup returns the name that segment means here, or "". The exact spelling
// has been tried before; of several others the first in Windows order counts.
func (d *directory) lookup(t *tree, segment string) (string, error) {
	fresh, err := d.fresh(t)
	if err != nil {
		return "", err
	}
	if !fresh {
		if err := d.scan(t); err != nil {
			return "", err
		}
	}
	key := vpath.Fold(segment)
	if d.names != nil {
		return d.names[key], nil
	}
	found := ""
	err = d.each(t, func(name string) {
		if vpath.Fold(name) == key && (found == "" || vpath.Compare(name, found) < 0) {
			found = name
		}
	})
	return found, err
}

// fresh reports whether what is remembered may be believed: the directory is
// the one that was read, its modification time is the one seen then or after
// our own last change, and it was read less than indexAge ago.
//
// The time alone would not do. It moves in ticks, from some milliseconds on
// ext4 and XFS to two seconds on FAT, and on network file systems it is cached
// for seconds: a name that another program makes in the tick in which we read
// the directory, or between two of our own changes, leaves no trace in it. The
// age bounds how long such a name can be missed, and only when it is asked for
// in another spelling than its own, for the exact name never comes from here.
// A remembered name that is gone does no harm: the operation fails, and the
// directory is read again.
func (d *directory) fresh(t *tree) (bool, error) {
	if d.names == nil || time.Since(d.read) >= indexAge {
		return false, nil
	}
	info, err := t.Stat(d.dir)
	if err != nil {
		return false, err
	}
	return info.ModTime().Equal(d.seen.ModTime()) && os.SameFile(info, d.seen), nil
}

// scan reads the directory. It is looked at before, so that a change while
// reading makes the next look read again.
func (d *directory) scan(t *tree) error {
	d.drop()
	seen, err := t.Stat(d.dir)
	if err != nil {
		return err
	}
	names := make(map[string]string)
	room := true
	err = d.each(t, func(name string) {
		if room = room && len(names) < d.index.maxNames; room {
			d.remember(names, name)
		}
	})
	if err != nil || !room || !d.index.count(d, len(names)) {
		d.drop()
		return err
	}
	d.names, d.seen, d.read = names, seen, time.Now()
	return nil
}

// each calls do for every name in the directory, in no order.
func (d *directory) each(t *tree, do func(name string)) error {
	const batch = 1024
	f, err := t.OpenFile(d.dir, os.O_RDONLY|openDirectory, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			do(name)
		}
		if len(names) == 0 {
			return endOfDirectory(err)
		}
	}
}

func (d *directory) remember(names map[string]string, name string) {
	key := vpath.Fold(name)
	other, twin := names[key]
	if twin && other != name {
		d.twins = true
		if vpath.Compare(other, name) < 0 {
			return
		}
	}
	names[key] = name
}

func (d *directory) drop() {
	d.names, d.twins = nil, false
	d.index.count(d, 0)
}
