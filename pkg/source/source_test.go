package source

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience is how long a test waits for what comes at once on an idle machine.
const patience = time.Minute

// never keeps a watcher from looking by itself.
const never = 24 * time.Hour

// running is a watcher that runs, and what was in a file at each call.
type running struct {
	*Watcher
	calls chan string
}

// run runs a watcher; each call reads the file at path.
func run(t *testing.T, o Options, s Set, path string) *running {
	t.Helper()
	return start(t, New(o), s, path)
}

func start(t *testing.T, w *Watcher, s Set, path string) *running {
	t.Helper()
	r := &running{w, make(chan string, 1000)}
	r.Watch(s)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		r.Run(ctx, func() {
			data, err := os.ReadFile(path)
			if err != nil {
				r.calls <- "error"
				return
			}
			r.calls <- string(data)
		})
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	r.until(t, func() bool { return !r.safe.IsZero() && len(r.poke) == 0 })
	return r
}

// until waits for a condition of the watcher's state.
func (r *running) until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		now := ok()
		r.mu.Unlock()
		if now {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the watcher does not get there")
		}
	}
}

// expect waits for a call at which the file holds want.
func (r *running) expect(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case got := <-r.calls:
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("nobody was told that the file holds %q", want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shell runs commands in dir.
func shell(t *testing.T, dir, commands string) {
	t.Helper()
	cmd := exec.Command("sh", "-euc", commands)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
}

// TestWaysOfSaving: by events alone, whichever way the file becomes "two".
func TestWaysOfSaving(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the ways are shell commands")
	}
	for _, c := range []struct{ name, before, save string }{
		{"in place", "", "printf two >home/f"},
		{"in place, same size and time", "touch -d 2020-01-01 home/f", "printf two >home/f; touch -d 2020-01-01 home/f"},
		{"in two pieces", "", "printf t >home/f; printf wo >>home/f"},
		{"truncated, then written", "", ": >home/f; printf two >home/f"},
		{"renamed over", "", "printf two >home/.f.new; mv home/.f.new home/f"},
		{"renamed over from elsewhere", "", "printf two >other; mv other home/f"},
		{"backup first", "", "mv home/f home/f~; printf two >home/f"},
		{"removed and made again", "", "rm home/f; printf two >home/f"},
		{"cp", "printf two >other", "cp other home/f"},
		{"cp --preserve", "printf two >other; touch -d 2001-01-01 other", "cp -p other home/f"},
		{"hard link put in place", "printf two >other", "ln -f other home/f"},
		{"sed -i", "", "sed -i.bak s/one/two/ home/f"},
		{"not there before", "rm home/f", "printf two >home/f"},
		{"home not there before", "rm -r home", "mkdir home; printf two >home/f"},
		{"home of homes not there before", "mkdir x; mv home x; ln -s x/y/z/home home", "mkdir -p x/y/z/home; printf two >x/y/z/home/f"},
		{"home replaced", "mkdir new; printf two >new/f", "mv home old; mv new home"},
		{"home removed and made again", "", "rm -r home; mkdir home; printf two >home/f"},
		{"link swapped", "mv home/f home/f1; ln -s f1 home/f; printf two >home/f2", "ln -sfn f2 home/f"},
		{"behind a link", "mv home/f other; ln -s ../other home/f", "printf two >other"},
		{"behind two links, renamed over", "mkdir a b; mv home/f b/f; ln -s ../b/f a/f; ln -s ../a/f home/f", "printf two >b/n; mv b/n b/f"},
		{"home is a link, swapped", "mv home h1; ln -s h1 home; mkdir h2; printf two >h2/f", "ln -s h2 n; mv -T n home"},
		{
			"ConfigMap", "mkdir home/..1; mv home/f home/..1/f; ln -s ..1 home/..data; ln -s ..data/f home/f",
			"mkdir home/..2; printf two >home/..2/f; ln -s ..2 home/..data_tmp; mv -T home/..data_tmp home/..data; rm -r home/..1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS != "linux" && (strings.Contains(c.save, "mv -T") || strings.Contains(c.before+c.save, "touch -d")) {
				t.Skip("needs GNU tools")
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "home", "f")
			write(t, path, "one")
			shell(t, dir, c.before)
			r := run(t, Options{Quiet: 20 * time.Millisecond, Poll: never, Safety: never}, Set{Files: []string{path}}, path)
			shell(t, dir, c.save)
			r.expect(t, "two")
			shell(t, dir, "printf three >home/f") // it is still watched
			r.expect(t, "three")
		})
	}
}

func TestFolders(t *testing.T) {
	for _, c := range []struct{ name, path string }{
		{"file", "a.xml"}, {"new file", "new.xml"}, {"in a sub-folder", "MY/a.pem"}, {"in a new sub-folder", "WebHosting/a.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "certificates")
			write(t, filepath.Join(dir, "a.xml"), "one")
			write(t, filepath.Join(dir, "MY", "a.pem"), "one")
			path := filepath.Join(dir, filepath.FromSlash(c.path))
			r := run(t, Options{Quiet: 20 * time.Millisecond, Poll: never, Safety: never}, Set{Folders: []string{dir}}, path)
			write(t, path, "two")
			r.expect(t, "two")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			r.expect(t, "error")
		})
	}
}

// TestPolling: without any events.
func TestPolling(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	var said []error
	w := New(Options{Quiet: 5 * time.Millisecond, Poll: 5 * time.Millisecond, Safety: never, OnError: func(err error) { said = append(said, err) }})
	w.open = func() (*fsnotify.Watcher, error) { return nil, syscall.EMFILE }
	r := start(t, w, Set{Files: []string{path}}, path)
	for _, text := range []string{"two", "six", "three"} {
		write(t, path, text)
		r.expect(t, text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(said) != 1 || !errors.Is(said[0], syscall.EMFILE) {
		t.Errorf("said %v", said)
	}
}

// TestSafety: what no event told is found all the same.
func TestSafety(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "home", "f"), filepath.Join(dir, "g")
	write(t, path, "one")
	if err := os.Link(path, other); err != nil {
		t.Skip("no hard links here: ", err)
	}
	r := run(t, Options{Quiet: 5 * time.Millisecond, Poll: never, Safety: 20 * time.Millisecond}, Set{Files: []string{path}}, path)
	write(t, other, "two") // of which the folder of f hears nothing
	r.expect(t, "two")
}

func TestRare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	w := New(Options{Quiet: time.Second, Safety: 2 * time.Second})
	w.Watch(Set{Rare: []string{path}, Period: time.Minute})
	write(t, path, "two")
	start := time.Now()
	var told []time.Duration
	for at := time.Duration(0); at <= 3*time.Minute; at += time.Second {
		if w.tick(start.Add(at)) {
			told = append(told, at)
			write(t, path, at.String())
		}
	}
	want := []time.Duration{61 * time.Second, 121 * time.Second}
	if len(told) < 2 || told[0] < 60*time.Second || told[0] > 63*time.Second || told[1]-told[0] < 50*time.Second {
		t.Errorf("told at %v, want about %v", told, want)
	}
}

// TestNothing: what changes no content is told to nobody.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, "one")
	w := New(Options{})
	w.Watch(Set{Files: []string{path, path, filepath.Join(dir, "missing")}, Folders: []string{filepath.Join(dir, "schema")}})
	now := time.Now()
	for _, do := range []func(){
		func() {},
		func() { write(t, path, "one") },
		func() { must(t, os.Chtimes(path, now, now)) },
		func() { write(t, path+".new", "one"); must(t, os.Rename(path+".new", path)) },
		func() { write(t, path, "other"); write(t, path, "one") },
		func() { write(t, filepath.Join(dir, "log"), "line") },
		func() { must(t, os.Mkdir(filepath.Join(dir, "schema"), 0o755)) },
		func() { write(t, filepath.Join(dir, "schema", ".a.swp"), "one") },
	} {
		do()
		w.pause.event(now)
		for range 3 {
			now = now.Add(defaultLongest)
			if w.tick(now) {
				t.Fatal("told, although nothing changed")
			}
		}
	}
	write(t, path, "two")
	now = now.Add(defaultSafety)
	if w.tick(now) {
		t.Error("told before it was quiet")
	}
	if !w.tick(now.Add(defaultQuiet)) {
		t.Error("not told")
	}
}

// TestConcerns: a log that grows in the home wakes nobody.
func TestConcerns(t *testing.T) {
	dir := t.TempDir()
	real, err := filepath.EvalSymlinks(dir)
	must(t, err)
	path := filepath.Join(dir, "f")
	write(t, path, "one")
	r := run(t, Options{Safety: never}, Set{Files: []string{path}, Folders: []string{filepath.Join(dir, "certificates")}}, path)
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, want := range map[string]bool{
		"f": true, "F": true, "certificates": true, "log": false, "ftphost.sock": false, ".f.swp": false, "": true, "sub/f": false,
	} {
		if got := r.tree.concerns(filepath.Join(real, name)); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestPause(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		name   string
		events []int
		over   int
	}{
		{"one", []int{0}, 250},
		{"two", []int{0, 200}, 450},
		{"without end", []int{0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 1999}, 2000},
	} {
		p := pause{quiet: defaultQuiet, longest: defaultLongest}
		for _, e := range c.events {
			p.event(at(e))
		}
		if p.over(at(c.over-1)) || !p.over(at(c.over)) {
			t.Errorf("%s: over at %v, want %d ms", c.name, p.due.Sub(start), c.over)
		}
	}
	var p pause
	if p.over(at(0)) || p.pending() {
		t.Error("over before anything happened")
	}
}

// TestSetReplaced: what is no longer in the set is told no more, and what is
// new in it counts as known.
func TestSetReplaced(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a", "f"), filepath.Join(dir, "b", "f")
	write(t, a, "one")
	write(t, b, "one")
	r := run(t, Options{Quiet: 5 * time.Millisecond, Poll: never, Safety: never}, Set{Files: []string{a}}, b)
	r.Watch(Set{Files: []string{b}})
	r.until(t, func() bool { return r.tree.folders[real(t, filepath.Dir(b))] != nil })
	r.mu.Lock()
	if list := r.tree.events.WatchList(); slices.Contains(list, real(t, filepath.Dir(a))) {
		t.Errorf("still watched: %v", list)
	}
	r.mu.Unlock()
	write(t, a, "two")
	write(t, b, "two")
	r.expect(t, "two")
	if len(r.calls) > 0 {
		t.Error("told twice")
	}
}

// TestCallsDoNotOverlap: a change during a call comes after it.
func TestCallsDoNotOverlap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "0")
	w := New(Options{Quiet: time.Millisecond, Longest: 2 * time.Millisecond, Poll: never, Safety: never})
	w.Watch(Set{Files: []string{path}})
	ctx, cancel := context.WithCancel(context.Background())
	var at, calls atomic.Int32
	var done sync.WaitGroup
	done.Go(func() {
		w.Run(ctx, func() {
			if at.Add(1) > 1 {
				t.Error("two calls at once")
			}
			if n := calls.Add(1); n < 10 {
				_ = os.WriteFile(path, []byte{byte(n)}, 0o644)
			}
			at.Add(-1)
		})
	})
	_ = os.WriteFile(path, []byte("first"), 0o644)
	for end := time.Now().Add(patience); calls.Load() < 10; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d calls", calls.Load())
		}
	}
	cancel()
	done.Wait()
}

func real(t *testing.T, path string) string {
	t.Helper()
	resolved, err := filepath.EvalSymlinks(path)
	must(t, err)
	return resolved
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
