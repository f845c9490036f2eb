package ldap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Authenticate returns the principal of the account, in the directory's own
// spelling. A name of another domain, an unknown name, an empty and a wrong
// password are auth.ErrLogon; a directory that does not answer within the time
// of the source is auth.ErrProvider.
func (p *Provider) Authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	name, ours := p.parseName(c.User)
	// A bind with an empty password is an anonymous one (RFC 4513 §5.1.2),
	// which many servers grant whatever the name.
	if !ours || c.Password == "" {
		return nil, auth.ErrLogon
	}
	inner, cancel := context.WithTimeout(ctx, p.settings.Timeout)
	defer cancel()
	principal, err := p.login(inner, name, c.Password)
	if err != nil {
		return nil, auth.SourceError(ctx, p.settings.Name, err, p.settings.OnProblem)
	}
	return principal, nil
}

// Find returns whom a login as user would be of, or why it would be refused
// whatever the password, as far as the searching account may read it. The errors
// are those of Authenticate.
func (p *Provider) Find(ctx context.Context, user string) (*auth.Principal, error) {
	name, ours := p.parseName(user)
	if !ours {
		return nil, auth.ErrLogon
	}
	inner, cancel := context.WithTimeout(ctx, p.settings.Timeout)
	defer cancel()
	principal, err := p.present(inner, name)
	if err != nil {
		return nil, auth.SourceError(ctx, p.settings.Name, err, p.settings.OnProblem)
	}
	return principal, nil
}

// Source is the provider as people see it.
func (p *Provider) Source() auth.Source {
	return auth.Source{
		Name: fmt.Sprintf("accounts of %q", p.settings.Name), Origin: p.settings.Origin,
		Unasked: "what a directory looks at only together with the password, such as the hours and computers of an account, is not asked",
	}
}

// login proves the password, from memory or by the directory, and returns who
// that is.
func (p *Provider) login(ctx context.Context, name userName, password string) (*auth.Principal, error) {
	var proven *account
	var err error
	ok := p.settings.Verified.Verify(p.identity+name.typed, password, p.settings.VerifiedLifetime, func() bool {
		proven, err = p.prove(ctx, name, password)
		return err == nil
	})
	switch {
	case !ok:
		return nil, err
	case proven != nil:
		return p.principal(ctx, name, proven)
	}
	// The password is remembered. Groups are not as old as that.
	if known := p.remembered.get(name.typed); known != nil {
		return known.principal, nil
	}
	return p.present(ctx, name)
}

// present is who the name means now, or what keeps the account out.
func (p *Provider) present(ctx context.Context, name userName) (*auth.Principal, error) {
	found, err := p.find(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, auth.ErrLogon
	case found.state != nil:
		return nil, found.state
	}
	return p.principal(ctx, name, found)
}

// prove looks the account up and binds as it. Who is unknown costs a bind as
// well, so that an unknown name and a wrong password take the same requests.
func (p *Provider) prove(ctx context.Context, name userName, password string) (*account, error) {
	found, err := p.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if err := p.bind(ctx, p.decoy(), password); err != nil && !errors.Is(err, auth.ErrLogon) && !auth.IsAccountState(err) {
			return nil, err
		}
		return nil, auth.ErrLogon
	}
	if err := p.bind(ctx, found.dn, password); err != nil {
		return nil, err
	}
	return found, found.state
}

// decoy is the name of nobody.
func (p *Provider) decoy() string { return "cn=" + rand.Text() + "," + p.settings.BaseDN }

// bind proves the password of dn.
func (p *Provider) bind(ctx context.Context, dn, password string) error {
	var refused error
	err := p.pool.do(ctx, forUsers, func(c *ldap.Conn) error {
		err := c.Bind(dn, password)
		var known bool
		if refused, known = refusal(err); known {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// principal is who the account is, with groups and home as they were at most
// the lifetime of groups ago.
func (p *Provider) principal(ctx context.Context, name userName, a *account) (*auth.Principal, error) {
	if known := p.remembered.get(name.typed); known != nil && known.dn == a.dn {
		return known.principal, nil
	}
	groups, err := p.groups(ctx, name, a)
	if err != nil {
		return nil, err
	}
	principal := auth.NewPrincipal(p.settings.Domain, a.name, groups)
	if a.home != "" {
		principal = principal.WithHome(a.home)
	}
	p.remembered.put(name.typed, a.dn, principal)
	return principal, nil
}
