package history

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/durable"
)

// Find finds a history by its name, or by its number alone.
func Find(folder, name string) (Entry, error) {
	entries, err := List(folder)
	if err != nil {
		return Entry{}, err
	}
	number, err := strconv.ParseUint(name, 10, 64)
	i := slices.IndexFunc(entries, func(e Entry) bool {
		return strings.EqualFold(e.Name, name) || err == nil && e.number() == number
	})
	switch {
	case i >= 0:
		return entries[i], nil
	case len(entries) == 0:
		return Entry{}, fmt.Errorf("there are no histories in %s", folder)
	default:
		return Entry{}, fmt.Errorf("there is no history %q; the first is %s, the last %s", name, entries[0].Name, entries[len(entries)-1].Name)
	}
}

// Restored says what a restore did.
type Restored struct {
	// Name is the history whose files are in place again.
	Name string
	// Before is the history that has the state before.
	Before string
	// Written are the files that were written; the others were the same.
	Written []string
	// Left are files that the history does not have and that stayed as they are.
	Left []string
}

// Restore puts the files of a history in the places of the parts. Before
// anything is written, check looks at the folder of the history, and may refuse
// it with an error; then the present state is kept. Each file is written whole
// or not at all, applicationHost.config, which names the rest, being the last
// when it is the first of the parts.
func Restore(parts []Part, s Settings, name string, check func(dir string) error) (*Restored, error) {
	e, err := Find(s.Folder, name)
	if err != nil {
		return nil, err
	}
	return RestoreFrom(parts, s, filepath.Join(s.Folder, e.Name), check)
}

// RestoreFrom is Restore from a folder that Save wrote, or that is a history.
func RestoreFrom(parts []Part, s Settings, dir string, check func(dir string) error) (*Restored, error) {
	// It is read first: keeping the present state may remove it as the oldest.
	then, err := readEntry(filepath.Dir(dir), filepath.Base(dir))
	if err != nil {
		return nil, err
	}
	if err := check(dir); err != nil {
		return nil, err
	}
	now, err := read(parts)
	if err != nil {
		return nil, err
	}
	r := &Restored{Name: filepath.Base(dir)}
	if r.Before, _, err = keep(now, s); err != nil {
		return nil, fmt.Errorf("nothing was restored: %w", err)
	}
	for _, f := range now {
		if _, found := then.data(f.name); !found {
			r.Left = append(r.Left, f.name)
		}
	}
	slices.SortStableFunc(then, func(a, b file) int { return rank(parts, b.name) - rank(parts, a.name) })
	for _, f := range then {
		to := place(parts, f.name)
		there, found := now.data(f.name)
		if to == "" || found && bytes.Equal(there, f.data) {
			continue
		}
		if err := put(to, f, found); err != nil {
			return nil, fmt.Errorf("restoring %s: %w; the state before is %s", f.name, err, r.Before)
		}
		r.Written = append(r.Written, f.name)
	}
	return r, nil
}

// put writes a file to its place. One that is there keeps its rights.
func put(to string, f file, found bool) error {
	if found {
		return durable.WriteFile(to, f.data, f.info.Mode().Perm())
	}
	if err := os.MkdirAll(filepath.Dir(to), fs.FileMode(0o755)); err != nil { //nolint:gosec // as ftphost init makes it
		return err
	}
	return durable.WriteCopy(to, f.data, f.info)
}

// rank is the number of the part that a file belongs to.
func rank(parts []Part, name string) int {
	return slices.IndexFunc(parts, func(p Part) bool { return !p.Folder && p.Name == name || p.Folder && p.Name == path.Dir(name) })
}

// place is where a file of a history belongs; "" when it is of no part.
func place(parts []Part, name string) string {
	i := rank(parts, name)
	switch {
	case i < 0:
		return ""
	case parts[i].Folder:
		return filepath.Join(parts[i].Path, path.Base(name))
	default:
		return parts[i].Path
	}
}
