package datachannel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// group is the ports at one local address. Ports.mu guards it.
type group struct {
	ports *Ports
	local netip.Addr
	// entrances are the open ports; turn is the one to be asked next.
	entrances []*entrance
	turn      int
	// fresh is the place in the range of the next port to be opened.
	fresh int
	// isOpen and failed are about ports of the range: which are open, and when
	// one could not be opened. failure is the last reason.
	isOpen  map[int]bool
	failed  map[int]time.Time
	failure error
}

// confine gives up the ports that are not in the range; chosen says that those
// there are were ports of a range.
func (g *group) confine(chosen bool) {
	c := g.ports.config
	kept := g.entrances[:0]
	for _, e := range g.entrances {
		port := int(e.addr.Port())
		if chosen && c.Low+c.Offset <= port && port <= c.High+c.Offset {
			kept = append(kept, e)
			continue
		}
		delete(g.isOpen, port)
		e.retire()
	}
	clear(g.entrances[len(kept):])
	g.entrances, g.turn, g.fresh = kept, 0, 0
	clear(g.failed)
}

// guest is whom a port waits for.
type guest struct {
	address netip.Addr
	anybody bool
}

// anyone is the guest of a port whose client's address does not matter.
func anyone() guest { return guest{anybody: true} }

func newGroup(p *Ports, local netip.Addr) *group {
	return &group{ports: p, local: local, isOpen: map[int]bool{}, failed: map[int]time.Time{}}
}

// choose returns a port that is free for a guest.
func (g *group) choose(who guest) (*entrance, error) {
	if len(g.entrances) < poolSize {
		if e, err := g.open(); err == nil {
			return e, nil
		}
	}
	for range g.entrances {
		g.turn = (g.turn + 1) % len(g.entrances)
		if e := g.entrances[g.turn]; e.freeFor(who) {
			return e, nil
		}
	}
	return g.open()
}

// open opens one more port.
func (g *group) open() (*entrance, error) {
	if c := g.ports.config; c.Low == 0 && c.High == 0 {
		return g.openAny()
	}
	return g.openNext()
}

// openAny opens a port that the system chooses.
func (g *group) openAny() (*entrance, error) {
	if len(g.entrances) >= maxEphemeral {
		return nil, ErrExhausted
	}
	return g.listen(0)
}

// openNext opens the next port of the range that can be opened.
func (g *group) openNext() (*entrance, error) {
	c := g.ports.config
	now := time.Now()
	for failures := 0; len(g.isOpen) < c.High-c.Low+1 && failures < maxListenFailures; {
		port, found := g.candidate(now)
		if !found {
			break
		}
		e, err := g.listen(port)
		if err == nil {
			g.isOpen[port] = true
			return e, nil
		}
		g.failed[port], g.failure = now, err
		failures++
	}
	if len(g.entrances) == 0 {
		return nil, g.failure
	}
	return nil, ErrExhausted
}

// candidate returns the next port of the range that is not open and has not
// failed a short time ago.
func (g *group) candidate(now time.Time) (port int, found bool) {
	c := g.ports.config
	size := c.High - c.Low + 1
	for range size {
		port = c.Low + c.Offset + g.fresh
		g.fresh = (g.fresh + 1) % size
		when, failed := g.failed[port]
		if !g.isOpen[port] && (!failed || now.Sub(when) >= listenRetry) {
			delete(g.failed, port)
			return port, true
		}
	}
	return 0, false
}

// listen opens a port.
func (g *group) listen(port int) (*entrance, error) {
	l, err := g.ports.config.Listen("tcp", net.JoinHostPort(g.local.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	tcp, ok := l.Addr().(interface{ AddrPort() netip.AddrPort })
	if !ok {
		return nil, errors.Join(fmt.Errorf("%w: %v is no TCP address", ErrListen, l.Addr()), l.Close())
	}
	e, err := newEntrance(g.ports, l, netip.AddrPortFrom(g.local, tcp.AddrPort().Port()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrListen, err), l.Close())
	}
	g.entrances = append(g.entrances, e)
	return e, nil
}
