//go:build !linux

package socket

import "net"

// Listen returns l: here connections wait in the poller only.
func Listen(l net.Listener, _ Limits) (net.Listener, error) { return l, nil }

// Lazy is not made on this system.
type Lazy struct{ net.Listener }

// NewLazy returns nil: here somebody always waits at a listener.
func NewLazy(net.Listener, Limits) (*Lazy, error) { return nil, nil }

// TryAccept is never called.
func (*Lazy) TryAccept() (net.Conn, error) { return nil, net.ErrClosed }

// Wait is never called.
func (*Lazy) Wait() (net.Listener, error) { return nil, net.ErrClosed }
