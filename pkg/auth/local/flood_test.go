package local_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

// hashing is how long a hash of these tests takes.
const hashing = 25 * time.Millisecond

// Those whose address failed lately wait behind the others, and still get a
// turn now and then.
func TestWorkersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := local.NewWorkers(2)
		var g sync.WaitGroup
		began := time.Now()
		hash := func(suspect bool) (took time.Duration) {
			if err := local.Do(t.Context(), w, suspect, func() { time.Sleep(hashing) }); err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		for range 1000 {
			g.Go(func() { hash(true) })
		}
		synctest.Wait()
		if took := hash(false); took > 2*hashing {
			t.Errorf("a login waits for %v behind 1000 suspects", took)
		}
		g.Wait()
		if took, want := time.Since(began), 501*hashing; took > want {
			t.Errorf("1001 hashes by two took %v, want %v", took, want)
		}
		began = time.Now()
		for range 1000 {
			g.Go(func() { hash(false) })
		}
		synctest.Wait()
		if took := hash(true); took < 2*hashing || took > 8*hashing {
			t.Errorf("a suspect waits for %v behind 1000 others", took)
		}
		g.Wait()
	})
}

// Who waits no longer takes no place, whether the turn has come or not.
func TestWorkersOfThoseWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := local.NewWorkers(1)
		var g sync.WaitGroup
		for i := range 50 {
			// Some give up before their turn, some as it comes, some are served.
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*hashing/5)
			g.Go(func() {
				defer cancel()
				err := local.Do(ctx, w, i%2 == 0, func() { time.Sleep(hashing) })
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		g.Wait()
		began := time.Now()
		if err := local.Do(t.Context(), w, false, func() {}); err != nil || time.Since(began) > 0 {
			t.Errorf("%v after %v: the place of someone who left is not free", err, time.Since(began))
		}
	})
}

// Many addresses that try passwords all the time, each as soon as it was
// refused, keep nobody out who knows theirs.
func TestRightLoginDuringAFlood(t *testing.T) {
	const addresses = 400
	p := provider(t)
	p.Workers = local.NewWorkers(2)
	login := auth.Throttled{Chain: &auth.Chain{Providers: []auth.Provider{p}}, Attempts: auth.NewAttempts()}
	flood, stop := context.WithCancel(t.Context())
	var g sync.WaitGroup
	refused := make(chan struct{}, addresses)
	for i := range addresses {
		from := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		g.Go(func() {
			login.Attempts.Fail(from) // it is known from before
			for flood.Err() == nil {
				_, err := login.Authenticate(flood, auth.Credentials{User: "ann", Password: "guess", Remote: from})
				if err == nil {
					t.Error("a guess is right")
				}
				select {
				case refused <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 10 {
		<-refused
	}
	began := time.Now()
	_, err := login.Authenticate(t.Context(), auth.Credentials{User: "ann", Password: "pw", Remote: netip.MustParseAddr("192.0.2.1")})
	if took := time.Since(began); err != nil || took > time.Second {
		t.Errorf("%v after %v", err, took)
	} else {
		t.Logf("answered after %v", took)
	}
	stop()
	g.Wait()
}
