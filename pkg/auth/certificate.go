package auth

import (
	"context"
	"crypto/x509"
)

// CertificateProvider knows whose a client certificate is. That the
// certificate is valid was checked before. It is safe for concurrent use and
// returns soon after ctx ends.
type CertificateProvider interface {
	// Certificate returns the principal of the account named user (the argument
	// of USER without the host name) when the certificate is one of that
	// account: ErrLogon when it is not, or when there is no such account,
	// ErrAccountDisabled when the account is switched off.
	Certificate(ctx context.Context, user string, leaf *x509.Certificate) (*Principal, error)
}
