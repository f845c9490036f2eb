package cert

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// trust keeps what client certificates are checked against, and looks at the
// folders at most once a second.
type trust struct {
	now  atomic.Pointer[trusted]
	read atomic.Int64 // the clock at the last look

	mu       sync.Mutex // guards the reading
	versions [3]uint64  // of roots, intermediates and lists, when now was made
	lists    lists
}

// trusted is the state of the folders at one time; it is never changed.
type trusted struct {
	roots         *x509.CertPool // nil: the system's
	intermediates *x509.CertPool
	lists         map[string][]*list // by raw issuer, newest first
	folder        string             // of all stores, for people
}

func (t *trust) get(s *Stores) (*trusted, error) {
	known := t.now.Load()
	if known != nil && int64(s.clock())-t.read.Load() < int64(rescan) {
		return known, nil
	}
	if known != nil && !t.mu.TryLock() {
		return known, nil // somebody is reading
	}
	if known == nil {
		t.mu.Lock() // the first ones wait for what there is
		if known = t.now.Load(); known != nil {
			t.mu.Unlock()
			return known, nil
		}
	}
	fresh, problems, err := t.refresh(s)
	t.mu.Unlock()
	s.tell(problems)
	return fresh, err
}

// refresh reads what is new in the folders.
func (t *trust) refresh(s *Stores) (*trusted, []error, error) {
	t.read.Store(int64(s.clock()))
	roots, hasRoots, rootVersion := s.store(rootStore).trusted()
	between, _, caVersion := s.store(caStore).trusted()
	problems := append(roots.problems, between.problems...)
	problems = append(problems, t.lists.refresh(s)...)
	versions := [3]uint64{rootVersion, caVersion, t.lists.version}
	known := t.now.Load()
	if known != nil && versions == t.versions && (known.roots != nil) == hasRoots {
		return known, problems, nil
	}
	fresh := &trusted{intermediates: between.pool(), lists: t.lists.byIssuer(), folder: s.dir}
	if hasRoots {
		fresh.roots = roots.pool()
	} else if _, err := x509.SystemCertPool(); err != nil {
		return nil, problems, fmt.Errorf("%w: %s does not exist, and the system's trusted issuers cannot be read: %w", ErrUntrusted, s.path(rootStore), err)
	}
	t.versions = versions
	t.now.Store(fresh)
	return fresh, problems, nil
}

// brokenLists are the errors of the revocation lists as they are now.
func (t *trust) brokenLists(s *Stores) []error {
	t.mu.Lock()
	problems := t.lists.refresh(s)
	broken := t.lists.broken()
	t.mu.Unlock()
	s.tell(problems)
	return broken
}

// issuers are the certificates of a store, whether or not they have keys.
type issuers struct {
	certs    []*Certificate
	problems []error
}

func (i issuers) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range i.certs {
		pool.AddCert(c.TLS.Leaf)
	}
	return pool
}

// trusted returns the certificates of a store, whether it has a folder, and a
// number that changes with them.
func (st *store) trusted() (i issuers, exists bool, version uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	i.problems = st.scan()
	for _, f := range st.files {
		i.certs = append(i.certs, f.good...)
	}
	return i, st.folder != "", st.version
}

// path is where the folder of a store is, or would be.
func (s *Stores) path(name string) string {
	if folder := s.folder(name); folder != "" {
		return folder
	}
	return filepath.Join(s.dir, name)
}
