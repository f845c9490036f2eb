package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// many makes a directory of n files and returns a store of it.
func many(tb testing.TB, n int) (dir string, s *local.Store) {
	tb.Helper()
	dir = tb.TempDir()
	for i := range n {
		// In an order that is not theirs.
		if err := os.WriteFile(filepath.Join(dir, numbered(i*7919%n)), nil, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir, local.New(dir)
}

func numbered(i int) string { return fmt.Sprintf("entry-%06d.txt", i) }

// Up to the bound a listing is sorted; beyond it nothing is missing, nothing
// comes twice, and what a selection leaves out does not count.
func TestManyEntries(t *testing.T) {
	const bound = local.MaxSorted
	first := func(name string) bool { return name < numbered(bound) }
	for _, c := range []struct {
		n, want int
		sel     content.Selection
	}{
		{bound, bound, content.Selection{}},
		{bound, bound, content.Selection{NamesOnly: true}},
		{bound + 1500, bound, content.Selection{Wanted: first}},
		{bound + 1500, bound + 1500, content.Selection{}},
		{bound + 1500, bound + 1500, content.Selection{NamesOnly: true}},
	} {
		_, s := many(t, c.n)
		got := make([]string, 0, c.want)
		if err := s.List(".", c.sel, func(i content.Info) error {
			got = append(got, i.Name)
			if (i.ID == content.FileID{}) != c.sel.NamesOnly && i.Mode != 0 {
				t.Fatalf("%+v", i)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if sorted := slices.IsSortedFunc(got, vpath.Compare); c.want <= bound && !sorted {
			t.Errorf("%d of %d: not in order", c.want, c.n)
		}
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != c.want {
			t.Errorf("%d of %d: %d different entries", c.want, c.n, len(got))
		}
	}
}

// What vanishes during a listing is left out, be it the directory itself, apart
// from what was looked at already.
func TestDirectoryChangesDuringListing(t *testing.T) {
	for _, n := range []int{1000, local.MaxSorted + 3000} {
		dir, s := many(t, n)
		seen := map[string]bool{}
		if err := s.List(".", content.Selection{}, func(i content.Info) error {
			if seen[i.Name] {
				t.Errorf("%s comes again", i.Name)
			}
			seen[i.Name] = true
			if len(seen) == 100 {
				return os.RemoveAll(dir)
			}
			return nil
		}); err != nil || len(seen) > 100+local.LookAhead {
			t.Errorf("%d files: %d entries, %v", n, len(seen), err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	for _, n := range []int{10, 1000, local.MaxSorted, 100_000} {
		_, s := many(b, n)
		for _, sel := range []content.Selection{{}, {NamesOnly: true}} {
			b.Run(fmt.Sprintf("files=%d/names=%v", n, sel.NamesOnly), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := s.List(".", sel, func(content.Info) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/entry")
			})
		}
	}
}
