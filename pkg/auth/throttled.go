package auth

import (
	"context"
	"errors"
	"fmt"
)

// ErrBlocked means that too many logins of the client's address failed. Its
// connection is to be closed without an answer.
var ErrBlocked = errors.New("too many logins from this address failed; it is blocked for a while")

// Throttled is the login of one site with the restrictions on failed logins.
type Throttled struct {
	// Chain proves who somebody is.
	Chain *Chain
	// Attempts counts failures; nil counts none.
	Attempts *Attempts
}

// Authenticate asks the chain and counts its refusals. It returns an ErrBlocked,
// which wraps the refusal, when there are too many, also to the
// right password: whoever tries many at once learns of none of them.
func (t Throttled) Authenticate(ctx context.Context, cred Credentials) (*Principal, error) {
	if t.Attempts == nil {
		return t.Chain.Authenticate(ctx, cred)
	}
	if t.Attempts.Blocked(cred.Remote) {
		return nil, ErrBlocked
	}
	cred.Suspect = t.Attempts.Suspect(cred.Remote)
	p, err := t.Chain.Authenticate(ctx, cred)
	switch {
	case t.Attempts.Blocked(cred.Remote):
		return nil, ErrBlocked
	case err == nil:
		t.Attempts.Clear(cred.Remote)
		return p, nil
	case refused(err) && t.Attempts.Fail(cred.Remote):
		return nil, fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	return nil, err
}

// refused reports whether a login failed because of what the client said, and
// not because a source of accounts is down or time is over.
func refused(err error) bool {
	return errors.Is(err, ErrLogon) || IsAccountState(err) || errors.Is(err, ErrAnonymousNotAllowed) ||
		errors.Is(err, ErrNoMethod) || errors.Is(err, ErrAbsent)
}
