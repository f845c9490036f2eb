package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/host"
)

// Options say what is served where.
type Options struct {
	Host *host.Host
	// Version is that of the program.
	Version string
	// Home is the folder of the configuration: who means another host hears so.
	Home string
	// Socket is the path of the socket.
	Socket string
	Log    zerolog.Logger
}

// Server serves the interface on its socket, and on the addresses that the
// configuration has for it. Its owner calls Run.
type Server struct {
	options Options
	handler http.Handler
	metrics http.Handler
	socket  net.Listener

	mu       sync.Mutex
	settings compile.Admin
	// addresses are what is open beside the socket, by purpose.
	addresses map[purpose]*address
	running   sync.WaitGroup
	closed    bool
}

// purpose is what an address is for.
type purpose int

const (
	forControl purpose = iota
	forMetrics
)

// address is a listener of the network.
type address struct {
	text   string
	server *http.Server
}

// Times of the interface. A reload of a very large file takes seconds.
const (
	headerTime = 10 * time.Second
	answerTime = 2 * time.Minute
	closeTime  = 2 * time.Second
)

// ErrTaken means that another ftphost serves the same home.
var ErrTaken = errors.New("another ftphost serves this home")

func taken(path string) error {
	return fmt.Errorf("%w: it answers at %s; stop it first, or give this one a home of its own", ErrTaken, path)
}

// Listen opens the socket. The error is ErrTaken, or says why it cannot be
// opened.
func Listen(o Options) (*Server, error) {
	l, err := listen(o.Socket)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, socket: l, addresses: map[purpose]*address{}, metrics: metricsHandler(o.Host)}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics)
	health(mux, o.Host)
	mux.Handle("/", Handler(o.Host, o.Version))
	s.handler = s.meant(mux)
	return s, nil
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := s.server(s.handler)
	ended := make(chan error, 1)
	s.running.Go(func() { ended <- server.Serve(s.socket) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		s.options.Log.Error().Err(err).Msg("the admin socket is closed")
	}
	s.mu.Lock()
	s.closed = true
	for p, a := range s.addresses {
		stop(a.server)
		delete(s.addresses, p)
	}
	s.mu.Unlock()
	stop(server)
	s.running.Wait()
	return ignoreClosed(err)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop lets requests end that are being answered, for a moment.
func stop(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // the time is over
	}
}

func (s *Server) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: s.survive(h), ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: answerTime, IdleTimeout: headerTime, MaxHeaderBytes: 16 << 10,
	}
}

// survive keeps a bug that shows in one request from being more than that.
func (s *Server) survive(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if problem := recover(); problem != nil {
				s.options.Log.Error().Any("panic", problem).Str("request", r.Method+" "+r.URL.Path).Msg("a request of the admin interface failed")
				http.Error(w, "this is a bug; the log has more", http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(w, r)
	})
}

// meant refuses requests that are for the host of another home.
func (s *Server) meant(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if home := r.Header.Get(api.HomeHeader); home != "" && home != s.options.Home {
			respond(func(*http.Request) (any, error) {
				return nil, failure(http.StatusMisdirectedRequest, "this ftphost serves "+s.options.Home+", not "+home)
			}).ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Follow opens and closes addresses of the network as the configuration says
// that the host serves now. One that cannot be opened is logged and left closed.
func (s *Server) Follow() {
	settings := s.options.Host.Admin()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.settings = settings
	s.move(forControl, settings.Address, s.withKey(s.handler))
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", s.metrics)
	health(metrics, s.options.Host)
	s.move(forMetrics, settings.Metrics, metrics)
}

// move has a purpose served at an address, "" for none. s.mu is held.
func (s *Server) move(p purpose, to string, h http.Handler) {
	old := s.addresses[p]
	if old != nil && old.text == to {
		return
	}
	if old != nil {
		stop(old.server)
		delete(s.addresses, p)
	}
	if to == "" {
		return
	}
	l, err := net.Listen("tcp", to)
	if err != nil {
		s.options.Log.Error().Err(err).Str("address", to).Msg("address of the admin interface not opened")
		return
	}
	a := &address{to, s.server(h)}
	s.addresses[p] = a
	s.running.Go(func() {
		if err := ignoreClosed(a.server.Serve(l)); err != nil {
			s.options.Log.Error().Err(err).Str("address", to).Msg("address of the admin interface closed")
		}
	})
}

// withKey asks for a key, but not of those who look at the health.
func (s *Server) withKey(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := s.keyOf(r); name == "" && !strings.HasPrefix(r.URL.Path, "/health/") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			respond(func(*http.Request) (any, error) {
				return nil, failure(http.StatusUnauthorized, "a key is needed: Authorization: Bearer KEY; see ftpHost/admin/keys")
			}).ServeHTTP(w, r)
			return
		} else if name != "" && r.Method != http.MethodGet {
			s.options.Log.Info().Str("key", name).Str("remote", r.RemoteAddr).Str("request", r.Method+" "+r.URL.Path).Msg("admin request")
		}
		h.ServeHTTP(w, r)
	})
}

// keyOf names the key of a request, "" when it has none that is known.
func (s *Server) keyOf(r *http.Request) string {
	given := r.Header.Get("Access-Token") // that of IIS.Administration
	if given == "" {
		given = r.Header.Get("Authorization")
	}
	token, ok := strings.CutPrefix(given, "Bearer ")
	if !ok {
		return ""
	}
	hash := HashKey(strings.TrimSpace(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	found := ""
	for _, k := range s.settings.Keys {
		if subtle.ConstantTimeCompare([]byte(strings.ToLower(k.Hash)), []byte(hash)) == 1 {
			found = k.Name
		}
	}
	return found
}

// HashKey is how a key is written in the configuration. A key is random and
// long, so that one round of hashing is enough.
func HashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// health tells whether the process lives, and whether it serves what the
// configuration wants.
func health(mux *http.ServeMux, h *host.Host) {
	plain := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text) // one who has gone does not hear it
	}
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /health/ready", func(w http.ResponseWriter, _ *http.Request) {
		if sick := unwell(h); sick != "" {
			plain(w, http.StatusServiceUnavailable, sick)
			return
		}
		plain(w, http.StatusOK, "ready")
	})
}

// unwell says which sites are not served as they should be, "" for none.
func unwell(h *host.Host) string {
	var list []string
	for _, s := range h.Status() {
		if s.State == host.Stopped && s.Reason != "" {
			list = append(list, fmt.Sprintf("site %s is stopped: %s", s.Name, s.Reason))
		}
	}
	return strings.Join(list, "\n")
}
