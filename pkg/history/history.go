// Package history keeps earlier states of a configuration, as IIS does: each
// in a folder of its own, CFGHISTORY_0000000001 and so on, the oldest of which
// go when there are too many. It does not know what the files say.
package history

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/durable"
)

// Settings are those of system.applicationHost/configHistory.
type Settings struct {
	Enabled bool
	// Folder has the histories. It is made when it is needed.
	Folder string
	// Max is how many are kept.
	Max uint32
	// Period is the shortest time between two that a Keeper keeps.
	Period time.Duration
}

// Part is something of a configuration that is kept.
type Part struct {
	// Name is what it is called in a history.
	Name string
	// Path is where it is; it need not exist.
	Path string
	// Folder says that it is a folder, whose *.xml files are kept.
	Folder bool
}

// Entry is one history.
type Entry struct {
	Name string
	// Time is when it was kept.
	Time time.Time
	// Files are the names of its files, with slashes.
	Files []string
}

const (
	prefix = "CFGHISTORY_"
	// unfinished begins the names of folders that are being written or removed.
	unfinished = ".CFGHISTORY_"
	// lockName is the file in the folder that keeps others out.
	lockName = "history"
)

// Keep keeps the present state of the parts, unless it is the one that was
// kept last. It returns the name of the history that has it, and whether that
// is new. Other processes may keep histories in the same folder at the same
// time, and nobody ever sees half of one.
func Keep(parts []Part, s Settings) (name string, kept bool, err error) {
	if !s.Enabled {
		return "", false, nil
	}
	now, err := read(parts)
	if err != nil {
		return "", false, fmt.Errorf("keeping a history of the configuration: %w", err)
	}
	return keep(now, s)
}

func keep(now state, s Settings) (name string, kept bool, err error) {
	if err = makeFolder(s.Folder); err == nil {
		name, kept, err = enter(now, s)
	}
	if err != nil {
		err = fmt.Errorf("keeping a history of the configuration in %s: %w", s.Folder, err)
	}
	return name, kept, err
}

// makeFolder makes the folder of histories, for those alone who serve them.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return durable.Adopt(dir)
}

// enter makes a state the newest history, unless it is that already.
func enter(now state, s Settings) (name string, kept bool, err error) {
	unlock, err := durable.Lock(filepath.Join(s.Folder, lockName))
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := clean(s.Folder); err != nil {
		return "", false, err
	}
	entries, err := List(s.Folder)
	if err != nil {
		return "", false, err
	}
	number := uint64(1)
	if len(entries) > 0 {
		newest := entries[len(entries)-1]
		// One that cannot be read is no reason to keep nothing any more.
		if last, err := readEntry(s.Folder, newest.Name); err == nil && last.equal(now) {
			return newest.Name, false, nil
		}
		number = newest.number() + 1
	}
	name = fmt.Sprintf("%s%010d", prefix, number)
	if err := write(now, s.Folder, name); err != nil {
		return "", false, err
	}
	entries = append(entries, Entry{Name: name})
	return name, true, prune(s.Folder, entries, s.Max)
}

// Save keeps the present state of the parts in a folder of any name, which no
// Keeper removes. The error is fs.ErrExist when there is such a folder.
func Save(parts []Part, folder, name string) error {
	now, err := read(parts)
	if err != nil {
		return fmt.Errorf("saving the configuration: %w", err)
	}
	if err := makeFolder(folder); err != nil {
		return fmt.Errorf("saving the configuration: %w", err)
	}
	unlock, err := durable.Lock(filepath.Join(folder, lockName))
	if err != nil {
		return fmt.Errorf("saving the configuration: %w", err)
	}
	if _, err = os.Stat(filepath.Join(folder, name)); err == nil {
		err = fs.ErrExist
	} else {
		err = write(now, folder, name)
	}
	if err = errors.Join(err, unlock()); err != nil {
		return fmt.Errorf("saving the configuration in %s: %w", folder, err)
	}
	return nil
}

// write writes a history beside the others and gives it its name when it is
// whole.
func write(now state, folder, name string) (err error) {
	temporary := filepath.Join(folder, "."+name)
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(temporary) // the first error is the one to tell
		}
	}()
	for _, f := range now {
		to := filepath.Join(temporary, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := durable.WriteCopy(to, f.data, f.info); err != nil {
			return err
		}
		if err := durable.Adopt(filepath.Dir(to)); err != nil {
			return err
		}
	}
	if err := durable.SyncDir(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, filepath.Join(folder, name)); err != nil {
		return err
	}
	return durable.SyncDir(folder)
}

// clean removes what a process left behind that ended while it wrote or
// removed a history.
func clean(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// prune removes the oldest histories. Each gets the name of an unfinished one
// first, so that nobody takes what is left of it for a history.
func prune(folder string, entries []Entry, most uint32) error {
	for uint64(len(entries)) > uint64(max(most, 1)) {
		temporary := filepath.Join(folder, "."+entries[0].Name)
		if err := os.Rename(filepath.Join(folder, entries[0].Name), temporary); err != nil {
			return err
		}
		if err := os.RemoveAll(temporary); err != nil {
			return err
		}
		entries = entries[1:]
	}
	return nil
}

// List returns the histories in a folder, the oldest first; none when there is
// no folder.
func List(folder string) ([]Entry, error) {
	found, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the histories: %w", err)
	}
	var entries []Entry
	for _, f := range found {
		e := Entry{Name: f.Name()}
		if e.number() == 0 || !f.IsDir() {
			continue
		}
		info, err := f.Info()
		if err != nil {
			continue // removed meanwhile
		}
		e.Time = info.ModTime()
		e.Files = names(filepath.Join(folder, e.Name))
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.number(), b.number()) })
	return entries, nil
}

// number is the one in the name; 0 for a name that is none of a history.
func (e Entry) number() uint64 {
	digits, ok := strings.CutPrefix(e.Name, prefix)
	if !ok || len(digits) < 10 {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
