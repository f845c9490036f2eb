package datachannel_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
)

const (
	manySessions = 500
	fewPorts     = 10
	// patience is how long tests wait for what should be there at once.
	patience = 10 * time.Second
)

// exchange connects from an address to a channel, says a number on it and
// checks that this very channel hears it.
func exchange(t *testing.T, c *datachannel.Passive, from netip.Addr, number uint32) error {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}, Timeout: patience}
	client, err := d.Dial("tcp", c.LocalAddr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	if err := binary.Write(client, binary.BigEndian, number); err != nil {
		return err
	}
	conn, err := c.Conn(t.Context())
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	var got uint32
	if err := binary.Read(conn, binary.BigEndian, &got); err != nil {
		return err
	}
	if got != number {
		return fmt.Errorf("channel %d got the connection of %d", number, got)
	}
	return nil
}

// One address never waits twice on a port: the eleventh of its sessions is
// refused at once, and succeeds when another's client has connected.
func TestManySessionsOfOneAddress(t *testing.T) {
	p := ports(t, fewPorts)
	var sessions sync.WaitGroup
	for i := range uint32(manySessions) {
		sessions.Go(func() {
			for deadline := time.Now().Add(patience); ; {
				c, err := p.Expect(localhost, localhost, true)
				if errors.Is(err, datachannel.ErrExhausted) && time.Now().Before(deadline) {
					time.Sleep(time.Millisecond)
					continue
				}
				if err == nil {
					err = exchange(t, c, localhost, i)
				}
				if err != nil {
					t.Errorf("session %d: %v", i, err)
				}
				return
			}
		})
	}
	sessions.Wait()
	got := p.Counters()
	if got.Delivered != manySessions || got.Strangers != 0 || got.Expired != 0 {
		t.Errorf("counters %+v", got)
	}
	t.Logf("%d refusals on the way", got.Exhausted)
}

func TestOneAddressIsRefusedAtOnce(t *testing.T) {
	p := ports(t, fewPorts)
	var held []*datachannel.Passive
	refused := 0
	began := time.Now()
	for range manySessions {
		switch c, err := p.Expect(localhost, localhost, true); {
		case err == nil:
			held = append(held, c)
		case errors.Is(err, datachannel.ErrExhausted):
			refused++
		default:
			t.Fatal(err)
		}
	}
	if len(held) != fewPorts || refused != manySessions-fewPorts || p.Counters().Exhausted != manySessions-fewPorts {
		t.Errorf("%d held, %d refused, counters %+v", len(held), refused, p.Counters())
	}
	if time.Since(began) > patience {
		t.Error("refusing takes time")
	}
	if err := exchange(t, held[3], localhost, 7); err != nil {
		t.Error(err)
	}
	again, err := p.Expect(localhost, localhost, true)
	if err != nil {
		t.Fatalf("after one client has connected: %v", err)
	}
	if again.LocalAddr() != held[3].LocalAddr() {
		t.Errorf("got %v, only %v was free", again.LocalAddr(), held[3].LocalAddr())
	}
}

// All wait at the same time on a few ports, and everybody gets the connection
// from their own address.
func TestManyAddressesShareAFewPorts(t *testing.T) {
	p := ports(t, fewPorts)
	clients := make([]netip.Addr, manySessions)
	channels := make([]*datachannel.Passive, manySessions)
	used := map[netip.AddrPort]int{}
	for i := range clients {
		clients[i] = netip.AddrFrom4([4]byte{127, 0, byte(1 + i/200), byte(1 + i%200)})
		var err error
		if channels[i], err = p.Expect(localhost, clients[i], true); err != nil {
			t.Fatal(err)
		}
		used[channels[i].LocalAddr()]++
	}
	if len(used) != fewPorts {
		t.Errorf("used %d ports", len(used))
	}
	for at, n := range used {
		if n != manySessions/fewPorts {
			t.Errorf("%d of %d clients on %v", n, manySessions, at)
		}
	}
	var sessions sync.WaitGroup
	for i, c := range channels {
		sessions.Go(func() {
			if err := exchange(t, c, clients[i], uint32(i)); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	sessions.Wait()
	if got := p.Counters(); got != (datachannel.Counters{Delivered: manySessions}) {
		t.Errorf("counters %+v", got)
	}
}

// After Close nothing is left, whatever state the channels were in.
func TestNothingIsLeftAfterClose(t *testing.T) {
	openAndClose(t) // the first connection of the process opens the poller too
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	for range 20 {
		openAndClose(t)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if runtime.NumGoroutine() <= goroutines && openFiles(t) <= descriptors {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines and %d descriptors, %d and %d before", runtime.NumGoroutine(), openFiles(t), goroutines, descriptors)
		}
	}
}

// openAndClose closes ports whose channels wait, have a connection that nobody
// fetched, or connect.
func openAndClose(t *testing.T) {
	t.Helper()
	p := datachannel.NewPorts(datachannel.PortsConfig{})
	var channels []datachannel.Channel
	var clients []net.Conn
	for i := range 40 {
		c, err := p.Expect(localhost, localhost, true)
		if err != nil {
			t.Fatal(err)
		}
		channels = append(channels, c)
		if i%2 == 0 { // comes and is never fetched
			client, err := net.Dial("tcp", c.LocalAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, client)
		}
	}
	var d datachannel.Dialer
	channels = append(channels, d.Dial(t.Context(), localhost, channels[0].LocalAddr()))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range channels {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, client := range clients {
		if err := client.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if n, err := client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("connection that nobody fetched: read %d, %v", n, err)
		}
		_ = client.Close()
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
