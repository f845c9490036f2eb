package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/ftphost/ftphost/pkg/host"
)

// The paths of health, which nobody needs a key for.
const (
	livePath  = "/health/live"
	readyPath = "/health/ready"
)

func isHealth(path string) bool { return path == livePath || path == readyPath }

// health tells whether the process lives, and whether it serves what the
// configuration wants.
func health(mux *http.ServeMux, h *host.Host) {
	plain := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text) // one who has gone does not hear it
	}
	mux.HandleFunc("GET "+livePath, func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET "+readyPath, func(w http.ResponseWriter, _ *http.Request) {
		if sick := unwell(h); sick != "" {
			plain(w, http.StatusServiceUnavailable, sick)
			return
		}
		plain(w, http.StatusOK, "ready")
	})
}

// unwell says why nobody should be sent here: the server stops, or sites are
// stopped that should not be; "" for nothing.
func unwell(h *host.Host) string {
	if h.Overview().Stopping {
		return "the server is stopping"
	}
	var list []string
	for _, s := range h.Status() {
		if s.State == host.Stopped && s.Reason != "" {
			list = append(list, fmt.Sprintf("site %s is stopped: %s", s.Name, s.Reason))
		}
	}
	return strings.Join(list, "\n")
}
