package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
)

var (
	alice = netip.MustParseAddr("192.0.2.1")
	bob   = netip.MustParseAddr("192.0.2.2")
)

// attempts returns a count with a policy, and what it tells.
func attempts(p auth.AttemptPolicy) (*auth.Attempts, *[]string) {
	a, told := auth.NewAttempts(), &[]string{}
	a.OnLimit = func(b auth.Block, logOnly bool) {
		*told = append(*told, fmt.Sprintf("%s %d %v %v", b.Network, b.Failures, time.Until(b.Until), logOnly))
	}
	a.SetPolicy(p)
	return a, told
}

func fails(a *auth.Attempts, addr netip.Addr, times int) (blocked bool) {
	for range times {
		blocked = a.Fail(addr)
	}
	return blocked
}

func usual() auth.AttemptPolicy {
	return auth.AttemptPolicy{Enabled: true, MaxFailures: 4, Period: 30 * time.Second}
}

func TestAttemptsBlockAtTheLimitUntilTheEntryExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, told := attempts(usual())
		if fails(a, alice, 3) || a.Blocked(alice) {
			t.Error("blocked below the limit")
		}
		time.Sleep(29 * time.Second)
		if !a.Fail(alice) || !a.Blocked(alice) || a.Blocked(bob) {
			t.Error("the fourth failure within the period blocks that address and no other")
		}
		if want := "192.0.2.1/32 4 30s false"; len(*told) != 1 || (*told)[0] != want {
			t.Errorf("told %q, want %q", *told, want)
		}
		if l := a.List(); len(l) != 1 || l[0].Network.Addr() != alice || l[0].Failures != 4 {
			t.Errorf("list %v", l)
		}
		time.Sleep(30*time.Second - time.Millisecond)
		if !a.Blocked(alice) {
			t.Error("not blocked to the end of the period")
		}
		time.Sleep(time.Millisecond)
		if a.Blocked(alice) || len(a.List()) != 0 {
			t.Error("blocked for longer than the period")
		}
		if fails(a, alice, 3) || !a.Fail(alice) {
			t.Error("after a block the count does not start again")
		}
	})
}

// The period slides: failures count for its length, each for itself.
func TestAttemptsForgetOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := attempts(usual())
		for range 20 {
			if a.Fail(alice) {
				t.Fatal("blocked by failures ten seconds apart, of which three are in any period")
			}
			time.Sleep(10 * time.Second)
		}
		if fails(a, alice, 1); !a.Fail(alice) {
			t.Error("two old and two new failures within the period do not block")
		}
	})
}

// A limit that is too high to remember every failure is still kept.
func TestAttemptsWithAHighLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, told := attempts(auth.AttemptPolicy{Enabled: true, MaxFailures: 5000, Period: time.Minute})
		for i := range 5000 {
			if a.Blocked(alice) {
				t.Fatalf("blocked after %d failures", i)
			}
			a.Fail(alice)
			time.Sleep(10 * time.Millisecond)
		}
		if !a.Blocked(alice) || len(*told) != 1 {
			t.Errorf("5000 failures in 50 s do not block; told %q", *told)
		}
	})
}

func TestAttemptsCountNetworksOfIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := attempts(usual())
		for i := range 4 {
			a.Fail(netip.MustParseAddr(fmt.Sprintf("2001:db8::%d%%eth0", i)))
		}
		for addr, want := range map[string]bool{
			"2001:db8::ffff": true, "2001:db8:0:0:1::": true, "2001:db8:0:1::1": false, "192.0.2.1": false,
		} {
			if got := a.Blocked(netip.MustParseAddr(addr)); got != want {
				t.Errorf("%s blocked: %v", addr, got)
			}
		}
		fails(a, netip.MustParseAddr("::ffff:192.0.2.2"), 4)
		if !a.Blocked(bob) || a.Blocked(alice) {
			t.Error("IPv4 addresses in IPv6 are not the addresses that they are")
		}
	})
}

func TestAttemptsRemoveAndClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := attempts(usual())
		fails(a, alice, 4)
		if !a.Remove(alice) || a.Blocked(alice) || a.Remove(alice) || a.Remove(bob) {
			t.Error("Remove unblocks once who is blocked")
		}
		fails(a, bob, 3)
		if !a.Suspect(bob) || a.Suspect(alice) {
			t.Error("only those whose logins failed are suspect")
		}
		a.Clear(bob)
		if fails(a, bob, 3) || a.Suspect(alice) {
			t.Error("a success does not clear")
		}
		time.Sleep(time.Minute)
		if a.Suspect(bob) {
			t.Error("suspect for longer than the period")
		}
	})
}

func TestAttemptsLogOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := usual()
		p.LogOnly = true
		a, told := attempts(p)
		if fails(a, alice, 8) || a.Blocked(alice) || len(a.List()) != 0 {
			t.Error("loggingOnlyMode blocks")
		}
		if want := "192.0.2.1/32 4 30s true"; len(*told) != 2 || (*told)[1] != want {
			t.Errorf("told %q, want %q twice", *told, want)
		}
	})
}

func TestAttemptsExempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := usual()
		p.Exempt = func(addr netip.Addr) bool { return addr == alice }
		a, told := attempts(p)
		if fails(a, alice, 9) || len(*told) != 0 || !fails(a, bob, 4) {
			t.Errorf("exempt addresses are not blocked, and others are: %q", *told)
		}
	})
}

// The count outlives configurations: what another one says counts at once.
func TestAttemptsFollowThePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := attempts(auth.AttemptPolicy{})
		if fails(a, alice, 9) {
			t.Error("blocked without being asked for")
		}
		a.SetPolicy(usual())
		if a.Blocked(alice) || !a.Fail(alice) {
			t.Error("earlier failures do not count for a new policy")
		}
		a.SetPolicy(usual())
		if !a.Blocked(alice) {
			t.Error("the same policy again unblocks")
		}
		a.SetPolicy(auth.AttemptPolicy{})
		if a.Blocked(alice) || len(a.List()) != 0 {
			t.Error("still blocked when nobody asks for it")
		}
	})
}

// A flood from many addresses takes bounded memory, whatever each of them does,
// and the newest are known.
func TestAttemptsAreBounded(t *testing.T) {
	for failures, most := range map[int]int64{1: 30, 15: 65} {
		a, _ := attempts(auth.AttemptPolicy{Enabled: true, MaxFailures: 16, Period: time.Hour})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range 70_000 {
			fails(a, numbered(i), failures)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; grown > most {
			t.Errorf("70,000 addresses with %d failures each take %d MiB", failures, grown)
		}
		if a.Suspect(numbered(0)) || !a.Suspect(numbered(69_999)) || !a.Suspect(numbered(69_999-60_000)) {
			t.Error("the oldest is not the one that was forgotten")
		}
		runtime.KeepAlive(a)
	}
}

func numbered(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

func TestAttemptsByMany(t *testing.T) {
	a := auth.NewAttempts()
	a.SetPolicy(usual())
	var g sync.WaitGroup
	for w := range 8 {
		g.Go(func() {
			for i := range 2000 {
				addr := numbered(i % 100)
				switch (i + w) % 5 {
				case 0:
					a.Clear(addr)
				case 1:
					a.List()
				default:
					a.Fail(addr)
					a.Blocked(addr)
				}
			}
		})
	}
	g.Wait()
	if len(a.List()) > 100 {
		t.Errorf("%d of 100 addresses are blocked", len(a.List()))
	}
}

// A login that fails is counted whatever it fails of, except of the server.
func TestThrottled(t *testing.T) {
	ann := auth.NewPrincipal("PC", "ann", nil)
	for _, c := range []struct {
		name    string
		user    string
		answer  *answer
		blocked bool
	}{
		{"wrong password", "ann", &answer{err: auth.ErrLogon}, true},
		{"disabled", "ann", &answer{err: auth.ErrAccountDisabled}, true},
		{"anonymous", "ftp", &answer{err: auth.ErrLogon}, true},
		{"no permission", "ann", &answer{err: auth.ErrNotPermitted}, true},
		{"provider that is not there", "ann", &answer{err: auth.ErrAbsent}, true},
		{"no method", "ann", nil, true},
		{"source down", "ann", &answer{err: errSocket}, false},
		{"time is over", "ann", &answer{err: context.DeadlineExceeded}, false},
		{"right", "ann", &answer{principal: ann}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := attempts(usual())
			login := auth.Throttled{Chain: &auth.Chain{}, Attempts: a}
			if c.answer != nil {
				login.Chain.Providers = []auth.Provider{c.answer}
			}
			var err error
			for i := range 4 {
				if _, err = login.Authenticate(t.Context(), auth.Credentials{User: c.user, Remote: alice}); i < 3 && errors.Is(err, auth.ErrBlocked) {
					t.Errorf("blocked after %d", i+1)
				}
			}
			if errors.Is(err, auth.ErrBlocked) != c.blocked || a.Blocked(alice) != c.blocked {
				t.Errorf("%v, blocked %v", err, a.Blocked(alice))
			}
		})
	}
}

func TestThrottledAsksNobodyWhenBlockedAndClearsOnSuccess(t *testing.T) {
	a, _ := attempts(usual())
	source := &answer{principal: auth.NewPrincipal("PC", "ann", nil)}
	login := auth.Throttled{Chain: &auth.Chain{Providers: []auth.Provider{source}}, Attempts: a}
	from := auth.Credentials{User: "ann", Remote: alice}
	fails(a, alice, 3)
	if _, err := login.Authenticate(t.Context(), from); err != nil || a.Suspect(alice) {
		t.Errorf("%v; a success clears", err)
	}
	fails(a, alice, 4)
	if _, err := login.Authenticate(t.Context(), from); !errors.Is(err, auth.ErrBlocked) || source.asked != 1 {
		t.Errorf("%v, the source was asked %d times", err, source.asked)
	}
	login.Attempts = nil
	if _, err := login.Authenticate(t.Context(), from); err != nil {
		t.Error(err)
	}
}

// slow accepts what the test lets it.
type slow struct{ inside, leave chan struct{} }

func (s slow) Authenticate(context.Context, auth.Credentials) (*auth.Principal, error) {
	s.inside <- struct{}{}
	<-s.leave
	return auth.NewPrincipal("PC", "ann", nil), nil
}

// Who tries many passwords at once does not learn which was right.
func TestThrottledHidesWhatIsRightAfterTheLimit(t *testing.T) {
	a, _ := attempts(usual())
	source := slow{make(chan struct{}), make(chan struct{})}
	login := auth.Throttled{Chain: &auth.Chain{Providers: []auth.Provider{source}}, Attempts: a}
	result := make(chan error)
	go func() {
		_, err := login.Authenticate(t.Context(), auth.Credentials{User: "ann", Remote: alice})
		result <- err
	}()
	<-source.inside
	fails(a, alice, 4)
	close(source.leave)
	if err := <-result; !errors.Is(err, auth.ErrBlocked) {
		t.Errorf("error %v", err)
	}
}

// BenchmarkAttempts is what a server pays per failure and per connection while
// 100,000 addresses try.
func BenchmarkAttempts(b *testing.B) {
	const addresses = 100_000
	b.Run("fail", func(b *testing.B) {
		a, _ := attempts(usual())
		for i := 0; b.Loop(); i++ {
			a.Fail(numbered(i % addresses))
		}
	})
	b.Run("connect", func(b *testing.B) {
		a, _ := attempts(usual())
		for i := range addresses {
			fails(a, numbered(i), 4)
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				a.Blocked(numbered(i % addresses))
			}
		})
	})
}
