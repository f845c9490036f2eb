package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/journal"
)

// open opens the journal at path; the test closes it, unless it did.
func open(t testing.TB, path string) (*journal.Journal, journal.Left) {
	t.Helper()
	j, left, err := journal.Open(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j, left
}

func in(folder, name string) content.Place { return content.Place{Folder: folder, Name: name} }

// names are the places of entries, in order.
func names(left journal.Left) (names []string) {
	for _, e := range left.Entries {
		names = append(names, fmt.Sprintf("%s %s %d", e.Folder, e.Name, e.ID.Number))
	}
	slices.Sort(names)
	return names
}

func TestWhatIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, left := open(t, path)
	if len(left.Entries) != 0 || left.Foreign || left.Damaged != 0 {
		t.Errorf("a new journal has %+v", left)
	}
	before := time.Now()
	_ = j.Expect(in("/srv", "expected"))
	j.Mark(j.Expect(in("/srv/a b", "ü/marked")), content.FileID{Volume: 1, Number: 2})
	done := j.Expect(in("/srv", "done"))
	j.Mark(done, content.FileID{Number: 3})
	j.Clear(done)
	after := time.Now()
	want := []string{"/srv expected 0", "/srv/a b ü/marked 2"}
	// Twice: what is left stays until it is cleared.
	for range 2 {
		must(t, j.Close())
		j, left = open(t, path)
		if got := names(left); !slices.Equal(got, want) || left.Foreign || left.Damaged != 0 {
			t.Errorf("left is %+v, want %q", left, want)
		}
		for _, e := range left.Entries {
			if e.Since.Before(before) || e.Since.After(e.Until) || e.Until.After(after) {
				t.Errorf("%s since %v until %v, want from %v to %v", e.Name, e.Since, e.Until, before, after)
			}
		}
	}
	for _, e := range left.Entries {
		j.Clear(e.Slot)
	}
	must(t, j.Close())
	if _, left = open(t, path); len(left.Entries) != 0 {
		t.Errorf("left is %+v after all was cleared", left)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v", info.Mode())
	}
}

// TestUsers: who finds a file again does so with the rights of whom it was.
func TestUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	jo := &content.OSUser{Name: "jo", UID: 1000, GID: 1 << 31, Groups: []uint32{4, 24, 1<<32 - 1}}
	j.Mark(j.Expect(content.Place{Folder: "/srv", Name: "a", User: jo}), content.FileID{Number: 1})
	everywhere := &content.OSUser{Groups: make([]uint32, 300)}
	if slot := j.Expect(content.Place{Folder: "/srv", Name: "b", User: everywhere}); slot != journal.None {
		t.Errorf("a user of %d groups has slot %d", len(everywhere.Groups), slot)
	}
	must(t, j.Close())
	_, left := open(t, path)
	if len(left.Entries) != 1 || left.Entries[0].User == nil || left.Entries[0].User.Key() != jo.Key() {
		t.Errorf("left is %+v", left)
	}
}

// TestRefusedNames: what cannot be read back is not written.
func TestRefusedNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	long := strings.Repeat("x", 1000)
	for _, c := range [][2]string{
		{"srv", "a"},
		{"", "a"},
		{"/srv", ""},
		{"/srv", "."},
		{"/srv", "../a"},
		{"/srv", "a/../../b"},
		{"/srv", "/etc/passwd"},
		{"/srv", "a\x00b"},
		{"/s\x00", "a"},
		{"/srv", long},
		{"/" + long, "a"},
	} {
		if slot := j.Expect(in(c[0], c[1])); slot != journal.None {
			t.Errorf("%q below %q has slot %d", c[1], c[0], slot)
		}
	}
	if n := j.Missed(); n != 11 {
		t.Errorf("%d were missed", n)
	}
	must(t, j.Close())
	if _, left := open(t, path); len(left.Entries) != 0 {
		t.Errorf("left is %+v", left)
	}
}

func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	var taken []int
	for {
		slot := j.Expect(in("/srv", fmt.Sprint(len(taken))))
		if slot == journal.None {
			break
		}
		taken = append(taken, slot)
	}
	if len(taken) < 1000 || j.Missed() != 1 {
		t.Errorf("%d slots, %d missed", len(taken), j.Missed())
	}
	j.Clear(taken[7])
	if slot := j.Expect(in("/srv", "again")); slot != taken[7] {
		t.Errorf("slot %d, want the one that was given back", slot)
	}
	must(t, j.Close())
	if _, left := open(t, path); len(left.Entries) != len(taken) {
		t.Errorf("%d are left of %d", len(left.Entries), len(taken))
	}
}

// TestDamage: whatever has become of the file, it is read without harm, and
// used afterwards.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	j, _ := open(t, good)
	for _, name := range []string{"a", "b", "c"} {
		j.Mark(j.Expect(in("/srv", name)), content.FileID{Volume: 1, Number: 2})
	}
	must(t, j.Close())
	data, err := os.ReadFile(good)
	must(t, err)
	slot := func(i int) int { return (1 + i) * journal.SlotSize }
	change := func(at int, to ...byte) []byte {
		d := bytes.Clone(data)
		copy(d[at:], to)
		return d
	}
	for name, c := range map[string]struct {
		data []byte
		want journal.Left // of the entries only how many
		left int
	}{
		"nothing":                  {nil, journal.Left{}, 0},
		"a byte":                   {[]byte{1}, journal.Left{Foreign: true}, 0},
		"zeros":                    {make([]byte, len(data)), journal.Left{Foreign: true}, 0},
		"text":                     {[]byte("my list of uploads\n"), journal.Left{Foreign: true}, 0},
		"too short":                {data[:len(data)-1], journal.Left{Foreign: true}, 0},
		"cut":                      {data[:slot(1)], journal.Left{Foreign: true}, 0},
		"too long":                 {append(bytes.Clone(data), 0), journal.Left{Foreign: true}, 0},
		"another version":          {change(29, '2'), journal.Left{Foreign: true}, 0},
		"torn text":                {change(slot(0)+58, 'X'), journal.Left{Damaged: 1}, 2},
		"torn length":              {change(slot(0)+42, 0xff, 0xff), journal.Left{Damaged: 1}, 2},
		"torn groups":              {change(slot(0)+44, 0xff, 0xff), journal.Left{Damaged: 1}, 2},
		"torn user":                {change(slot(0)+48, 1), journal.Left{Damaged: 1}, 2},
		"torn identity":            {change(slot(1)+16, 9), journal.Left{Damaged: 1}, 2},
		"no identity":              {change(slot(1)+8, make([]byte, 24)...), journal.Left{Damaged: 1}, 2},
		"unknown state":            {change(slot(2), 77), journal.Left{Damaged: 1}, 2},
		"a state without a slot":   {change(slot(9), 2), journal.Left{Damaged: 1}, 3},
		"all slots are random":     {randomSlots(data), journal.Left{Damaged: journal.Slots}, 0},
		"expected instead":         {change(slot(2), 1), journal.Left{}, 3},
		"what is free is nonsense": {change(slot(9)+56, 'x'), journal.Left{}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "j")
			must(t, os.WriteFile(path, c.data, 0o600))
			j, left := open(t, path)
			if len(left.Entries) != c.left || left.Damaged != c.want.Damaged || left.Foreign != c.want.Foreign {
				t.Errorf("%d entries, %d damaged, foreign %v", len(left.Entries), left.Damaged, left.Foreign)
			}
			for _, e := range left.Entries {
				j.Clear(e.Slot)
			}
			j.Mark(j.Expect(in("/srv", "after")), content.FileID{Number: 5})
			must(t, j.Close())
			_, left = open(t, path)
			if got := names(left); !slices.Equal(got, []string{"/srv after 5"}) || left.Damaged != 0 || left.Foreign {
				t.Errorf("afterwards: %+v", left)
			}
		})
	}
}

func randomSlots(data []byte) []byte {
	d := bytes.Clone(data)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(d[journal.SlotSize:])
	return d
}

// TestWhatIsNoFile: nothing is followed or waited for in the journal's place.
func TestWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	must(t, os.WriteFile(target, []byte("mine"), 0o600))
	for name, make := range map[string]func(path string) error{
		"link":   func(p string) error { return os.Symlink(target, p) },
		"pipe":   func(p string) error { return unix.Mkfifo(p, 0o600) },
		"folder": func(p string) error { return os.Mkdir(p, 0o700) },
	} {
		path := filepath.Join(dir, name)
		must(t, make(path))
		if _, _, err := journal.Open(path, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "mine" {
		t.Errorf("the target of the link holds %q, %v", data, err)
	}
}

func TestTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	if _, _, err := journal.Open(path, nil); !errors.Is(err, journal.ErrTaken) {
		t.Errorf("the second one: %v", err)
	}
	must(t, j.Close())
	// Late calls do nothing.
	j.Mark(0, content.FileID{Number: 1})
	j.Clear(0)
	if slot := j.Expect(in("/srv", "late")); slot != journal.None {
		t.Errorf("a closed journal gives slot %d", slot)
	}
	must(t, j.Close())
	open(t, path)
}

// TestCutShort: somebody empties the file while it is used.
func TestCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	var told []error
	j, _, err := journal.Open(path, func(err error) { told = append(told, err) })
	must(t, err)
	slot := j.Expect(in("/srv", "a"))
	must(t, os.Truncate(path, 0))
	j.Mark(slot, content.FileID{Number: 1})
	j.Clear(slot)
	if slot := j.Expect(in("/srv", "b")); slot != journal.None {
		t.Errorf("slot %d", slot)
	}
	if len(told) != 1 || !strings.Contains(told[0].Error(), path) {
		t.Errorf("told %v", told)
	}
	must(t, j.Close())
}

func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	ctx, stop := context.WithCancel(t.Context())
	var all, run sync.WaitGroup
	run.Go(func() { j.Run(ctx) })
	for i := range 8 {
		all.Go(func() {
			for k := range 500 {
				slot := j.Expect(in("/srv", fmt.Sprintf("%d-%d", i, k)))
				j.Mark(slot, content.FileID{Volume: 1, Number: uint64(1000*i + k)})
				if k != 499 {
					j.Clear(slot)
				}
			}
		})
	}
	all.Wait()
	stop()
	run.Wait()
	must(t, j.Close())
	var want []string
	for i := range 8 {
		want = append(want, fmt.Sprintf("/srv %d-499 %d", i, 1000*i+499))
	}
	if _, left := open(t, path); !slices.Equal(names(left), want) || left.Damaged != 0 {
		t.Errorf("left is %+v", left)
	}
}

// writer is set for the process that TestKilled kills.
const writer = "FTPHOST_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(writer); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

// writeForEver records files whose identity follows from their name.
func writeForEver(path string) {
	j, left, err := journal.Open(path, func(err error) { panic(err) })
	if err != nil {
		panic(err)
	}
	for _, e := range left.Entries {
		j.Clear(e.Slot)
	}
	println("ready")
	for i := range 4 {
		go func() {
			for n := i; ; n += 4 {
				slot := j.Expect(in("/srv", strings.Repeat("x", n%500)+fmt.Sprint(n)))
				j.Mark(slot, content.FileID{Volume: 7, Number: uint64(n + 1)})
				j.Clear(slot)
			}
		}()
	}
	select {}
}

// TestKilled: a writer that is killed at any moment leaves no torn slot.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	found := 0
	for range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writer+"="+path)
		said, err := cmd.StderrPipe()
		must(t, err)
		must(t, cmd.Start())
		line := make([]byte, 5)
		if _, err := said.Read(line); err != nil || string(line) != "ready" {
			t.Fatalf("the writer says %q, %v", line, err)
		}
		time.Sleep(time.Duration(rand.IntN(10_000)) * time.Microsecond) // any moment will do
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		j, left := open(t, path)
		if left.Foreign || left.Damaged != 0 || len(left.Entries) > 4 {
			t.Errorf("left is %+v", left)
		}
		for _, e := range left.Entries {
			var n uint64
			if _, err := fmt.Sscan(strings.TrimLeft(e.Name, "x"), &n); err != nil || e.ID != (content.FileID{}) && e.ID.Number != n+1 {
				t.Errorf("%q is %d: %v", e.Name, e.ID.Number, err)
			}
		}
		found += len(left.Entries)
		must(t, j.Close())
	}
	t.Logf("%d slots were in use", found)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkUpload is what an upload costs.
func BenchmarkUpload(b *testing.B) {
	j, _ := open(b, filepath.Join(b.TempDir(), "j"))
	b.ReportAllocs()
	for b.Loop() {
		slot := j.Expect(content.Place{Folder: "/srv/ftp/sites/www.example.com", Name: "incoming/2026/report-0000001.pdf"})
		j.Mark(slot, content.FileID{Volume: 1, Number: 2})
		j.Clear(slot)
	}
}
