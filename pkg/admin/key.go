package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/ftphost/ftphost/pkg/logging"
)

// withKey asks for a key, but not of those who look at the health.
func (s *Server) withKey(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := s.keyOf(r)
		if name == "" && !isHealth(r.URL.Path) {
			s.strangers.Warn().Str(logging.Remote, r.RemoteAddr).Str("request", r.Method+" "+r.URL.Path).Msg("admin request without a key that is known: refused")
			w.Header().Set("WWW-Authenticate", "Bearer")
			respond(func(*http.Request) (any, error) {
				return nil, failure(http.StatusUnauthorized, "a key is needed: Authorization: Bearer KEY; see ftpHost/admin/keys")
			}).ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyNameKey{}, name)))
	})
}

// keyNameKey is for the name of the key of a request.
type keyNameKey struct{}

func keyName(ctx context.Context) string {
	name, _ := ctx.Value(keyNameKey{}).(string)
	return name
}

// keyOf names the key of a request, "" when it has none that is known.
func (s *Server) keyOf(r *http.Request) string {
	given := r.Header.Get("Access-Token") // that of IIS.Administration
	if given == "" {
		given = r.Header.Get("Authorization")
	}
	scheme, token, _ := strings.Cut(given, " ")
	if !strings.EqualFold(scheme, "Bearer") {
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
