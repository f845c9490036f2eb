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

// The bounds of a listing.
const (
	MaxSorted = maxSorted
	LookAhead = lookAhead
)
