package auth

import (
	"slices"
	"strings"
)

// anonymousName is how an anonymous principal is called where a name must be
// shown.
const anonymousName = "anonymous"

// builtinDomain qualifies the groups every Windows computer has; rules may
// leave it out or write it.
const builtinDomain = "BUILTIN"

// IsAnonymousName reports whether user is one of the two names that IIS takes
// for an anonymous login, in any case.
func IsAnonymousName(user string) bool {
	return strings.EqualFold(user, anonymousName) || strings.EqualFold(user, "ftp")
}

// Principal is who a session acts for: an account with its groups, or
// anonymous. It is fixed once built and safe for concurrent use.
type Principal struct {
	anonymous bool
	domain    string
	name      string
	qualified string
	home      string
	osUser    *OSUser
	userKeys  []string
	groupKeys []string
	renew     func() (*Principal, error)
}

// NewPrincipal returns the principal of an account. The name is the account's
// own spelling, domain is the computer or domain that knows it (may be empty),
// and groups are its groups, bare or as DOMAIN\group.
func NewPrincipal(domain, name string, groups []string) *Principal {
	p := &Principal{domain: domain, name: name, qualified: name, userKeys: spellings(domain, name)}
	if domain != "" {
		p.qualified = domain + `\` + name
	}
	for _, g := range groups {
		p.groupKeys = append(p.groupKeys, groupSpellings(domain, g)...)
	}
	slices.Sort(p.groupKeys)
	p.groupKeys = slices.Compact(p.groupKeys)
	return p
}

// Anonymous returns the principal of an anonymous login. It has no user and
// no group keys: only rules for everybody ("*") and for anonymous ("?") reach
// it, never a rule that names IUSR or anonymous.
func Anonymous() *Principal {
	return &Principal{anonymous: true, name: anonymousName, qualified: anonymousName}
}

// Anonymous reports whether p is an anonymous login.
func (p *Principal) Anonymous() bool { return p.anonymous }

// Name returns the account's name in its own spelling, without the domain.
func (p *Principal) Name() string { return p.name }

// Domain returns the computer or domain that knows the account, or "".
func (p *Principal) Domain() string { return p.domain }

// QualifiedName returns DOMAIN\name, the form of the log, or the bare name
// when there is no domain.
func (p *Principal) QualifiedName() string { return p.qualified }

// WithRenewal returns p with a function that finds its account again, as it is
// then.
func (p *Principal) WithRenewal(again func() (*Principal, error)) *Principal {
	with := *p
	with.renew = again
	return &with
}

// Renewed returns p as its account is now, or why it could not log in any more.
// An account whose source would have to be asked over the network stays as it
// is.
func (p *Principal) Renewed() (*Principal, error) {
	if p.renew == nil {
		return p, nil
	}
	now, err := p.renew()
	if err != nil || p.osUser == nil {
		return now, err
	}
	return now.WithOSUser(p.osUser), nil
}

// WithHome returns p with the home attribute of its account: the folder that
// the source of accounts names for it, as a physical path.
func (p *Principal) WithHome(home string) *Principal {
	with := *p
	with.home = home
	return &with
}

// Home returns the home attribute of the account, or "" when it has none.
func (p *Principal) Home() string { return p.home }

// WithOSUser returns p with the user of the operating system whose rights count
// for its files.
func (p *Principal) WithOSUser(u *OSUser) *Principal {
	with := *p
	with.osUser = u
	return &with
}

// OSUser returns the user of the operating system that the account is, or nil
// when its files are accessed with the rights of the server, as those of nobody
// (a nil p) are. It is shared and must not be changed.
func (p *Principal) OSUser() *OSUser {
	if p == nil {
		return nil
	}
	return p.osUser
}

// UserKeys returns the folded spellings by which a rule may name the account:
// name, domain\name and name@domain. The slice is shared and must not be
// changed.
func (p *Principal) UserKeys() []string { return p.userKeys }

// GroupKeys returns the folded spellings by which a rule may name the
// account's groups: bare and qualified, BUILTIN\ and the computer's name being
// optional. The slice is sorted, shared and must not be changed.
func (p *Principal) GroupKeys() []string { return p.groupKeys }

// spellings are the folded forms of one name in one domain.
func spellings(domain, name string) []string {
	name = Fold(name)
	if domain == "" {
		return []string{name}
	}
	domain = Fold(domain)
	return []string{name, domain + `\` + name, name + "@" + domain}
}

// groupSpellings are the folded forms of one group. A group of the principal's
// own domain, of BUILTIN or of neither may be written with either prefix or
// with none; one of another domain keeps its own.
func groupSpellings(domain, group string) []string {
	own, name, qualified := strings.Cut(group, `\`)
	if !qualified {
		own, name = domain, group
	}
	if Fold(own) != Fold(domain) && Fold(own) != Fold(builtinDomain) {
		return spellings(own, name)
	}
	return append(spellings(domain, name), Fold(builtinDomain)+`\`+Fold(name))
}
