package datachannel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
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
}

// Ports are the passive ports of the process. A port is opened when it is
// first needed, one per local address, and then kept: opening one for every
// transfer would cost more than small transfers do. One port serves many
// clients at once, told apart by their addresses. Ports are safe for
// concurrent use.
type Ports struct {
	config PortsConfig

	delivered, strangers, exhausted, expired atomic.Uint64

	loops  sync.WaitGroup // accept loops
	closed chan struct{}

	mu     sync.Mutex
	groups map[netip.Addr]*group // by local address; nil after Close
}

// NewPorts returns ports of which none is open yet.
func NewPorts(c PortsConfig) *Ports {
	if c.Listen == nil {
		c.Listen = listen
	}
	return &Ports{config: c, closed: make(chan struct{}), groups: map[netip.Addr]*group{}}
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
	c := &Passive{ports: p, entrance: e, guest: who, settled: make(chan struct{})}
	e.expected[who] = c
	return c, nil
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
	for _, g := range groups {
		for _, e := range g.entrances {
			errs = append(errs, e.listener.Close())
			for _, c := range e.expected {
				c.settle(nil)
			}
		}
	}
	p.mu.Unlock()
	p.loops.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing passive ports: %w", err)
	}
	return nil
}
