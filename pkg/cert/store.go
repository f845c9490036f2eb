package cert

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// rescan is how long a folder that looks unchanged is believed: files that
// are overwritten in place do not change it.
const rescan = time.Second

// store is one folder. Finding what is known does not wait for the reading of
// files.
type store struct {
	root *Stores
	name string
	// index leads from every thumbprint a file ever had to the entry that
	// follows the file.
	index      map[string]*Entry
	indexMutex sync.RWMutex

	mu      sync.Mutex // guards what follows and the files
	folder  string
	info    fs.FileInfo // of the folder, at the last scan
	scanned time.Duration
	err     error
	files   map[string]*file // by path
	version uint64           // changes with what they hold
}

func (st *store) entry(thumbprint string) *Entry {
	st.indexMutex.RLock()
	defer st.indexMutex.RUnlock()
	return st.index[thumbprint]
}

// find looks again before it gives up.
func (st *store) find(thumbprint string) (*Entry, error) {
	if e := st.entry(thumbprint); e != nil && !e.file.gone.Load() {
		return e, nil
	}
	st.mu.Lock()
	var problems []error
	if st.due() {
		problems = st.scan()
	}
	e := st.entry(thumbprint)
	var err error
	if e == nil {
		err = st.missing(thumbprint)
	}
	st.mu.Unlock()
	st.root.tell(problems)
	return e, err
}

// missing says why there is no certificate, and what to do.
func (st *store) missing(thumbprint string) error {
	for _, f := range st.files {
		for _, c := range f.loaded {
			if c.Thumbprint == thumbprint {
				return fmt.Errorf("%w: %s holds %s alone; put the key into the same file, or beside a .crt as .key, or export a PFX with the private key",
					ErrNoKey, f.path, thumbprint)
			}
		}
	}
	where := st.folder
	if where == "" {
		where = filepath.Join(st.root.dir, st.name) + ", which does not exist,"
	}
	err := fmt.Errorf("%w: no file in %s has the thumbprint %s; put it there as .pem, .crt with .key, or .pfx, or correct serverCertHash and serverCertStoreName",
		ErrNotFound, where, thumbprint)
	if broken := st.broken(); len(broken) > 0 {
		err = fmt.Errorf("%w (files there that cannot be used: %d; the first is %w)", err, len(broken), broken[0])
	}
	return err
}

// due tells whether the folder is to be read.
func (st *store) due() bool {
	if st.info == nil || st.root.clock()-st.scanned >= rescan {
		return true
	}
	info, err := os.Stat(st.folder)
	return err != nil || !sameState(info, st.info)
}

// scan reads what is new in the folder. Problems are those of files that
// changed.
func (st *store) scan() []error {
	st.scanned = st.root.clock()
	st.folder = st.root.folder(st.name)
	names, err := st.read()
	var problems []error
	if err != nil && (st.err == nil || st.err.Error() != err.Error()) {
		problems = append(problems, err)
	}
	st.err = err
	if err != nil {
		return problems
	}
	present := map[string]bool{}
	for _, name := range names {
		if !isCertificate(name) {
			continue
		}
		path := filepath.Join(st.folder, name)
		present[path] = true
		if st.files[path] == nil {
			st.files[path] = &file{store: st, path: path}
		}
		st.files[path].companion = filepath.Join(st.folder, companion(name, names))
	}
	for _, path := range slices.Sorted(maps.Keys(st.files)) {
		f := st.files[path]
		problems = append(problems, f.refresh()...)
		if !present[path] && len(f.entries) == 0 {
			delete(st.files, path)
			st.version++
		}
	}
	for _, path := range slices.Sorted(maps.Keys(st.files)) {
		st.files[path].enter() // for one that is gone, perhaps
	}
	return problems
}

// read returns the names in the folder, sorted. A folder that does not exist
// is empty.
func (st *store) read() ([]string, error) {
	st.info = nil
	if st.folder == "" {
		return nil, nil
	}
	info, err := os.Stat(st.folder)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(st.folder)
	if err != nil {
		return nil, err
	}
	st.info = info
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// isCertificate tells by its name whether a file is to be read.
func isCertificate(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pem", ".crt", ".cer", ".pfx", ".p12":
		return true
	}
	return false
}

// companion is the name of the file that holds the key or the password for
// name: among the names of the folder without regard to case, as Windows may
// have written it.
func companion(name string, names []string) string {
	want := name + passwordSuffix
	if !isPFX(name) {
		want = strings.TrimSuffix(name, filepath.Ext(name)) + ".key"
	}
	if !slices.Contains(names, want) {
		for _, n := range names {
			if strings.EqualFold(n, want) {
				return n
			}
		}
	}
	return want
}

// list is what the files hold now.
func (st *store) list() ([]*Certificate, []error) {
	st.mu.Lock()
	problems := st.scan()
	var all []*Certificate
	for _, path := range slices.Sorted(maps.Keys(st.files)) {
		all = append(all, st.files[path].loaded...)
	}
	broken := st.broken()
	if st.err != nil {
		broken = append(broken, st.err)
	}
	st.mu.Unlock()
	st.root.tell(problems)
	return all, broken
}

// broken are the errors of the files that cannot be used.
func (st *store) broken() []error {
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(st.files)) {
		if err := st.files[path].err; err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errs
}

// enter makes e the one that thumbprint leads to, unless there is one whose
// file still exists.
func (st *store) enter(thumbprint string, e *Entry) {
	st.indexMutex.Lock()
	defer st.indexMutex.Unlock()
	if known := st.index[thumbprint]; known == nil || known.file.gone.Load() {
		st.index[thumbprint] = e
	}
}
