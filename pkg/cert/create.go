package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// KeyKind is the kind of a new private key.
type KeyKind string

// The kinds every FTP client understands.
const (
	ECDSA KeyKind = "ecdsa" // P-256
	RSA   KeyKind = "rsa"   // 3072 bits
)

const (
	maxDays       = 36500 // more than 100 years are a mistake
	maxCommonName = 64    // X.520
	maxName       = 253   // of DNS
)

// Request describes a certificate to make.
type Request struct {
	Store string
	Names []string // DNS names and IP addresses; the first names the file
	Days  int
	Key   KeyKind
}

// Create makes a certificate that is its own issuer, and writes it with its
// key into the store.
func (s *Stores) Create(r Request, now time.Time) (*Certificate, error) {
	template, err := r.template(now)
	if err != nil {
		return nil, err
	}
	key, err := r.Key.generate()
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return s.write(r.Store, r.Names[0], &content{certs: []*x509.Certificate{leaf}, keys: []crypto.Signer{key}})
}

func (r Request) template(now time.Time) (*x509.Certificate, error) {
	if len(r.Names) == 0 {
		return nil, errors.New("a certificate needs a name")
	}
	if r.Days < 1 || r.Days > maxDays {
		return nil, fmt.Errorf("a certificate cannot be valid for %d days; choose 1 to %d", r.Days, maxDays)
	}
	t := &x509.Certificate{
		// A little earlier, for clients whose clock is late.
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, r.Days),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if r.Key == RSA {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if len(r.Names[0]) <= maxCommonName {
		t.Subject = pkix.Name{CommonName: r.Names[0]}
	}
	for _, n := range r.Names {
		switch ip := net.ParseIP(n); {
		case ip != nil:
			t.IPAddresses = append(t.IPAddresses, ip)
		case dnsName.MatchString(n) && len(n) <= maxName:
			t.DNSNames = append(t.DNSNames, strings.ToLower(strings.TrimSuffix(n, ".")))
		default:
			return nil, fmt.Errorf("%q is neither a DNS name nor an IP address; names in other scripts are written in their xn-- form", n)
		}
	}
	return t, nil
}

// dnsName is a host name, or one with * for its first label. Underscores are
// no part of host names, and are used nevertheless.
var dnsName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

func (k KeyKind) generate() (crypto.Signer, error) {
	switch k {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA:
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	return nil, fmt.Errorf("there is no kind of key %q; choose %s or %s", string(k), ECDSA, RSA)
}
