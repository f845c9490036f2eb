// Package host keeps the running sites equal to the configuration: it loads
// and compiles it, opens the endpoints, serves them and stops in steps. It
// never parses the protocol and never formats XML.
package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/content/journal"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/history"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/socket"
	"github.com/ftphost/ftphost/pkg/source"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Options say what to host and how.
type Options struct {
	Home compile.Home
	// PortOffset is added to every port that is listened on, so that a
	// configuration with port 21 can be tried without privileges.
	PortOffset int
	// Log is the operational log.
	Log zerolog.Logger
	// Grace is how long transfers may go on after a stop was asked for.
	Grace time.Duration
	// Follow has Run watch the files of the configuration and Reload when they
	// have changed.
	Follow bool
	// Confined says that the service manager closes folders to the process that
	// were not served when the service was installed.
	Confined bool
	// Sockets keeps listening sockets from one process of a service to the next;
	// nil for nobody.
	Sockets Sockets
	// OnLook is told what came of each look at the configuration after Start; nil
	// is allowed. It may use the host, but not Reload.
	OnLook func(Report)
}

// Sockets keeps listening sockets when a process of a service ends, for the one
// that follows.
type Sockets interface {
	// Take returns the socket that was kept for an address, as net.Listen names
	// it, or nil. It belongs to the caller.
	Take(network string, addr netip.Addr, port uint16) net.Listener
	// CloseRest closes those that were not taken.
	CloseRest()
	// Keep leaves a copy of a socket, Forget gives it up.
	Keep(l net.Listener) error
	Forget(l net.Listener) error
}

// Host is the running whole. It owns what outlives a single configuration:
// the passive ports, the log files, uploads in progress, the certificate
// stores, the keys of TLS sessions and the count of failed logins. Its methods
// are safe for concurrent use, after Start.
type Host struct {
	// kept are the sockets of the process before, until they are opened.
	kept     map[socketAddress]net.Listener
	options  Options
	started  time.Time
	parts    compile.Parts // what is lent to all configurations
	workers  *local.Workers
	logs     *w3clog.Files
	ports    *datachannel.Ports
	idle     *socket.Idle
	server   *ftpserver.Server
	attempts *auth.Attempts
	names    *reversedns.Cache
	ends     *calendar
	watcher  *source.Watcher
	keeper   *history.Keeper
	journal  *journal.Journal // nil where there is none
	managers managers
	// readers and threads are shared by all control connections.
	readers, threads *socket.Threads

	// current is what is served now.
	current atomic.Pointer[generation]

	// changing is held by whoever changes what is served; it guards what follows.
	changing sync.Mutex
	state    runState
	loops    sync.WaitGroup // accept loops and all else that Run waits for
	// background ends when the loops have to; nil before Run.
	background context.Context //nolint:containedctx // it is the life of the loops, which outlive every call
	looks      looks
	ending     atomic.Bool // state is stopping, for those who do not hold changing
}

// runState is how far the life of a host is.
type runState int

const (
	ready runState = iota // accept loops are not running yet
	running
	stopping // nothing changes any more
)

// rememberedLogins bounds the memory of the credentials cache.
const rememberedLogins = 10000

// Refused is returned by Start when the configuration is not served at all.
type Refused struct {
	// Problems are all findings, errors and warnings.
	Problems apphost.ErrorList
}

func (r *Refused) Error() string { return "the configuration is refused; nothing is served" }

// Start loads the configuration and opens its endpoints. A site that cannot
// run is reported by Status and keeps no other from running. The warnings are
// returned, and logged by the caller if it wants.
func Start(ctx context.Context, o Options) (*Host, apphost.ErrorList, error) {
	h, err := newHost(o)
	if err != nil {
		return nil, nil, err
	}
	h.watcher.Watch(o.Home.Sources()) // before they are read
	home, result, problems := h.load("", h.parts, &Took{})
	if result == nil {
		return nil, nil, &Refused{problems}
	}
	h.adopt(home, result)
	h.cleanUp(ctx)
	h.ports = newPorts(o)
	h.obey(result)
	h.server = ftpserver.New(ftpserver.Config{
		Names: h.names,
		Ports: h.ports, Log: o.Log, ComputerName: h.parts.ComputerName, Keys: ftps.NewKeys(), Attempts: h.attempts,
		UseDomainNameAsHostName: func() bool { return h.current.Load().UseDomainNameAsHostName },
		LocalAddresses:          localAddresses,
	})
	if h.idle, err = socket.NewIdle(); err != nil {
		return nil, problems, err
	}
	next := newGeneration(nil, result, problems)
	h.takeKept(next.Endpoints)
	next.open(ctx, h, nil)
	next.adjust(h)
	next.enter(nil)
	h.leave(next.opened)
	next.logFailures(h)
	h.current.Store(next)
	h.keepLogs(next)
	h.looks.when, h.looks.last = next.since, Report{Generation: next.number, Changed: true, Problems: problems, Changes: next.changes}
	return h, problems, nil
}

// newHost makes all that does not depend on the configuration.
func newHost(o Options) (*Host, error) {
	computer, err := compile.ComputerName()
	if err != nil {
		return nil, err
	}
	h := &Host{options: o, started: time.Now(), workers: local.NewWorkers(0), attempts: auth.NewAttempts(), names: reversedns.New(net.DefaultResolver)}
	h.readers, h.threads = socket.NewReaders(), socket.NewThreads(maxWriting)
	h.ends = newCalendar(o.Log, func() []inUse { return certificatesInUse(h.current.Load().Snapshot) })
	people := accounts.Open(o.Home.Accounts())
	people.OnError = func(err error) { o.Log.Error().Err(err).Msg("accounts file not read; the previous accounts stay") }
	h.managers.onError = func(err error) { o.Log.Error().Err(err).Msg("IIS Manager users not read; the previous ones stay") }
	h.managers.open(o.Home.Administration())
	h.keeper = history.NewKeeper()
	h.keeper.OnKept = func(name string) { o.Log.Info().Str("history", name).Msg("the configuration is kept") }
	h.keeper.OnError = func(err error) { o.Log.Error().Err(err).Msg("no history of the configuration is kept") }
	h.watcher = source.New(source.Options{OnError: func(err error) { o.Log.Warn().Err(err).Msg("files are looked at now and then, not watched") }})
	h.attempts.OnLimit = func(b auth.Block, logOnly bool) { logBlock(o.Log, b, logOnly) }
	h.logs = siteLogs(o.Log)
	stores := cert.Open(o.Home.Certificates())
	stores.OnProblem = func(err error) { o.Log.Warn().Err(err).Msg("certificate file") }
	h.parts = compile.Parts{
		Home: o.Home, Logs: h.logs, Uploads: vfs.NewUploads(),
		Accounts: people.Directory, Managers: h.managers.Directory, ComputerName: computer, Certificates: stores, Confined: o.Confined,
		Verified: auth.NewVerifyCache(rememberedLogins), Workers: h.workers, OnSourceProblem: sourceProblems(o.Log),
	}
	return h, nil
}

// logBlock says which address is blocked and why.
func logBlock(log zerolog.Logger, b auth.Block, logOnly bool) {
	e := log.Warn().Stringer(logging.Network, b.Network).Uint32("failures", b.Failures)
	if logOnly {
		e.Msg("too many logins from this address failed; it is not blocked, since loggingOnlyMode is on")
		return
	}
	e.Time("until", b.Until).Msg("too many logins from this address failed: blocked")
}

// sourceProblems logs what sources of accounts could not answer. One that is
// down must not fill the log with the logins of everybody.
func sourceProblems(log zerolog.Logger) func(error) {
	log = log.Sample(&zerolog.BurstSampler{Burst: maxSourceProblemsLogged, Period: time.Minute})
	return func(err error) { log.Error().Err(err).Msg("source of accounts not asked; others still are") }
}

// maxSourceProblemsLogged is how many logins a minute are named in the log that
// a source of accounts could not answer.
const maxSourceProblemsLogged = 20

// newPorts has no range yet.
func newPorts(o Options) *datachannel.Ports {
	// Whoever scans ports must not fill the log.
	log := o.Log.Sample(&zerolog.BurstSampler{Burst: maxStrangersLogged, Period: time.Second})
	return datachannel.NewPorts(datachannel.PortsConfig{
		Offset: o.PortOffset,
		OnStranger: func(port netip.AddrPort, remote net.Addr) {
			log.Warn().Stringer(logging.Remote, remote).Stringer(logging.Local, port).Msg("nobody expects a data connection from there: closed")
		},
	})
}

// maxStrangersLogged is how many connections a second are named in the log.
const maxStrangersLogged = 5

// Run serves until ctx ends, then stops in steps: no new connections, idle
// sessions are told, transfers may finish within the grace time, and what is
// left is cut.
func (h *Host) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.begin(background)
	now := h.current.Load()
	h.options.Log.Info().Int(logging.Sites, len(now.Sites)).Int(logging.Listeners, len(now.opened)).Msg("serving")
	<-ctx.Done()
	err := h.stop()
	stop()
	h.loops.Wait()
	return errors.Join(err, h.idle.Close(), h.logs.Close(), h.closeJournal())
}

// Close gives back what a host has that does not Run.
func (h *Host) Close() error {
	h.changing.Lock()
	h.state = stopping
	closeAll(h.current.Load().sockets())
	h.changing.Unlock()
	h.names.Close()
	return errors.Join(h.ports.Close(), h.idle.Close(), h.logs.Close(), h.closeJournal())
}

// begin starts all that goes on while the host runs.
func (h *Host) begin(background context.Context) {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.state, h.background = running, background
	h.loops.Go(func() {
		if err := h.logs.Run(background); err != nil && !errors.Is(err, context.Canceled) {
			h.options.Log.Error().Err(err).Msg("site logs stopped")
		}
	})
	h.loops.Go(func() { h.workers.Run(background) })
	h.loops.Go(func() {
		if err := h.idle.Run(background); err != nil && !errors.Is(err, context.Canceled) {
			h.options.Log.Error().Err(err).Msg("waiting for idle sessions stopped")
		}
	})
	h.loops.Go(func() { h.ends.Run(background) })
	h.loops.Go(func() { h.keeper.Run(background) })
	h.loops.Go(func() { h.record(background) })
	if h.options.Follow {
		h.loops.Go(func() { h.watcher.Run(background, func() { h.follow(background) }) })
	}
	for _, o := range h.current.Load().sockets() {
		h.serve(o)
	}
}

// serve accepts connections in the background. The caller holds changing.
func (h *Host) serve(o *opened) {
	h.loops.Go(func() {
		// A stop that comes first has closed the listener.
		if err := h.server.Serve(o.listener, o.endpoint.Load); err != nil && !errors.Is(err, net.ErrClosed) {
			h.options.Log.Error().Err(err).Str(logging.Endpoint, o.listener.Addr().String()).Msg("endpoint stopped")
		}
	})
}

func (h *Host) stop() error {
	h.options.Log.Info().Dur(logging.Grace, h.options.Grace).Msg("stopping")
	h.ending.Store(true)
	h.changing.Lock()
	h.state = stopping
	for _, o := range h.current.Load().sockets() {
		// Already closed is as good as closing.
		_ = o.listener.Close()
	}
	h.changing.Unlock()
	// Nobody is let in any more for whom a name would have to be found.
	h.names.Close()
	grace, cancel := context.WithTimeout(context.Background(), h.options.Grace)
	defer cancel()
	err := h.server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		h.options.Log.Warn().Msg("grace time over; transfers were cut")
		err = nil
	}
	h.sum()
	return errors.Join(err, h.ports.Close())
}

// sum says how often strangers, failed handshakes and blocked addresses were
// turned away.
func (h *Host) sum() {
	n := h.TurnedAway()
	h.options.Log.Info().Uint64("strangers", n.Strangers).Uint64("portsExhausted", n.PortsExhausted).
		Uint64("controlHandshakesFailed", n.ControlHandshakes).Uint64("dataHandshakesFailed", n.DataHandshakes).
		Uint64("blocked", n.Blocked).Msg("turned away since the start")
}
