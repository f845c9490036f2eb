package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
)

// checks counts how often the slow check ran.
type checks struct {
	*auth.VerifyCache
	lifetime time.Duration
	n        int
}

func (c *checks) verify(hash, password string, ok bool) bool {
	return c.Verify(hash, password, c.lifetime, func() bool { c.n++; return ok })
}

func TestVerifyCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &checks{VerifyCache: auth.NewVerifyCache(100), lifetime: time.Minute}
		step := func(what, hash, password string, ok, want bool, n int) {
			t.Helper()
			if got := c.verify(hash, password, ok); got != want || c.n != n {
				t.Errorf("%s: %v after %d checks, want %v after %d", what, got, c.n, want, n)
			}
		}
		step("a wrong password", "h", "bad", false, false, 1)
		step("is not remembered", "h", "bad", false, false, 2)
		step("a right one", "h", "pw", true, true, 3)
		step("is remembered", "h", "pw", false, true, 3)
		step("not for another hash", "h2", "pw", false, false, 4)
		step("not for another split of the same bytes", "hp", "w", false, false, 5)
		time.Sleep(time.Minute - 1)
		step("until its time", "h", "pw", false, true, 5)
		time.Sleep(time.Nanosecond)
		step("is over, counted from the check", "h", "pw", false, false, 6)
		step("again", "h", "pw", true, true, 7)
		c.Flush()
		step("until a flush", "h", "pw", false, false, 8)
		c.lifetime = 0
		step("no lifetime", "h", "pw", true, true, 9)
		step("remembers nothing", "h", "pw", false, false, 10)
	})
}

func TestVerifyCacheIsBounded(t *testing.T) {
	c := &checks{VerifyCache: auth.NewVerifyCache(3), lifetime: time.Hour}
	for i := range 4 {
		c.verify(fmt.Sprint(i), "pw", true)
	}
	for i, want := range []bool{false, true, true, true} {
		if got := c.verify(fmt.Sprint(i), "pw", false); got != want {
			t.Errorf("entry %d of 4 in a cache of 3: %v, want %v", i, got, want)
		}
	}
}

func TestCacheThatRemembersNothing(t *testing.T) {
	for _, cache := range []*auth.VerifyCache{nil, auth.NewVerifyCache(0)} {
		c := &checks{VerifyCache: cache, lifetime: time.Hour}
		c.verify("h", "pw", true)
		if c.verify("h", "pw", false) {
			t.Error("it remembered")
		}
	}
}

func TestVerifyCacheConcurrently(t *testing.T) {
	cache := auth.NewVerifyCache(10)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				if !cache.Verify(fmt.Sprint(i%20), "pw", time.Hour, func() bool { return true }) {
					t.Error("refused")
				}
				if g == 0 && i%100 == 0 {
					cache.Flush()
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerifyCacheHit(b *testing.B) {
	cache := auth.NewVerifyCache(10)
	cache.Verify("hash", "pw", time.Hour, func() bool { return true })
	b.ReportAllocs()
	for b.Loop() {
		cache.Verify("hash", "pw", time.Hour, func() bool { b.Fatal("missed"); return false })
	}
}
