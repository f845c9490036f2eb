package reversedns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/reversedns"
)

// zone is DNS for a test. What is in neither map is not found; names that begin
// with "slow" never answer, and "broken" fails.
type zone struct {
	names     map[string][]string
	addresses map[string]string
	delay     time.Duration
	asked     atomic.Int64
	now, most atomic.Int64
}

func (z *zone) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	z.asked.Add(1)
	if now := z.now.Add(1); now > z.most.Load() {
		z.most.Store(now)
	}
	defer z.now.Add(-1)
	time.Sleep(z.delay)
	names := z.names[addr]
	if len(names) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}
	}
	if names[0] == "slow" || names[0] == "broken" {
		return nil, fail(ctx, names[0])
	}
	return names, nil
}

func (z *zone) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if network != "ip" {
		return nil, fmt.Errorf("network %q", network)
	}
	text := z.addresses[host]
	if text == "" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if text == "slow" || text == "broken" {
		return nil, fail(ctx, text)
	}
	var addrs []netip.Addr
	for a := range strings.FieldsSeq(text) {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs, nil
}

func fail(ctx context.Context, how string) error {
	if how == "slow" {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("server misbehaving")
}

func TestNames(t *testing.T) {
	z := &zone{
		names: map[string][]string{
			"192.0.2.1":   {"PC.example.com.", "other.example.com."},
			"192.0.2.2":   {"nowhere.example.com."},
			"192.0.2.3":   {"slow"},
			"192.0.2.4":   {"broken"},
			"192.0.2.5":   {"half.example.com.", "pc5.example.com."},
			"2001:db8::1": {"pc6.example.com."},
			"192.0.2.6":   strings.Fields(strings.Repeat("x. ", 17)),
		},
		addresses: map[string]string{
			"PC.example.com.": "192.0.2.77 ::ffff:192.0.2.1", "other.example.com.": "192.0.2.9", "x.": "192.0.2.6",
			"half.example.com.": "slow", "pc5.example.com.": "192.0.2.5", "pc6.example.com.": "2001:db8::1",
		},
	}
	all := strings.Fields(strings.Repeat("x ", 16))
	for addr, want := range map[string]struct {
		names reversedns.Names
		takes time.Duration
	}{
		"192.0.2.1":   {names: reversedns.Names{Known: true, Claimed: []string{"pc.example.com", "other.example.com"}, Confirmed: []string{"pc.example.com"}}},
		"192.0.2.2":   {names: reversedns.Names{Known: true, Claimed: []string{"nowhere.example.com"}}},
		"192.0.2.3":   {takes: 5 * time.Second},
		"192.0.2.4":   {},
		"192.0.2.5":   {names: reversedns.Names{Known: true, Claimed: []string{"half.example.com", "pc5.example.com"}, Confirmed: []string{"pc5.example.com"}}, takes: 5 * time.Second},
		"192.0.2.6":   {names: reversedns.Names{Claimed: all, Confirmed: all}},
		"192.0.2.99":  {names: reversedns.Names{Known: true}},
		"2001:db8::1": {names: reversedns.Names{Known: true, Claimed: []string{"pc6.example.com"}, Confirmed: []string{"pc6.example.com"}}},
	} {
		t.Run(addr, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got := reversedns.New(z).Names(netip.MustParseAddr(addr))
				if !reflect.DeepEqual(got, want.names) || time.Since(began) != want.takes {
					t.Errorf("%+v after %v, want %+v after %v", got, time.Since(began), want.names, want.takes)
				}
			})
		})
	}
}

// TestLifetime: answers are believed for five minutes, failures for ten
// seconds.
func TestLifetime(t *testing.T) {
	for text, life := range map[string]time.Duration{"192.0.2.1": 5 * time.Minute, "192.0.2.2": 10 * time.Second, "192.0.2.3": 5 * time.Minute, "192.0.2.4": 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			z := &zone{
				names:     map[string][]string{"192.0.2.1": {"a."}, "192.0.2.2": {"broken"}, "192.0.2.4": {"b."}},
				addresses: map[string]string{"a.": "192.0.2.1", "b.": "broken"},
			}
			c, addr := reversedns.New(z), netip.MustParseAddr(text)
			c.Names(addr)
			time.Sleep(life)
			c.Names(addr)
			if n := z.asked.Load(); n != 1 {
				t.Errorf("%s: asked %d times within its life", text, n)
			}
			time.Sleep(time.Second)
			c.Names(addr)
			if n := z.asked.Load(); n != 2 {
				t.Errorf("%s: asked %d times when it is over", text, n)
			}
		})
	}
}

// TestManyAtOnce: one address is asked for once, a bounded number of them at
// once, and who does not get a turn in time gets no answer.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &zone{names: map[string][]string{}, delay: 2 * time.Second}
		c, began := reversedns.New(z), time.Now()
		var unknown atomic.Int64
		var all sync.WaitGroup
		for i := range 200 {
			addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(i / 2)})
			all.Go(func() {
				if !c.Names(addr).Known {
					unknown.Add(1)
				}
			})
		}
		all.Wait()
		// 32 at once for 2 seconds each: 96 have had a turn after 4 seconds.
		if n, most := z.asked.Load(), z.most.Load(); n != 96 || most != 32 || unknown.Load() != 8 || time.Since(began) != 6*time.Second {
			t.Errorf("asked %d times, %d at once, %d unknown, %v", n, most, unknown.Load(), time.Since(began))
		}
	})
}

// TestMemoryIsBounded: old answers give way to new ones.
func TestMemoryIsBounded(t *testing.T) {
	z := &zone{}
	c := reversedns.New(z)
	ask := func() {
		for i := range 5000 {
			c.Names(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
		}
	}
	ask()
	before := z.asked.Load()
	ask()
	if again := z.asked.Load() - before; before != 5000 || again < 5000-4096 {
		t.Errorf("asked %d times and %d times more: more than 4096 are remembered", before, again)
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := reversedns.New(&zone{names: map[string][]string{"192.0.2.1": {"slow"}}})
		began := time.Now()
		time.AfterFunc(time.Second, c.Close)
		if names := c.Names(netip.MustParseAddr("192.0.2.1")); names.Known || time.Since(began) != time.Second {
			t.Errorf("%+v after %v", names, time.Since(began))
		}
	})
}

func TestRememberedNamesAllocateNothing(t *testing.T) {
	c := reversedns.New(&zone{names: map[string][]string{"192.0.2.1": {"a."}}, addresses: map[string]string{"a.": "192.0.2.1"}})
	addr := netip.MustParseAddr("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() { c.Names(addr) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
