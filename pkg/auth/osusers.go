package auth

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"strings"
)

// OSUsers says which accounts are users of the operating system, so that their
// files are accessed with the rights of those users. It must not be changed
// once logins use it.
type OSUsers struct {
	mayImpersonate func() error
	// names are what the configuration calls the users, by the folded name of
	// the account.
	names    map[string]string
	computer string
}

// NewOSUsers returns an OSUsers without entries, for accounts of a computer of
// that name and of domains. What mayImpersonate returns, unless it is nil, is
// why the server may not act as another user.
func NewOSUsers(computer string, mayImpersonate func() error) *OSUsers {
	return &OSUsers{mayImpersonate: mayImpersonate, names: map[string]string{}, computer: computer}
}

// Add says that an account, name or DOMAIN\name, is the user osUser, see
// LookUpOSUser. A name without a domain is one of this computer. It reports
// whether there was no entry for the account.
func (o *OSUsers) Add(account, osUser string) bool {
	domain, name, qualified := strings.Cut(account, `\`)
	if !qualified || domain == "." {
		domain, name = o.computer, strings.TrimPrefix(account, `.\`)
	}
	key := Fold(NewPrincipal(domain, name, nil).QualifiedName())
	if o.names[key] != "" {
		return false
	}
	o.names[key] = osUser
	return true
}

// Of returns p as the user that it is to be: p itself when there is no entry.
// It does not matter whether the server may act as that user.
func (o *OSUsers) Of(p *Principal) (*Principal, error) {
	name := o.names[Fold(p.QualifiedName())]
	if name == "" || p.Anonymous() {
		return p, nil
	}
	u, err := LookUpOSUser(name)
	if err != nil {
		return nil, fmt.Errorf("account %s, osUser: %w", p.QualifiedName(), err)
	}
	return p.WithOSUser(u), nil
}

// admit is Of for a login.
func (o *OSUsers) admit(p *Principal, err error) (*Principal, error) {
	if err != nil {
		return nil, err
	}
	p, err = o.Of(p)
	if err == nil && p.OSUser() != nil {
		err = o.Admit(p.OSUser())
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Admit returns nil when somebody who is the user u can be served, and an
// ErrCannotImpersonate otherwise: nobody is served with other rights than those
// that were meant.
func (o *OSUsers) Admit(u *OSUser) error {
	if err := o.mayImpersonate(); err != nil {
		return fmt.Errorf("%w %s: %w", ErrCannotImpersonate, u.Name, err)
	}
	return nil
}

// FindingProvider is a Provider that is a Finder too.
type FindingProvider interface {
	Provider
	Finder
}

// Provider returns p whose accounts are the users that o says. It closes p if
// that is an io.Closer.
func (o *OSUsers) Provider(p FindingProvider) FindingProvider {
	if len(o.names) == 0 {
		return p
	}
	return impersonating{p, o}
}

// Certificates is Provider for logins with client certificates.
func (o *OSUsers) Certificates(p CertificateProvider) CertificateProvider {
	return impersonatingCertificates{p, o}
}

type impersonating struct {
	FindingProvider
	users *OSUsers
}

// Authenticate returns the principal with its user.
func (i impersonating) Authenticate(ctx context.Context, c Credentials) (*Principal, error) {
	return i.users.admit(i.FindingProvider.Authenticate(ctx, c))
}

// Close gives back what the source has.
func (i impersonating) Close() error {
	if c, ok := i.FindingProvider.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Find returns the principal with its user, whether the program that asks may
// act as that user or not.
func (i impersonating) Find(ctx context.Context, name string) (*Principal, error) {
	p, err := i.FindingProvider.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	return i.users.Of(p)
}

type impersonatingCertificates struct {
	CertificateProvider
	users *OSUsers
}

// Certificate returns the principal with its user.
func (i impersonatingCertificates) Certificate(ctx context.Context, name string, leaf *x509.Certificate) (*Principal, error) {
	return i.users.admit(i.CertificateProvider.Certificate(ctx, name, leaf))
}
