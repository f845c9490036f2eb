package local_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/auth/local"
)

// collections counts the garbage collections so far.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// The memory of hashes is collected once, after some seconds without anybody
// waiting for it, and not at all when there was none.
func TestMemoryOfHashesIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := local.NewWorkers(2)
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { w.Run(ctx) })
		step := func(what string, hashes int, want uint32) {
			t.Helper()
			before := collections()
			inside, leave := make(chan struct{}, hashes), make(chan struct{})
			close(leave)
			for range hashes {
				local.Occupy(w, inside, leave)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := collections() - before; got != want {
				t.Errorf("%s: %d collections, want %d", what, got, want)
			}
		}
		step("nothing", 0, 0)
		step("one hash", 1, 1)
		step("nothing more", 0, 0)
		step("a burst", 5, 1)
		cancel()
		run.Wait()
	})
}
