package vfs_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// slow is a folder on a machine that takes its time.
type slow struct {
	content.Store
	takes, asked atomic.Int64
}

func (s *slow) Stat(string) (content.Info, error) {
	s.asked.Add(1)
	time.Sleep(time.Duration(s.takes.Load()))
	return content.Info{Dir: true, ModTime: fixedTime()}, nil
}

// TestVirtualDirectoryTimeout: a target that does not answer in time delays a
// listing by that time, once, and the line shows the present.
func TestVirtualDirectoryTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		takes, limit, wait time.Duration
		present            bool
	}{
		"in time":      {takes: time.Second, limit: 5 * time.Second, wait: time.Second},
		"late":         {takes: 8 * time.Second, limit: 5 * time.Second, wait: 5 * time.Second, present: true},
		"never asked":  {takes: time.Hour, present: true},
		"turned round": {takes: time.Hour, limit: -time.Second, present: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				far := &slow{}
				far.takes.Store(int64(c.takes))
				h := build(t, map[vpath.Path]string{"/": "root"}, "root/", nil, func(s *vfs.Settings) {
					s.ListVirtualDirectories, s.VirtualDirectoryTimeout = true, c.limit
					s.Mounts = append(s.Mounts, vfs.Mount{Path: "/Far", Store: far})
				})
				began := time.Now()
				// Two sessions that list at once wait together.
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() { far.expect(t, h, c.present) })
				}
				both.Wait()
				if waited := time.Since(began); waited != c.wait {
					t.Errorf("waited %v, want %v", waited, c.wait)
				}
				time.Sleep(time.Minute)
				far.takes.Store(0)
				far.expect(t, h, c.limit <= 0)
				if n := far.asked.Load(); c.limit > 0 && n != 2 || c.limit <= 0 && n != 0 {
					t.Errorf("asked %d times", n)
				}
			})
		})
	}
}

// expect lists the root and looks at the time of the directory Far.
func (s *slow) expect(t *testing.T, h *house, present bool) {
	t.Helper()
	seen := false
	err := h.view.List("/", vfs.ListOptions{}, func(i content.Info) error {
		seen = seen || i.Name == "Far" && i.Dir
		if now := time.Since(i.ModTime) == 0; i.Name == "Far" && now != present {
			t.Errorf("the time is %v, present: %v", i.ModTime, now)
		}
		return nil
	})
	if err != nil || !seen {
		t.Errorf("%v, seen: %v", err, seen)
	}
}
