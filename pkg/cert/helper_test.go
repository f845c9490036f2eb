package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// moment is when the certificates of the tests were issued.
var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// identity is a certificate with its key.
type identity struct {
	leaf *x509.Certificate
	key  crypto.Signer
}

func (i identity) thumbprint() string { return Thumbprint(i.leaf.Raw) }
func (i identity) cert() string       { return block("CERTIFICATE", i.leaf.Raw) }

func (i identity) keyPEM(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", der)
}

func (i identity) bundle(t testing.TB) string { return i.cert() + i.keyPEM(t) }

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

var serial atomic.Int64

// issue makes a certificate for the DNS names; issuer nil makes it its own.
func issue(t testing.TB, issuer *identity, change func(*x509.Certificate), names ...string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, key, issuer, change, names...)
}

func sign(t testing.TB, key crypto.Signer, issuer *identity, change func(*x509.Certificate), names ...string) identity {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)), DNSNames: names,
		NotBefore: moment.Add(-time.Hour), NotAfter: moment.AddDate(0, 0, 90),
	}
	if len(names) > 0 {
		template.Subject = pkix.Name{CommonName: names[0]}
	}
	if change != nil {
		change(template)
	}
	by := identity{template, key}
	if issuer != nil {
		by = *issuer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.leaf, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return identity{leaf, key}
}

// authority makes an issuer.
func authority(t testing.TB, name string, issuer *identity) identity {
	t.Helper()
	return issue(t, issuer, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: name}
		c.IsCA, c.BasicConstraintsValid = true, true
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	})
}

// house is a folder of stores with a clock that the test moves.
type house struct {
	*Stores
	t    testing.TB
	time atomic.Int64

	mu       sync.Mutex
	problems []string
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{Stores: Open(filepath.Join(t.TempDir(), "certificates")), t: t}
	h.clock = func() time.Duration { return time.Duration(h.time.Load()) }
	h.OnProblem = func(err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.problems = append(h.problems, err.Error())
	}
	return h
}

func (h *house) later(d time.Duration) { h.time.Add(int64(d)) }

// written counts files, to give each another time: what is written within a
// tick of the clock looks the same to file systems.
var written atomic.Int64

func (h *house) put(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	when := moment.Add(time.Duration(written.Add(1)) * time.Second)
	if err := os.Chtimes(path, when, when); err != nil {
		h.t.Fatal(err)
	}
	return path
}

func (h *house) find(store, thumbprint string) *Entry {
	h.t.Helper()
	e, err := h.Find(store, thumbprint)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// expect compares what was told since the last time; the folder of the test
// is DIR in it.
func (h *house) expect(want ...string) {
	h.t.Helper()
	h.mu.Lock()
	got := h.problems
	h.problems = nil
	h.mu.Unlock()
	for i := range got {
		got[i] = h.plain(got[i])
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("problems told:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (h *house) plain(text string) string {
	return filepath.ToSlash(strings.ReplaceAll(text, h.dir, "DIR"))
}
