// Package host keeps the running sites equal to the configuration: it loads
// and compiles it, opens the endpoints, serves them and stops in steps. It
// never parses the protocol and never formats XML.
package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/socket"
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
}

// Host is the running whole. It owns what outlives a single configuration:
// the passive ports, the log files, uploads in progress, the certificate
// stores, the keys of TLS sessions and the count of failed logins.
type Host struct {
	options  Options
	accounts *accounts.File
	workers  *local.Workers
	logs     *w3clog.Files
	ports    *datachannel.Ports
	idle     *socket.Idle
	server   *ftpserver.Server
	stores   *cert.Stores
	attempts *auth.Attempts
	names    *reversedns.Cache
	snapshot *site.Snapshot
	opened   []opened
	failed   map[string][]string // site name → what could not be opened
}

// opened is one open endpoint.
type opened struct {
	listener net.Listener
	endpoint *site.Endpoint
}

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
	computer, err := compile.ComputerName()
	if err != nil {
		return nil, nil, err
	}
	h := &Host{options: o, failed: map[string][]string{}, accounts: accounts.Open(o.Home.Accounts()), workers: local.NewWorkers(0)}
	h.accounts.OnError = func(err error) { o.Log.Error().Err(err).Msg("accounts file not read; the previous accounts stay") }
	managers := accounts.OpenAdministration(o.Home.Administration())
	managers.OnError = func(err error) { o.Log.Error().Err(err).Msg("IIS Manager users not read; the previous ones stay") }
	h.attempts = auth.NewAttempts()
	h.attempts.OnLimit = func(b auth.Block, logOnly bool) { logBlock(o.Log, b, logOnly) }
	h.logs = w3clog.NewFiles(func(err error) { o.Log.Error().Err(err).Msg("site log not written") })

	h.stores = cert.Open(o.Home.Certificates())
	h.stores.OnProblem = func(err error) { o.Log.Warn().Err(err).Msg("certificate file") }

	cfg, problems := o.Home.Load()
	if cfg == nil {
		return nil, nil, &Refused{problems}
	}
	result, more := compile.Snapshot(cfg, compile.Parts{
		Home: o.Home, Logs: h.logs, Uploads: vfs.NewUploads(),
		Accounts: h.accounts.Directory, Managers: managers.Directory, ComputerName: computer, Certificates: h.stores,
		Verified: auth.NewVerifyCache(rememberedLogins), Workers: h.workers, OnSourceProblem: sourceProblems(o.Log),
	})
	problems = append(problems, more...)
	problems.Sort()
	if result == nil {
		return nil, nil, &Refused{problems}
	}
	h.snapshot = result.Snapshot
	h.attempts.SetPolicy(result.Attempts)
	if h.ports, err = newPorts(result.Passive, o); err != nil {
		return nil, problems, err
	}
	h.names = reversedns.New(net.DefaultResolver)
	h.server = ftpserver.New(ftpserver.Config{
		Names: h.names,
		Ports: h.ports, Log: o.Log, ComputerName: computer, Keys: ftps.NewKeys(), Attempts: h.attempts,
		UseDomainNameAsHostName: func() bool { return h.snapshot.UseDomainNameAsHostName },
		LocalAddresses:          localAddresses,
	})
	if h.idle, err = socket.NewIdle(); err != nil {
		return nil, problems, err
	}
	h.listen(ctx)
	return h, problems, nil
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

func newPorts(r compile.PortRange, o Options) (*datachannel.Ports, error) {
	if r.High+o.PortOffset > maxPort {
		return nil, fmt.Errorf("--port-offset %d moves the passive port %d above %d", o.PortOffset, r.High, maxPort)
	}
	// Whoever scans ports must not fill the log.
	log := o.Log.Sample(&zerolog.BurstSampler{Burst: maxStrangersLogged, Period: time.Second})
	return datachannel.NewPorts(datachannel.PortsConfig{
		Low: r.Low, High: r.High, Offset: o.PortOffset,
		OnStranger: func(port netip.AddrPort, remote net.Addr) {
			log.Warn().Stringer(logging.Remote, remote).Stringer(logging.Local, port).Msg("nobody expects a data connection from there: closed")
		},
	}), nil
}

// maxStrangersLogged is how many connections a second are named in the log.
const maxStrangersLogged = 5

// Run serves until ctx ends, then stops in steps: no new connections, idle
// sessions are told, transfers may finish within the grace time, and what is
// left is cut.
func (h *Host) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	loops.Go(func() {
		if err := h.logs.Run(background); err != nil && !errors.Is(err, context.Canceled) {
			h.options.Log.Error().Err(err).Msg("site logs stopped")
		}
	})
	loops.Go(func() { h.workers.Run(background) })
	loops.Go(func() {
		if err := h.idle.Run(background); err != nil && !errors.Is(err, context.Canceled) {
			h.options.Log.Error().Err(err).Msg("waiting for idle sessions stopped")
		}
	})
	ends := calendar{log: h.options.Log, list: func() []inUse { return certificatesInUse(h.snapshot) }}
	loops.Go(func() { ends.Run(background) })
	for _, s := range h.opened {
		loops.Go(func() {
			if err := h.server.Serve(s.listener, func() *site.Endpoint { return s.endpoint }); err != nil {
				h.options.Log.Error().Err(err).Str(logging.Endpoint, s.listener.Addr().String()).Msg("endpoint stopped")
			}
		})
	}
	h.options.Log.Info().Int(logging.Sites, len(h.snapshot.Sites)).Int(logging.Listeners, len(h.opened)).Msg("serving")
	<-ctx.Done()
	err := h.stop()
	stop()
	loops.Wait()
	return errors.Join(err, h.idle.Close(), h.logs.Close())
}

func (h *Host) stop() error {
	h.options.Log.Info().Dur(logging.Grace, h.options.Grace).Msg("stopping")
	for _, s := range h.opened {
		// Already closed is as good as closing.
		_ = s.listener.Close()
	}
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
	ports, handshakes := h.ports.Counters(), h.server.Counters()
	h.options.Log.Info().Uint64("strangers", ports.Strangers).Uint64("portsExhausted", ports.Exhausted).
		Uint64("controlHandshakesFailed", handshakes.ControlRefused).Uint64("dataHandshakesFailed", handshakes.DataRefused).
		Uint64("blocked", handshakes.Blocked).Msg("turned away since the start")
}
