package service

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Socket is a listening socket that the program was started with.
type Socket struct {
	// Name is what the manager calls it, for people: FileDescriptorName of the
	// socket unit, or the name it was stored under.
	Name string
	// Listener is bound to the address that says what the socket is for.
	Listener net.Listener
}

// Sockets are those that nobody has taken yet. Methods may be called from
// several goroutines.
type Sockets struct {
	mu         sync.Mutex
	list       []Socket
	supervisor *Supervisor
}

// Names are the names and addresses of the sockets that are left, for the log.
func (s *Sockets) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.list))
	for _, k := range s.list {
		names = append(names, k.Name+" ("+k.Listener.Addr().String()+")")
	}
	return names
}

// Take returns the TCP socket that is bound just as net.Listen binds one to the
// port and address on that network: "tcp" with the zero Addr for all addresses
// of both families, "tcp4" and "tcp6" for those of one, or one address. It
// belongs to the caller then. The result is nil when there is none.
func (s *Sockets) Take(network string, addr netip.Addr, port uint16) net.Listener {
	return s.take(func(k *Socket) bool {
		bound, ok := k.Listener.Addr().(*net.TCPAddr)
		if !ok || bound.AddrPort().Port() != port {
			return false
		}
		at := bound.AddrPort().Addr().Unmap()
		if addr.IsValid() && !addr.IsUnspecified() {
			return at == addr.Unmap()
		}
		if !at.IsUnspecified() {
			return false
		}
		both, err := wide(k)
		switch {
		case err != nil:
			return false
		case network == "tcp4" || addr.Is4():
			return at.Is4()
		case network == "tcp6" || addr.Is6():
			return at.Is6() && !both
		default:
			return both || at.Is4() && !dual()
		}
	})
}

// TakeUnix returns the stream socket at a path; nil when there is none.
func (s *Sockets) TakeUnix(path string) net.Listener {
	return s.take(func(k *Socket) bool {
		bound, ok := k.Listener.Addr().(*net.UnixAddr)
		return ok && bound.Name == path
	})
}

func (s *Sockets) take(fits func(*Socket) bool) net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(k Socket) bool { return fits(&k) })
	if i < 0 {
		return nil
	}
	l := s.list[i].Listener
	s.list = slices.Delete(s.list, i, i+1)
	return l
}

// CloseRest closes the sockets that nobody has taken, here and in the keeping of
// the manager, since clients would wait in them for nobody. It returns their
// names.
func (s *Sockets) CloseRest() ([]string, error) {
	names := s.Names()
	s.mu.Lock()
	rest := s.list
	s.list = nil
	s.mu.Unlock()
	var errs []error
	for _, k := range rest {
		errs = append(errs, k.Listener.Close())
		// A socket unit may have any name, and keeps its sockets anyway.
		if checkName(k.Name) == nil {
			errs = append(errs, s.supervisor.Forget(k.Name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return names, fmt.Errorf("closing sockets that the configuration does not ask for: %w", err)
	}
	return names, nil
}

// dual reports whether a socket on all addresses of this machine takes both
// families; without IPv6 it is one of IPv4.
func dual() bool {
	l, err := net.Listen("tcp", ":0") //nolint:gosec,noctx // closed at once; only its kind is looked at
	if err != nil {
		return true
	}
	defer func() { _ = l.Close() }()
	bound, ok := l.Addr().(*net.TCPAddr)
	return !ok || bound.AddrPort().Addr().Is6()
}
