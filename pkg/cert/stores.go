package cert

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Stores are the certificate stores of a home: one folder each. They are safe
// for concurrent use.
type Stores struct {
	// OnProblem, when set before the first use, hears of files that cannot be
	// used and of renewals, once per state of the files. It must not wait.
	OnProblem func(error)

	dir string
	// clock counts from a fixed moment and never goes back.
	clock func() time.Duration

	trust trust

	mu     sync.Mutex
	stores map[string]*store // by upper-case name
}

// Open returns the stores below dir. Nothing is read yet; a folder that is
// missing is an empty store.
func Open(dir string) *Stores {
	start := time.Now()
	return &Stores{
		dir:    dir,
		clock:  func() time.Duration { return time.Since(start) },
		stores: map[string]*store{},
	}
}

// Find returns the certificate with its key that has this thumbprint. The
// store's name is compared without case. The error is ErrLength, ErrNotFound
// or ErrNoKey and says what to do.
func (s *Stores) Find(name, thumbprint string) (*Entry, error) {
	st := s.store(name)
	if e := st.entry(thumbprint); e != nil && !e.file.gone.Load() {
		return e, nil
	}
	clean, _, err := ParseThumbprint(thumbprint)
	if err != nil {
		return nil, err
	}
	e, err := st.find(clean)
	if errors.Is(err, ErrNotFound) {
		if other := s.elsewhere(name, clean); other != "" {
			err = fmt.Errorf("%w; it is in the store %s", err, other)
		}
	}
	return e, err
}

// elsewhere names another store that has the certificate.
func (s *Stores) elsewhere(name, thumbprint string) string {
	names, err := s.names()
	if err != nil {
		return ""
	}
	for _, n := range names {
		if strings.EqualFold(n, name) {
			continue
		}
		if _, err := s.store(n).find(thumbprint); err == nil {
			return n
		}
	}
	return ""
}

// List reads what is new and returns the certificates of a store, those
// without key too, and what is wrong with other files. The empty name stands
// for all stores and their revocation lists.
func (s *Stores) List(name string) ([]*Certificate, []error) {
	names := []string{name}
	var errs []error
	if name == "" {
		var err error
		if names, err = s.names(); err != nil {
			errs = append(errs, err)
		}
	}
	var all []*Certificate
	for _, n := range names {
		certs, problems := s.store(n).list()
		all, errs = append(all, certs...), append(errs, problems...)
	}
	if name == "" {
		errs = append(errs, s.trust.brokenLists(s)...)
	}
	return all, errs
}

// names are the stores that have a folder.
func (s *Stores) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !isFolder(filepath.Join(s.dir, e.Name())) {
			continue
		}
		same := func(n string) bool { return strings.EqualFold(n, e.Name()) }
		if !slices.ContainsFunc(names, same) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// folder is the path of a store's folder, in whatever case it is written.
func (s *Stores) folder(name string) string {
	names, err := s.names()
	if err == nil {
		for _, n := range names {
			if strings.EqualFold(n, name) {
				return filepath.Join(s.dir, n)
			}
		}
	}
	return ""
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (s *Stores) store(name string) *store {
	key := strings.ToUpper(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stores[key]
	if st == nil {
		st = &store{root: s, name: name, files: map[string]*file{}, index: map[string]*Entry{}}
		s.stores[key] = st
	}
	return st
}

// tell hands problems on. No lock is held, so that who hears of one may ask
// for certificates.
func (s *Stores) tell(problems []error) {
	if s.OnProblem == nil {
		return
	}
	for _, p := range problems {
		s.OnProblem(p)
	}
}
