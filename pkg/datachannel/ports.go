package datachannel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ftphost/ftphost/pkg/socket"
)

const (
	// poolSize is how many ports per local address take turns. More are opened
	// only when none of them is free for a client: every open port costs a
	// descriptor and a goroutine.
	poolSize = 16
	// maxEphemeral bounds the ports per local address when the system chooses
	// them (range 0-0).
	maxEphemeral = 1024
	// listenRetry is how long a port is left alone that could not be opened.
	listenRetry = 10 * time.Second
	// maxListenFailures bounds how many ports one Expect tries to open.
	maxListenFailures = 64
	// maxAcceptPause bounds the pause after a failed accept.
	maxAcceptPause = time.Second
	// sweepPause is how long a connection that nobody expects may stay.
	sweepPause = 2 * time.Second
	// maxWaiting is how many data connections wait in a thread of their own for
	// the client to take bytes; the others do in the poller, which is cheaper for
	// many. Go keeps a thread for good, some 20 KiB each.
	maxWaiting = 4
)

// PortsConfig says where passive connections are expected.
type PortsConfig struct {
	// Low and High are the first and last port, as configured. Both 0 let the
	// system choose.
	Low, High int
	// Offset is added to each port of the range.
	Offset int
	// Listen opens a port; nil means the operating system's network.
	Listen func(network, address string) (net.Listener, error)
	// OnStranger is told of connections to a port that nobody expected, after
	// they were closed; nil tells nobody. It must return soon, and not use the
	// Ports.
	OnStranger func(port netip.AddrPort, remote net.Addr)
}

// Ports are the passive ports of the process. A port is opened when it is
// first needed, one per local address, and then kept: opening one for every
// transfer would cost more than small transfers do. One port serves many
// clients at once, told apart by their addresses. Ports are safe for
// concurrent use.
type Ports struct {
	config PortsConfig
	limits socket.Limits

	delivered, strangers, exhausted, expired atomic.Uint64

	loops  sync.WaitGroup // accept loops and the sweep
	sweeps sync.Once
	closed chan struct{}

	mu     sync.Mutex
	groups map[netip.Addr]*group // by local address; nil after Close
	// retired are ports outside the range that somebody is still expected at.
	retired map[*entrance]struct{}
}

// NewPorts returns ports of which none is open yet.
func NewPorts(c PortsConfig) *Ports {
	if c.Listen == nil {
		c.Listen = listen
	}
	return &Ports{
		config:  c,
		limits:  socket.Limits{Reading: socket.NewReaders(), Writing: socket.NewThreads(maxWaiting), Patience: socket.Through},
		closed:  make(chan struct{}),
		groups:  map[netip.Addr]*group{},
		retired: map[*entrance]struct{}{},
	}
}

// listen opens a port of the operating system. Data connections live short and
// have deadlines, so keep-alive would only cost system calls; with Multipath
// TCP a peer could continue from an address that nobody compared.
func listen(network, address string) (net.Listener, error) {
	c := net.ListenConfig{KeepAlive: -1}
	c.SetMultipathTCP(false)
	return c.Listen(context.Background(), network, address)
}

// Expect reserves a port at local, which is the server's address of the
// control connection. If matchClient is set, the port waits for a connection
// from client only, and other clients may share it; otherwise it waits for
// anybody and nobody shares it. Ports take turns. The error is ErrExhausted or
// ErrListen, at once.
func (p *Ports) Expect(local, client netip.Addr, matchClient bool) (*Passive, error) {
	who := anyone()
	if matchClient {
		who = guest{address: bare(client)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups == nil {
		return nil, net.ErrClosed
	}
	local = local.Unmap()
	g := p.groups[local]
	if g == nil {
		g = newGroup(p, local)
		p.groups[local] = g
	}
	e, err := g.choose(who)
	if err != nil {
		if errors.Is(err, ErrExhausted) {
			p.exhausted.Add(1)
		}
		return nil, err
	}
	// What has come up to now is not what is expected from now on.
	e.clear()
	c := &Passive{ports: p, entrance: e, guest: who, settled: make(chan struct{})}
	e.expected[who] = c
	return c, nil
}

// sweep closes connections that came when nobody expected them and that no
// accept loop has seen.
func (p *Ports) sweep() {
	t := time.NewTicker(sweepPause)
	defer t.Stop()
	for {
		select {
		case <-p.closed:
			return
		case <-t.C:
		}
		p.mu.Lock()
		for _, g := range p.groups {
			for _, e := range g.entrances {
				e.clear()
			}
		}
		p.mu.Unlock()
	}
}

// Counters count what came of passive channels since the process began.
type Counters struct {
	// Delivered connections came from whom they were expected.
	Delivered uint64
	// Strangers are connections that nobody expected; they were closed.
	Strangers uint64
	// Exhausted counts refusals because no port was free.
	Exhausted uint64
	// Expired counts channels that were given up before anybody came.
	Expired uint64
}

// Counters returns the present counts.
func (p *Ports) Counters() Counters {
	return Counters{
		Delivered: p.delivered.Load(), Strangers: p.strangers.Load(),
		Exhausted: p.exhausted.Load(), Expired: p.expired.Load(),
	}
}

// SetRange makes low to high the ports from now on; both 0 let the system
// choose. A port outside them is given to nobody any more, and closed once
// everybody has come who was told of it.
func (p *Ports) SetRange(low, high int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups == nil || p.config.Low == low && p.config.High == high {
		return
	}
	chosen := p.config.Low != 0
	p.config.Low, p.config.High = low, high
	for _, g := range p.groups {
		g.confine(chosen)
	}
}

// Close closes all ports and waits for the accept loops. Channels that wait
// fail with net.ErrClosed. Connections that have come belong to their channels,
// which the sessions close.
func (p *Ports) Close() error {
	p.mu.Lock()
	groups := p.groups
	if groups != nil {
		close(p.closed)
	}
	p.groups = nil
	var errs []error
	all := slices.Collect(maps.Keys(p.retired))
	for _, g := range groups {
		all = append(all, g.entrances...)
	}
	for _, e := range all {
		errs = append(errs, e.close())
		for _, c := range e.expected {
			c.settle(nil)
		}
	}
	p.mu.Unlock()
	p.loops.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing passive ports: %w", err)
	}
	return nil
}
