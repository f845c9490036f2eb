package source

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestNoAnswer: a share whose machine does not answer counts as unreadable and
// holds nothing up; when it answers again, that is a change as well.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		local, remote := filepath.Join(dir, "home", "f"), filepath.Join(dir, "share", "f")
		write(t, local, "one")
		write(t, remote, "one")
		var gone atomic.Bool
		var asked atomic.Int32
		back := make(chan struct{})
		w := New(Options{})
		w.observe = func(k key, before sight, now time.Time, thorough bool) observation {
			if k.path == remote {
				asked.Add(1)
				if gone.Load() {
					<-back
				}
			}
			o := observe(k, before, now, thorough)
			if k.path == remote {
				for dir, f := range o.folders {
					o.folders[dir] = found{f.info, true}
				}
			}
			return o
		}
		// told looks for a while and counts what is told.
		told := func() (n int) {
			for range 20 {
				time.Sleep(250 * time.Millisecond)
				if w.tick(time.Now()) {
					n++
				}
			}
			return n
		}
		w.Watch(Set{Files: []string{local, remote}})
		expect := func(what string, want int) {
			t.Helper()
			if n := told(); n != want {
				t.Errorf("%s: told %d times, want %d", what, n, want)
			}
		}
		expect("nothing", 0)
		write(t, remote, "two")
		expect("the share has changed", 1)
		gone.Store(true)
		before := asked.Load()
		expect("the share is gone", 1)
		write(t, local, "two")
		w.pause.event(time.Now())
		expect("a file has changed here", 1)
		if n := asked.Load() - before; n != 1 {
			t.Errorf("the share was asked %d times while it did not answer", n)
		}
		gone.Store(false)
		close(back)
		expect("the share is back", 1)
		expect("nothing more", 0)
		gone.Store(true) // and nobody answers any more, from the start
		back = make(chan struct{})
		w.Watch(Set{Files: []string{local}})
		w.Watch(Set{Files: []string{local, remote}})
		expect("a share that never answered", 0)
		close(back)
		expect("it answers", 1)
	})
}
