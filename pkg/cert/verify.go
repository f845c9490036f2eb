package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Why a client's certificate is refused.
var (
	// ErrUntrusted: no chain leads to a trusted issuer.
	ErrUntrusted = errors.New("the client certificate is not trusted")
	// ErrExpired: it, or an issuer, is not valid at this time.
	ErrExpired = errors.New("the client certificate is not valid at this time")
	// ErrUsage: it is not for the authentication of clients.
	ErrUsage = errors.New("the client certificate is for another use")
	// ErrRevoked: its issuer took it back.
	ErrRevoked = errors.New("the client certificate is revoked")
	// ErrRevocationUnknown: nobody can tell whether it is revoked.
	ErrRevocationUnknown = errors.New("it is unknown whether the client certificate is revoked")
)

// Names of the stores that decide about client certificates.
const (
	rootStore = "Root"
	caStore   = "CA"
)

// Checks say how strictly client certificates are checked
// (sslClientCertificates in the configuration).
type Checks struct {
	NoRevocation bool          // NoRevocationCheck: revocation lists are not asked
	NoUsage      bool          // CertNoUsageCheck: the certificate may be for any use
	Freshness    time.Duration // revocation lists older than this do not count; 0: until their next update
}

// Verify tells whether the certificate of a client, followed by the issuers
// the client sent, is good: it comes from an issuer in the store Root (the
// system's roots when that folder does not exist), directly or through those
// of the store CA or of the client, is for clients and not revoked. The error
// is one of the above and says what to do.
func (s *Stores) Verify(chain []*x509.Certificate, c Checks, now time.Time) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: none was sent", ErrUntrusted)
	}
	t, err := s.trust.get(s)
	if err != nil {
		return err
	}
	usage := x509.ExtKeyUsageClientAuth
	if c.NoUsage {
		usage = x509.ExtKeyUsageAny
	}
	issuers := t.intermediates.Clone()
	for _, sent := range chain[1:] {
		issuers.AddCert(sent)
	}
	chains, err := nameless(chain[0]).Verify(x509.VerifyOptions{
		Roots: t.roots, Intermediates: issuers, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return s.explain(chain[0], err)
	}
	if c.NoRevocation {
		return nil
	}
	return t.revocation(chains, c, now)
}

// nameless lets alternative names be critical: smart cards have only a user
// name there, which the library does not know and nobody asks for here.
func nameless(leaf *x509.Certificate) *x509.Certificate {
	same := *leaf
	same.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(leaf.UnhandledCriticalExtensions),
		func(id asn1.ObjectIdentifier) bool { return id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) })
	return &same
}

// explain puts the library's reasons into ours.
func (s *Stores) explain(leaf *x509.Certificate, err error) error {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w: %s is valid from %s to %s",
			ErrExpired, subject(invalid.Cert), minute(invalid.Cert.NotBefore), minute(invalid.Cert.NotAfter))
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fmt.Errorf("%w: the extended key usage of %s does not name clientAuth; have one issued that does, or add CertNoUsageCheck to validationFlags",
			ErrUsage, subject(leaf))
	}
	return fmt.Errorf("%w: %s, issued by %q: %w; put the certificate of its issuer into %s, and those between into %s",
		ErrUntrusted, subject(leaf), leaf.Issuer.String(), err, s.path(rootStore), s.path(caStore))
}

func subject(c *x509.Certificate) string { return fmt.Sprintf("%q", c.Subject.String()) }

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
