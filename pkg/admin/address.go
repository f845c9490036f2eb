package admin

import (
	"net"
	"net/http"
	"sync"
)

// purpose is what an address of the network is for.
type purpose int

const (
	forControl purpose = iota
	forMetrics
)

// address is a listener of the network.
type address struct {
	text     string
	listener net.Listener
	server   *http.Server
}

// Follow opens and closes addresses of the network as the configuration says
// that the host serves now. One that cannot be opened is logged, left closed and
// tried again the next time.
func (s *Server) Follow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.settings = s.options.Host.Admin()
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", s.metrics)
	health(metrics, s.options.Host)
	wanted := map[purpose]string{forControl: s.settings.Address, forMetrics: s.settings.Metrics}
	handlers := map[purpose]http.Handler{forControl: s.withKey(s.handler), forMetrics: metrics}
	// All are closed before one is opened: an address may get another purpose.
	for p, a := range s.addresses {
		if a.text != wanted[p] {
			s.leave(p)
		}
	}
	for p, to := range wanted {
		if to != "" && s.addresses[p] == nil {
			s.enter(p, to, handlers[p])
		}
	}
}

// leave closes the address of a purpose. Requests that are being answered there
// end in the background: one of them may be what has the address closed. s.mu is
// held.
func (s *Server) leave(p purpose) {
	a := s.addresses[p]
	delete(s.addresses, p)
	_ = a.listener.Close() // nobody else closes it before
	s.running.Go(func() { stop(a.server) })
}

// enter serves a purpose at an address. s.mu is held.
func (s *Server) enter(p purpose, to string, h http.Handler) {
	l, err := net.Listen("tcp", to)
	if err != nil {
		s.options.Log.Error().Err(err).Str("address", to).Msg("address of the admin interface not opened")
		return
	}
	a := &address{to, limited(l), s.server(h)}
	s.addresses[p] = a
	s.running.Go(func() {
		if err := ignoreClosed(a.server.Serve(a.listener)); err != nil {
			s.options.Log.Error().Err(err).Str("address", to).Msg("address of the admin interface closed")
		}
	})
}

// limited lets maxConnections in at once; the others wait in the system's queue.
func limited(l net.Listener) net.Listener {
	return &limitedListener{Listener: l, places: make(chan struct{}, maxConnections), closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a place first.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &placed{Conn: conn, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close ends a waiting Accept, too.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *placed) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
