package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Errors of a login. To the client they are all the same refusal; in the log
// each has its own sub-status.
var (
	// ErrLogon means an unknown user or a wrong password, which are never told
	// apart (sub-status 41).
	ErrLogon = errors.New("unknown user name or wrong password")
	// ErrAccountDisabled means the password is right and the account is
	// switched off.
	ErrAccountDisabled = errors.New("the account is disabled")
	// ErrAnonymousNotAllowed means an anonymous name was given, anonymous
	// login is off and no other method knows the name (sub-status 42).
	ErrAnonymousNotAllowed = errors.New("anonymous login is not allowed")
	// ErrNoMethod means that no way to log in is enabled (sub-status 36).
	ErrNoMethod = errors.New("no authentication method is enabled")
	// ErrProvider means that a source of accounts could not answer; the cause
	// is wrapped beside it (sub-status 34).
	ErrProvider = errors.New("a source of accounts could not be asked")
)

// Credentials are what a client gave to log in. They are never logged.
type Credentials struct {
	// User is the name as typed, after the virtual host name was taken off.
	User string
	// Password is the argument of PASS.
	Password string
	// Remote is the client's address.
	Remote netip.Addr
	// Suspect says that logins of that address failed lately. Where checking a
	// password costs much, they wait behind others.
	Suspect bool
}

// Provider is one source of accounts. Authenticate returns ErrLogon for an
// unknown user or a wrong password, ErrAccountDisabled or another of its kind
// (IsAccountState) for an account that may not log in, and any other error when
// the source is down. It is safe for concurrent use and returns soon after ctx
// ends.
type Provider interface {
	Authenticate(ctx context.Context, c Credentials) (*Principal, error)
}

// Finder is a Provider that can tell whose a name is without the password, for
// those who explain what an account may do. The errors are those of
// Authenticate, ErrLogon for a name that it does not know.
type Finder interface {
	Find(ctx context.Context, user string) (*Principal, error)
	Source() Source
}

// Source is a source of accounts as people see it.
type Source struct {
	// Name is what its accounts are called: "local accounts".
	Name string
	// Origin is the place in the configuration that names it, as file:line:col;
	// "" when none does.
	Origin string
	// Unasked is what only a login finds out beside the password; "" for
	// nothing.
	Unasked string
}

// Chain is the login of one site: anonymous first when the name asks for it,
// then the providers in configured order, the first that accepts winning. It
// is fixed once built and safe for concurrent use.
type Chain struct {
	// AllowAnonymous accepts the anonymous names with any password.
	AllowAnonymous bool
	// Providers are asked in order.
	Providers []Provider
	// Certificates knows the accounts of client certificates; nil when nobody
	// logs in with one.
	Certificates CertificateProvider
	// OSUsers says which accounts are users of the operating system; nil knows
	// none.
	OSUsers *OSUsers
}

// errOtherRights means that the user of the system whose rights an account has
// is another one now, or has other groups.
var errOtherRights = errors.New("the account has the rights of another user of the system now")

// Renew returns somebody who logged in before as they are now, or why they could
// not log in any more.
func (c *Chain) Renew(p *Principal) (*Principal, error) {
	switch {
	case p.Anonymous() && !c.AllowAnonymous:
		return nil, ErrAnonymousNotAllowed
	case p.Anonymous():
		return p, nil
	case len(c.Providers) == 0 && c.Certificates == nil:
		return nil, ErrNoMethod
	}
	now, err := p.Renewed()
	if err != nil {
		return nil, err
	}
	if !c.keeps(now) {
		return nil, errOtherRights
	}
	return now, nil
}

// keeps reports whether somebody has the rights of the user of the system that
// they would have after a login.
func (c *Chain) keeps(p *Principal) bool {
	if c.OSUsers == nil {
		return true
	}
	now, err := c.OSUsers.Of(p)
	if err != nil {
		return false
	}
	was, is := p.OSUser(), now.OSUser()
	return was == is || was != nil && was.UID == is.UID && was.GID == is.GID && slices.Equal(was.Groups, is.Groups)
}

// Authenticate returns who the credentials belong to. The error is one of the
// errors above, or that of ctx when it ended.
func (c *Chain) Authenticate(ctx context.Context, cred Credentials) (*Principal, error) {
	anonymous := IsAnonymousName(cred.User)
	switch {
	case anonymous && c.AllowAnonymous:
		return Anonymous(), nil
	case len(c.Providers) == 0 && !c.AllowAnonymous && c.Certificates == nil:
		return nil, ErrNoMethod
	}
	p, err := c.ask(ctx, cred)
	if err == nil {
		return p, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if anonymous {
		return nil, AnonymousRefusal(err)
	}
	return nil, err
}

// AnonymousRefusal is what a login by an anonymous name fails of when anonymous
// login is off, and err is the refusal of the providers.
func AnonymousRefusal(err error) error {
	if errors.Is(err, ErrLogon) {
		return ErrAnonymousNotAllowed
	}
	return fmt.Errorf("%w (%v)", ErrAnonymousNotAllowed, err) //nolint:errorlint // the cause is told, but not what the login failed of
}

// ask asks the providers in order.
func (c *Chain) ask(ctx context.Context, cred Credentials) (*Principal, error) {
	refusal := ErrLogon
	for _, provider := range c.Providers {
		p, err := provider.Authenticate(ctx, cred)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		refusal = MoreTelling(refusal, err)
	}
	return nil, refusal
}

// MoreTelling returns which of the refusals of two providers says more: of a
// source that is down before a disabled account before a source that is not
// there before a wrong password, because the account may live in the source
// that is down. The later of two alike counts, but of sources that are down.
func MoreTelling(refusal, next error) error {
	switch {
	case errors.Is(next, ErrLogon), errors.Is(refusal, ErrProvider):
		return refusal
	case IsAccountState(next), errors.Is(next, ErrProvider):
		return next
	case errors.Is(next, ErrAbsent) && errors.Is(refusal, ErrLogon):
		return next
	case errors.Is(next, ErrAbsent):
		return refusal
	default:
		return fmt.Errorf("%w: %w", ErrProvider, next)
	}
}

// SourceError is what the Authenticate of a source named source returns for an
// err of its login that ran under a deadline of its own within ctx. A refused
// logon and the state of an account are err itself, the end of ctx is its
// error. Anything else is the source's trouble: ErrProvider with the cause,
// which onProblem, unless nil, is told as well.
func SourceError(ctx context.Context, source string, err error, onProblem func(error)) error {
	switch {
	case errors.Is(err, ErrLogon), IsAccountState(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	problem := fmt.Errorf("source %q: %w", source, err)
	if onProblem != nil {
		onProblem(problem)
	}
	// The cause may be a deadline of the source, which must not be taken for
	// the session's.
	return fmt.Errorf("%w: %v", ErrProvider, problem) //nolint:errorlint // on purpose, see above
}
