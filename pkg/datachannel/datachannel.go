// Package datachannel opens data connections: passive ones from a pool of
// ports that all sites share, and active ones to the client. It never reads a
// command and never chooses a reply.
package datachannel

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Channel is one data connection to come, passive or active, used once. Its
// owner is the session, which must call Close however it ends. Ready may be
// called while another goroutine waits in Conn.
type Channel interface {
	// Ready reports whether the connection is there already, so that Conn
	// returns it at once. It decides between 125 and 150 (RFC 959 §5.4).
	Ready() bool
	// Conn waits for the connection until ctx is done. The connection then
	// belongs to the caller. On the operating system's network it is the bare
	// *net.TCPConn, so that the kernel can copy to and from files.
	Conn(ctx context.Context) (net.Conn, error)
	// Close gives up what Conn has not returned, and waits until nothing of it
	// runs any more. It may be called more than once.
	Close() error
	// LocalAddr is our side: the address and port that the client connects to,
	// or the address we connect from, whose port is 0 until that is known.
	LocalAddr() netip.AddrPort
}

var (
	// ErrExhausted means that every port of the range waits for a connection
	// already that could not be told from the new one.
	ErrExhausted = errors.New("all passive ports are waiting for this client; widen the range of data channel ports")
	// ErrListen means that no port of the range could be listened on. The cause
	// is wrapped.
	ErrListen = errors.New("cannot listen on any passive port")
	// ErrUsed means that the connection was fetched before.
	ErrUsed = errors.New("data channel was used before")
)

// hostOf returns the address of a peer in the one form that is compared: IPv4
// in its short form, no zone. It is invalid for networks without IP addresses.
func hostOf(a net.Addr) netip.Addr {
	ip, ok := a.(interface{ AddrPort() netip.AddrPort })
	if !ok {
		return netip.Addr{}
	}
	return bare(ip.AddrPort().Addr())
}

func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
