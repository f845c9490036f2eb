package local

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Provider answers logins from a Directory. It is safe for concurrent use and
// must not be copied or changed after its first use.
type Provider struct {
	// Directory returns the accounts as they are now; it is asked once per
	// login.
	Directory func() *Directory
	// Cache remembers successful logins; nil remembers nothing.
	Cache *auth.VerifyCache
	// CacheLifetime is how long; 0 means not at all.
	CacheLifetime time.Duration
	// Domain is the computer's name, which qualifies every account.
	Domain string
	// Origin is where the configuration names the source, see auth.Source.
	Origin string
	// Workers bounds the hashing; nil gives the provider one of its own.
	Workers *Workers

	once  sync.Once
	decoy *hash
}

// Authenticate returns the principal of the account, in the account's own
// spelling, or auth.ErrLogon, auth.ErrAccountDisabled or the error of ctx. An
// unknown name takes as long as a wrong password.
func (p *Provider) Authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	p.once.Do(p.prepare)
	e := p.Directory().find(p.Domain, c.User)
	ok, err := p.verify(ctx, e, c)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, auth.ErrLogon
	case !e.user.Enabled:
		return nil, auth.ErrAccountDisabled
	}
	return e.in(p.Domain, p.Directory), nil
}

// Find returns the principal of a name as if the password were right.
func (p *Provider) Find(_ context.Context, user string) (*auth.Principal, error) {
	return find(p.Directory, p.Domain, user)
}

// find returns the principal of a name, or why it could not log in.
func find(directory func() *Directory, domain, user string) (*auth.Principal, error) {
	e := directory().find(domain, user)
	switch {
	case e == nil:
		return nil, auth.ErrLogon
	case !e.user.Enabled:
		return nil, auth.ErrAccountDisabled
	}
	return e.in(domain, directory), nil
}

// Source is the provider as people see it.
func (p *Provider) Source() auth.Source {
	return auth.Source{Name: "local accounts", Origin: p.Origin}
}

// prepare makes the hash that is verified for nobody; its salt need not be
// secret, because its result is thrown away.
func (p *Provider) prepare() {
	p.decoy = &hash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, saltSize), key: make([]byte, keySize)}
	if p.Workers == nil {
		p.Workers = NewWorkers(0)
	}
}

// verify checks the password of e, or spends the time of it when there is no
// such account, no usable hash, or no password.
func (p *Provider) verify(ctx context.Context, e *entry, c auth.Credentials) (bool, error) {
	h, known := p.decoy, false
	if e != nil && e.hash != nil && c.Password != "" {
		h, known = e.hash, true
	}
	var err error
	check := func() (ok bool) {
		err = p.Workers.do(ctx, c.Suspect, func() { ok = h.verify(c.Password) })
		return ok && known
	}
	if !known {
		return check(), err
	}
	ok := p.Cache.Verify(e.user.Hash, c.Password, p.CacheLifetime, check)
	return ok, err
}

// find returns the account of a typed name: user, COMPUTER\user, COMPUTER/user
// or user@computer, where the computer is domain, "." or localhost; nil when
// there is none.
func (d *Directory) find(domain, typed string) *entry {
	if i := strings.IndexAny(typed, `\/`); i >= 0 {
		if !isComputer(typed[:i], domain) {
			return nil
		}
		return d.entries[auth.Fold(typed[i+1:])]
	}
	if i := strings.LastIndexByte(typed, '@'); i >= 0 {
		if !isComputer(typed[i+1:], domain) {
			return nil
		}
		typed = typed[:i]
	}
	return d.entries[auth.Fold(typed)]
}

func isComputer(typed, domain string) bool {
	switch {
	case typed == ".", strings.EqualFold(typed, "localhost"):
		return true
	default:
		return typed != "" && strings.EqualFold(typed, domain)
	}
}
