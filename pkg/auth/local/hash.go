package local

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Parameters of new hashes: the minimum that OWASP recommends for argon2id.
const (
	hashMemory  = 19 * 1024 // KiB
	hashTime    = 2
	hashThreads = 1
	saltSize    = 16
	keySize     = 32
)

// Bounds of the parameters of a stored hash: one that asks for more would let
// a line of a file take the machine's memory or time at each login.
const (
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 16
	maxThreads = 16
	minSalt    = 8
	maxSalt    = 64
	minKey     = 16
	maxKey     = 64
)

// maxPHC is longer than any hash within the bounds.
const maxPHC = 256

// ErrHash means that a stored password is not an argon2id PHC string within
// the accepted bounds. Its text never shows the stored value.
var ErrHash = errors.New("not a usable argon2id hash ($argon2id$v=19$m=...,t=...,p=...$salt$hash)")

// hash is a parsed PHC string.
type hash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// HashPassword returns the argon2id PHC string of the password under a fresh
// salt.
func HashPassword(password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("cannot hash the password: %w", err)
	}
	h := newHash(password, salt)
	return h.String(), nil
}

func newHash(password string, salt []byte) *hash {
	h := &hash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: salt, key: make([]byte, keySize)}
	h.key = h.derive(password)
	return h
}

// VerifyPassword reports whether the password belongs to the PHC string; it is
// false for a text that is none.
func VerifyPassword(phc, password string) bool {
	h, err := parseHash(phc)
	return err == nil && h.verify(password)
}

// CheckHash returns nil when the text is a hash that logins can use, and an
// ErrHash that says what is wrong otherwise.
func CheckHash(phc string) error {
	_, err := parseHash(phc)
	return err
}

func (h *hash) verify(password string) bool {
	return subtle.ConstantTimeCompare(h.derive(password), h.key) == 1
}

func (h *hash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key))) //nolint:gosec // parsing bounds the length
}

// String returns the PHC form.
func (h *hash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.time, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// parseHash reads a PHC string: six parts, of which the first is empty.
func parseHash(phc string) (*hash, error) {
	if len(phc) > maxPHC {
		return nil, fmt.Errorf("%w: too long", ErrHash)
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, ErrHash
	}
	h := &hash{}
	if err := h.parseParameters(parts[3]); err != nil {
		return nil, err
	}
	var err error
	if h.salt, err = decodeBounded("salt", parts[4], minSalt, maxSalt); err != nil {
		return nil, err
	}
	if h.key, err = decodeBounded("hash", parts[5], minKey, maxKey); err != nil {
		return nil, err
	}
	return h, nil
}

// parseParameters reads m=...,t=...,p=... in this order, plain decimals only.
func (h *hash) parseParameters(s string) error {
	var m, t, p uint32
	n, err := fmt.Sscanf(s, "m=%d,t=%d,p=%d", &m, &t, &p)
	if err != nil || n != 3 || s != fmt.Sprintf("m=%d,t=%d,p=%d", m, t, p) {
		return fmt.Errorf("%w: the parameters cannot be read", ErrHash)
	}
	if t < 1 || t > maxTime || p < 1 || p > maxThreads || m < 8*p || m > maxMemory {
		return fmt.Errorf("%w: at most m=%d, t=%d, p=%d and at least m=8*p are accepted", ErrHash, maxMemory, maxTime, maxThreads)
	}
	h.memory, h.time, h.threads = m, t, uint8(p)
	return nil
}

func decodeBounded(what, s string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	// The decoder skips line ends; a hash has none.
	if err != nil || strings.ContainsAny(s, "\r\n") || len(b) < least || len(b) > most {
		return nil, fmt.Errorf("%w: the %s is not base64 of %d to %d bytes", ErrHash, what, least, most)
	}
	return b, nil
}
