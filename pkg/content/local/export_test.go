package local

// Remembered is how many directories the store's index has.
func Remembered(s *Store) int {
	s.tree.index.mu.Lock()
	defer s.tree.index.mu.Unlock()
	return len(s.tree.index.dirs)
}

// SetMaxNames gives the store's index another bound.
func SetMaxNames(s *Store, n int) {
	t, err := s.open()
	if err != nil {
		panic(err)
	}
	t.index.maxNames = n
}

// SetMaxRecent gives the store another bound of directories kept open.
func SetMaxRecent(s *Store, n int) {
	t, err := s.open()
	if err != nil {
		panic(err)
	}
	t.recent.max = n
}

// Kept is how many directories the store keeps open.
func Kept(s *Store) (n int) {
	r := s.tree.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.dirs {
		if v.kept != nil {
			n++
		}
	}
	return n
}

// The bounds of the directories that are kept open.
const (
	MaxRecent     = maxRecent
	Trust         = trust
	SweepInterval = sweepInterval
)

// The bounds of a listing.
const (
	MaxSorted = maxSorted
	LookAhead = lookAhead
)
