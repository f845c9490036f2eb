package local_test

import (
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
)

// Whether long listings end by themselves, by their caller or by a directory
// that vanishes, many at a time: they leave no descriptor behind.
func TestLongListingsLeaveNothing(t *testing.T) {
	const entries = 7000
	dir, s := many(t, entries)
	before := descriptors(t)
	list := func(stopAt int) (n int, err error) {
		err = s.List(".", content.Selection{}, func(content.Info) error {
			if n++; n == stopAt {
				return errors.ErrUnsupported
			}
			return nil
		})
		return n, err
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for _, stopAt := range []int{0, 1, entries/2 + 300*i} {
				n, err := list(stopAt)
				if (err != nil) != (stopAt > 0) || stopAt == 0 && n != entries {
					t.Errorf("stopped at %d: %d entries, %v", stopAt, n, err)
				}
			}
		})
	}
	wg.Wait()
	if after := descriptors(t); after > before+1 { // the store's own folder
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	wg.Go(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	for range 4 {
		wg.Go(func() {
			if _, err := list(0); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
