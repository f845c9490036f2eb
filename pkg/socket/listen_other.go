//go:build !linux

package socket

import (
	"context"
	"net"
)

// Listen returns l: here connections wait in the poller only.
func Listen(l net.Listener, _ Limits) (net.Listener, error) { return l, nil }

// Idle is empty: here idle connections wait in the poller.
type Idle struct{}

// NewIdle returns a place where nobody waits.
func NewIdle() (*Idle, error) { return &Idle{}, nil }

// Run waits for ctx.
func (*Idle) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Close does nothing.
func (*Idle) Close() error { return nil }

// Lazy is not made on this system.
type Lazy struct{ net.Listener }

// NewLazy returns nil: here somebody always waits at a listener.
func NewLazy(net.Listener, Limits) (*Lazy, error) { return nil, nil }

// TryAccept is never called.
func (*Lazy) TryAccept() (net.Conn, error) { return nil, net.ErrClosed }

// Waiting is never called.
func (*Lazy) Waiting() bool { return false }

// Wait is never called.
func (*Lazy) Wait() (net.Listener, error) { return nil, net.ErrClosed }
