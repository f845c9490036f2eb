package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/host"
	"github.com/ftphost/ftphost/pkg/logging"
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
	// strangers is the log for those without a key: who tries many must not fill
	// it.
	strangers zerolog.Logger

	mu       sync.Mutex
	settings compile.Admin
	// addresses are what is open beside the socket, by purpose.
	addresses map[purpose]*address
	running   sync.WaitGroup
	closed    bool
}

// Times of the interface. A reload of a very large file takes seconds.
const (
	headerTime = 10 * time.Second
	answerTime = 2 * time.Minute
	closeTime  = 2 * time.Second
)

// maxConnections is how many connections each way in has at once; more wait.
const maxConnections = 64

// ErrTaken means that another ftphost serves the same home.
var ErrTaken = errors.New("another ftphost serves this home")

func taken(path string) error {
	return fmt.Errorf("%w: it answers at %s; stop it first, or give this one a home of its own", ErrTaken, path)
}

// maxStrangersLogged is how many requests without a key are logged a minute.
const maxStrangersLogged = 10

// Listen opens the socket. The error is ErrTaken, or says why it cannot be
// opened.
func Listen(o Options) (*Server, error) {
	l, err := listen(o.Socket)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, socket: l, addresses: map[purpose]*address{}, metrics: metricsHandler(o.Host)}
	s.strangers = o.Log.Sample(&zerolog.BurstSampler{Burst: maxStrangersLogged, Period: time.Minute})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics)
	health(mux, o.Host)
	mux.Handle("/", Handler(o.Host, o.Version))
	s.handler = s.noted(s.meant(mux))
	return s, nil
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := s.server(s.handler)
	ended := make(chan error, 1)
	s.running.Go(func() { ended <- server.Serve(limited(s.socket)) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		s.options.Log.Error().Err(err).Msg("the admin socket is closed")
	}
	s.mu.Lock()
	s.closed = true
	for p := range s.addresses {
		s.leave(p)
	}
	s.mu.Unlock()
	stop(server)
	s.running.Wait()
	return ignoreClosed(err)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
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
				respond(func(*http.Request) (any, error) {
					return nil, failure(http.StatusInternalServerError, "this is a bug; the log has more")
				}).ServeHTTP(w, r)
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

// noted logs requests that change something, once they are answered, and who
// asked: the name of a key, or "socket" for the owner of that.
func (s *Server) noted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard := &heard{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(heard, r)
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return
		}
		e := s.options.Log.Info().Str("by", "socket")
		if key := keyName(r.Context()); key != "" {
			e = s.options.Log.Info().Str("by", "key").Str("key", key).Str(logging.Remote, r.RemoteAddr)
		}
		e.Str("request", r.Method+" "+r.URL.Path).Int("status", heard.status).Msg("admin request")
	})
}

// heard remembers the status of an answer.
type heard struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (h *heard) WriteHeader(status int) {
	h.status = status
	h.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (h *heard) Unwrap() http.ResponseWriter { return h.ResponseWriter }
