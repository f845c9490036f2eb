package datachannel

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// dialTimeout is how long a client may take to accept an active connection,
// whether or not a transfer waits for it (dataChannelTimeout's default).
const dialTimeout = 30 * time.Second

// Dialer opens active data connections.
type Dialer struct {
	// SourcePort is the port to connect from when the system permits it (20
	// for a control port of 21, RFC 959 §3.2); any port otherwise, or when it
	// is not a port number.
	SourcePort int
	// DialFrom connects from local, whose port may be 0, to remote; nil means
	// the operating system's network.
	DialFrom func(ctx context.Context, network string, local, remote netip.AddrPort) (net.Conn, error)
}

// Active is a Channel that connects to the client.
type Active struct {
	local  netip.Addr
	cancel context.CancelFunc
	// finished is closed when the attempt is over and result is set.
	finished chan struct{}
	result   attempt

	mu      sync.Mutex
	fetched bool
}

// attempt is what came of connecting.
type attempt struct {
	conn net.Conn
	err  error
}

// Dial starts to connect from local to the client at once, as IIS does before
// it answers PORT. When ctx is done the attempt ends.
func (d *Dialer) Dial(ctx context.Context, local netip.Addr, to netip.AddrPort) *Active {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	a := &Active{local: local, cancel: cancel, finished: make(chan struct{})}
	go func() {
		defer close(a.finished)
		defer cancel()
		a.result.conn, a.result.err = d.dial(ctx, local, to)
	}()
	return a
}

// dial prefers the source port and falls back to any.
func (d *Dialer) dial(ctx context.Context, local netip.Addr, to netip.AddrPort) (net.Conn, error) {
	connect := d.DialFrom
	if connect == nil {
		connect = dialFrom
	}
	if d.SourcePort > 0 && d.SourcePort <= 65535 {
		from := netip.AddrPortFrom(local, uint16(d.SourcePort)) //nolint:gosec // checked above
		conn, err := connect(ctx, "tcp", from, to)
		if err == nil || !sourceRefused(err) {
			return conn, err
		}
	}
	return connect(ctx, "tcp", netip.AddrPortFrom(local, 0), to)
}

// dialFrom connects on the operating system's network. Keep-alive is off for
// the reason given at listen.
func dialFrom(ctx context.Context, network string, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(local), KeepAlive: -1}
	d.SetMultipathTCP(false)
	if local.Port() != 0 {
		d.Control = reuseAddress
	}
	return d.DialContext(ctx, network, remote.String())
}

// LocalAddr returns the address we connect from; the port is 0 until the
// connection is there.
func (a *Active) LocalAddr() netip.AddrPort {
	if a.isFinished() && a.result.conn != nil {
		if tcp, ok := a.result.conn.LocalAddr().(interface{ AddrPort() netip.AddrPort }); ok {
			return netip.AddrPortFrom(a.local, tcp.AddrPort().Port())
		}
	}
	return netip.AddrPortFrom(a.local, 0)
}

// Ready reports whether the connection is there and was not fetched.
func (a *Active) Ready() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isFinished() && a.result.err == nil && !a.fetched
}

// Conn waits for the connection. When ctx is done first the attempt is given
// up and the error is that of ctx. After Close it fails.
func (a *Active) Conn(ctx context.Context) (net.Conn, error) {
	select {
	case <-a.finished:
	case <-ctx.Done():
		if err := a.Close(); err != nil {
			return nil, err
		}
		return nil, context.Cause(ctx)
	}
	if a.result.err != nil {
		return nil, a.result.err
	}
	if !a.take() {
		return nil, ErrUsed
	}
	return a.result.conn, nil
}

// Close ends the attempt, waits for it, and closes a connection that nobody
// fetched.
func (a *Active) Close() error {
	a.cancel()
	<-a.finished
	if a.result.err != nil || !a.take() {
		return nil
	}
	return a.result.conn.Close()
}

// take reports whether the connection is still to be had, and takes it.
func (a *Active) take() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.fetched
	a.fetched = true
	return !taken
}

func (a *Active) isFinished() bool {
	select {
	case <-a.finished:
		return true
	default:
		return false
	}
}
