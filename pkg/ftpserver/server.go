// Package ftpserver is the FTP engine: it turns connections into sessions,
// commands into replies, and moves the bytes. It never sees configuration text
// and never opens a file but through the site's view.
package ftpserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
)

// Config is what the engine is given by its host.
type Config struct {
	// Ports are the passive ports; the host owns them.
	Ports *datachannel.Ports
	// Dial opens active data connections from local, whose port may be 0; nil
	// means the operating system's network.
	Dial func(ctx context.Context, network string, local, remote netip.AddrPort) (net.Conn, error)
	// Keys protect the TLS sessions of clients; the host owns them. nil gives
	// the server keys of its own.
	Keys *ftps.Keys
	// Attempts counts failed logins and closes the connections of addresses
	// with too many; the host owns it. nil counts none.
	Attempts *auth.Attempts
	// Log is the operational log.
	Log zerolog.Logger
	// ComputerName qualifies accounts that have no domain of their own, in the
	// site's log.
	ComputerName string
	// UseDomainNameAsHostName lets host\user in USER select a site. nil means
	// it does not.
	UseDomainNameAsHostName func() bool
	// LocalAddresses are the addresses of this machine: clients from there are
	// local and get detailed errors. nil means loopback alone.
	LocalAddresses func() []netip.Addr
	// Names tells what clients are called, for sites that restrict addresses by
	// name. nil means that nobody has a name.
	Names access.Names
}

// Limits of stopping and accepting.
const (
	// cutTime is how long sessions that were cut may take to end.
	cutTime = 2 * time.Second
	// maxAcceptDelay bounds the pause after a failed accept.
	maxAcceptDelay = time.Second
	// maxRefusalsLogged is how many clients a second are named in the log
	// because of their address: who comes often must not fill it.
	maxRefusalsLogged = 5
)

// Server serves FTP on the listeners it is given. It owns the sessions; the
// host owns listeners and sites. Its methods are safe for concurrent use.
type Server struct {
	config   Config
	commands map[string]*command
	gates    []gate
	buffers  sync.Pool // *[]byte of copyBuffer bytes
	large    sync.Pool // *[]byte of largeBuffer bytes
	replies  sync.Pool // *[]byte, for replies not yet written

	controlRefused, dataRefused, blocked atomic.Uint64
	// renewals counts the calls of Renew.
	renewals atomic.Uint64
	// refusals is the operational log for refused addresses.
	refusals zerolog.Logger

	stopping atomic.Bool
	// stopped is closed when stopping is set, to wake accept loops that pause.
	stopped  chan struct{}
	sessions sync.WaitGroup

	// running ends when transfers are cancelled, and whatever else sessions do.
	running context.Context //nolint:containedctx // it is the life of the sessions, which outlive every call
	cancel  context.CancelFunc

	mu        sync.Mutex
	open      map[*session]struct{}
	listeners map[net.Listener]struct{}
}

// New returns a server that serves nothing yet.
func New(c Config) *Server {
	if c.Keys == nil {
		c.Keys = ftps.NewKeys()
	}
	s := &Server{
		config:    c,
		commands:  commandTable(),
		gates:     gates(),
		buffers:   sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }},
		large:     sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }},
		replies:   sync.Pool{New: func() any { b := make([]byte, 0, replyBuffer); return &b }},
		stopped:   make(chan struct{}),
		open:      map[*session]struct{}{},
		listeners: map[net.Listener]struct{}{},
		refusals:  c.Log.Sample(&zerolog.BurstSampler{Burst: maxRefusalsLogged, Period: time.Second}),
	}
	s.running, s.cancel = context.WithCancel(context.Background())
	return s
}

// Counters count what was turned away since the process began.
type Counters struct {
	// ControlRefused and DataRefused are the connections whose handshake failed,
	// for whatever reason.
	ControlRefused, DataRefused uint64
	// Blocked are the connections of addresses with too many failed logins.
	Blocked uint64
}

// Counters returns the present counts.
func (s *Server) Counters() Counters {
	return Counters{ControlRefused: s.controlRefused.Load(), DataRefused: s.dataRefused.Load(), Blocked: s.blocked.Load()}
}

// Serve accepts connections from l until it is closed, by the caller or by
// Shutdown, and then returns nil. Each connection becomes a session, which
// outlives the listener. The function endpoint tells what l stands for at this
// moment; it is asked at every accept and before every command, and a nil
// answer means that l serves no more.
func (s *Server) Serve(l net.Listener, endpoint func() *site.Endpoint) error {
	if !s.track(l) {
		return l.Close()
	}
	defer s.untrack(l)
	var delay time.Duration
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			delay = 0
			s.start(conn, endpoint)
		case errors.Is(err, net.ErrClosed) || s.stopping.Load():
			return nil
		default:
			// Out of descriptors or buffers: wait for sessions to end.
			delay = min(max(2*delay, 5*time.Millisecond), maxAcceptDelay)
			s.config.Log.Error().Err(err).Stringer(logging.Listener, l.Addr()).Msg("accept failed")
			s.pause(delay)
		}
	}
}

func (s *Server) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.stopped:
	}
}

// track notes l for Shutdown. It reports false when the server is stopping.
func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// start begins the session of a new connection in its own goroutine.
func (s *Server) start(conn net.Conn, endpoint func() *site.Endpoint) {
	if s.config.Attempts.Blocked(addrPort(conn.RemoteAddr()).Addr()) {
		s.blocked.Add(1)
		drop(conn)
		return
	}
	ses := newSession(s, conn, endpoint)
	s.mu.Lock()
	if s.stopping.Load() {
		s.mu.Unlock()
		_ = conn.Close() // refused while stopping; nothing was said yet
		return
	}
	s.open[ses] = struct{}{}
	s.sessions.Add(1)
	s.mu.Unlock()
	go ses.live(s.running)
}

// forget is the end of a session.
func (s *Server) forget(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, ses)
	s.sessions.Done()
}

// Shutdown stops in steps: it closes the listeners; tells idle sessions and
// ends them; waits for those that transfer until ctx ends; then cancels their
// transfers, and at last closes their connections. It returns nil when all
// sessions ended by themselves, otherwise the error of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.cancel()
	s.stop()
	done := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(done)
	}()
	s.step("waiting for sessions")
	s.each((*session).wake)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.step("cancelling transfers")
	s.cancel()
	s.each((*session).wake)
	if !ended(done, cutTime) {
		s.step("closing connections")
		s.each((*session).cut)
		if !ended(done, cutTime) {
			// A session that sits in the disk or in an account source cannot be
			// interrupted. Its goroutine ends when that call returns.
			s.step("giving up")
		}
	}
	return ctx.Err()
}

// ended waits at most limit for done.
func ended(done <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// stop begins the shutdown: nothing new is accepted from here on.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Swap(true) {
		return
	}
	close(s.stopped)
	for l := range s.listeners {
		_ = l.Close() // Serve sees it closed; there is nobody to tell
	}
}

func (s *Server) each(do func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ses := range s.open {
		do(ses)
	}
}

func (s *Server) step(what string) {
	s.mu.Lock()
	remaining := len(s.open)
	s.mu.Unlock()
	s.config.Log.Info().Int(logging.Remaining, remaining).Msg("stopping: " + what)
}
