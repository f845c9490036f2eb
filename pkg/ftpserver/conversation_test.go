package ftpserver_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/site"
)

// TestConversations plays every archive in memory, where waiting costs
// nothing. The client is on the server's machine, as it will be when the same
// archives are played against the binary.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a := ftptest.Load(t, file)
			synctest.Test(t, func(t *testing.T) {
				r := start(t, a, nil)
				ftptest.Run(t, a, r.target)
				r.stop(t)
			})
		})
	}
}

// running is a server in memory with the sites of an archive.
type running struct {
	*world
	server  *ftpserver.Server
	network *ftptest.Network
	target  ftptest.Target
	address netip.AddrPort
	client  netip.Addr
	ports   *datachannel.Ports
	served  sync.WaitGroup
	log     *ftptest.Log

	mu      sync.Mutex
	current *site.Endpoint
}

// start serves the sites of an archive. It must be called in a bubble; adjust
// may change the configuration of the server.
func start(t testing.TB, a *ftptest.Archive, adjust func(*ftpserver.Config)) *running {
	t.Helper()
	home := t.TempDir()
	if err := a.WriteHome(home); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, "content"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := &running{world: build(t, home, a.Accounts), network: ftptest.NewNetwork(), log: &ftptest.Log{}}
	r.current = r.endpoint(t)
	host := r.sites[0].Bindings[0].Address
	if !host.IsValid() {
		host = netip.MustParseAddr("127.0.0.1")
	}
	r.address, r.client = netip.AddrPortFrom(host, r.current.Port), host
	r.ports = datachannel.NewPorts(datachannel.PortsConfig{Low: 5000, High: 5009, Listen: r.network.Listen})
	config := ftpserver.Config{
		Ports: r.ports, Dial: r.network.Dial, Log: zerolog.New(r.log), ComputerName: computer,
		UseDomainNameAsHostName: func() bool { return r.config.FTP.HostNames.ByDomain }, Attempts: r.attempts(t),
	}
	if adjust != nil {
		adjust(&config)
	}
	r.server = ftpserver.New(config)
	l, err := r.network.Listen("tcp", r.address.String())
	if err != nil {
		t.Fatal(err)
	}
	r.served.Go(func() {
		if err := r.server.Serve(l, r.now); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	r.target = r.network.Target(r.client, r.address)
	r.target.Settle = synctest.Wait
	return r
}

// now is the current truth, which tests replace.
func (r *running) now() *site.Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

func (r *running) replace(e *site.Endpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = e
}

// stop shuts down and checks that everything has ended.
func (r *running) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	r.served.Wait()
	if err := r.ports.Close(); err != nil {
		t.Error(err)
	}
	if err := r.logs.Close(); err != nil {
		t.Error(err)
	}
	for _, s := range r.sites {
		if n := s.Counters.Connections.Now() + s.Counters.Anonymous.Now() + s.Counters.Named.Now(); n != 0 {
			t.Errorf("site %s still counts %d connections", s.Name, n)
		}
	}
	if log := r.log.String(); strings.Contains(log, `"panic"`) {
		t.Errorf("a session panicked:\n%s", log)
	}
}
