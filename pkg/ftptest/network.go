package ftptest

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
)

const (
	// backlog is how many connections wait to be accepted.
	backlog = 128
	// firstFree is the first port of those chosen for whoever asks for port 0.
	firstFree = 49152
)

// Network is a TCP/IP network in memory, for synctest bubbles: everything that
// waits in it waits durably. Any address is there for everybody. It is safe
// for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[netip.AddrPort]*listener
	free      uint16
}

// NewNetwork returns a network on which nobody listens. In a bubble, make it
// there.
func NewNetwork() *Network {
	return &Network{listeners: map[netip.AddrPort]*listener{}, free: firstFree}
}

// Listen listens at address, which may have no host (any address) and port 0
// (a free port). The network's name does not matter.
func (n *Network) Listen(_, address string) (net.Listener, error) {
	at, err := parseListen(address)
	if err != nil {
		return nil, listenError(at, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), n.freePort())
	}
	if n.listeners[at] != nil {
		return nil, listenError(at, os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &listener{network: n, at: at, arrived: make(chan *conn, backlog), closed: make(chan struct{})}
	n.listeners[at] = l
	return l, nil
}

func parseListen(address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		host = "::"
	}
	return netip.ParseAddrPort(net.JoinHostPort(host, port))
}

func listenError(at netip.AddrPort, err error) error {
	return &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: err}
}

// freePort returns a port that no listener has. n.mu must be held.
func (n *Network) freePort() uint16 {
	for {
		port := n.free
		n.free = max(n.free+1, firstFree)
		if !n.taken(port) {
			return port
		}
	}
}

func (n *Network) taken(port uint16) bool {
	for at := range n.listeners {
		if at.Port() == port {
			return true
		}
	}
	return false
}

// Dial connects from local, whose port may be 0, to remote. It fails with
// ECONNREFUSED when nobody listens there, and waits while the listener's
// backlog is full.
func (n *Network) Dial(ctx context.Context, _ string, local, remote netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	if local.Port() == 0 {
		local = netip.AddrPortFrom(local.Addr(), n.freePort())
	}
	l := n.listenerAt(remote)
	n.mu.Unlock()
	client, server := newPair(local, remote)
	if l == nil {
		return nil, client.failed("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	select {
	case l.arrived <- server:
		l.drainIfClosed()
		return client, nil
	case <-l.closed:
		return nil, client.failed("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case <-ctx.Done():
		return nil, client.failed("dial", ctx.Err())
	}
}

// listenerAt finds the listener for an address, exact before any. n.mu must be
// held.
func (n *Network) listenerAt(remote netip.AddrPort) *listener {
	any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), remote.Port())
	any6 := netip.AddrPortFrom(netip.IPv6Unspecified(), remote.Port())
	for _, at := range []netip.AddrPort{remote, any4, any6} {
		if at == any4 && !remote.Addr().Is4() {
			continue
		}
		if l := n.listeners[at]; l != nil {
			return l
		}
	}
	return nil
}

// listener is one port that is listened on.
type listener struct {
	network *Network
	at      netip.AddrPort
	arrived chan *conn
	closed  chan struct{}
	once    sync.Once
}

// Accept returns the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, l.failed("accept", net.ErrClosed)
	default:
	}
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.closed:
		return nil, l.failed("accept", net.ErrClosed)
	}
}

// drainIfClosed is for a connection that arrived while the listener closed.
func (l *listener) drainIfClosed() {
	select {
	case <-l.closed:
		l.drain()
	default:
	}
}

// drain closes what waits to be accepted.
func (l *listener) drain() {
	for {
		select {
		case c := <-l.arrived:
			_ = c.Close() // cannot fail the first time
		default:
			return
		}
	}
}

// Close stops listening. Connections not yet accepted are closed.
func (l *listener) Close() error {
	err := l.failed("close", net.ErrClosed)
	l.once.Do(func() {
		err = nil
		l.network.mu.Lock()
		delete(l.network.listeners, l.at)
		l.network.mu.Unlock()
		close(l.closed)
		l.drain()
	})
	return err
}

// Addr returns the *net.TCPAddr that is listened on.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

func (l *listener) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.Addr(), Err: err}
}
