// Package ldap answers logins from directory servers: Active Directory and
// others that speak LDAP. It looks an account up, proves the password by a bind
// as that account, and reads the account's groups and home.
package ldap

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Settings describe one source of accounts.
type Settings struct {
	// Name is how the log calls the source, and Origin where the configuration
	// names it, see auth.Source.
	Name, Origin string
	// Servers are asked in order, the next when one does not answer.
	Servers []Server
	// StartTLS encrypts connections of ldap addresses before anything is said.
	StartTLS bool
	// Roots returns who may have issued the certificates of the servers; a nil
	// function or pool means those that this machine trusts.
	Roots func() (*x509.CertPool, error)
	// BindDN is the account that searches; "" searches anonymously.
	BindDN string
	// BindPassword returns the password of BindDN.
	BindPassword func() (string, error)
	// BaseDN is the subtree that has the accounts.
	BaseDN string
	// UserFilter finds an account by {user}, the name without its domain, and
	// {upn}, the name with one.
	UserFilter string
	// NameAttribute is the account's own spelling.
	NameAttribute string
	// Groups say how the groups of an account are found.
	Groups Groups
	// Domain is the NetBIOS name in DOMAIN\user; "" when there is none.
	Domain string
	// UPNSuffixes are the domains in user@domain.
	UPNSuffixes []string
	// HomeAttributes, joined with a backslash, are the account's home.
	HomeAttributes []string
	// Timeout is how long a login may take here.
	Timeout time.Duration
	// GroupLifetime is how long groups and home are remembered.
	GroupLifetime time.Duration
	// MaxConnections bounds the connections in use at once. As many to each
	// server are kept for searching, and as many for proving passwords.
	MaxConnections int
	// Verified remembers successful logins for VerifiedLifetime; nil remembers
	// nothing.
	Verified         *auth.VerifyCache
	VerifiedLifetime time.Duration
	// OnProblem hears of each login that the source could not answer; nil is
	// allowed.
	OnProblem func(error)
}

// Groups say how the groups of an account are found.
type Groups struct {
	// BaseDN is the subtree that has them; "" is that of the accounts.
	BaseDN string
	// Filter finds the groups of {dn} or {user}.
	Filter string
	// Attribute of the account lists its groups; "" searches with Filter.
	Attribute string
	// NameAttribute is the group's name.
	NameAttribute string
	// Nested follows the groups of groups.
	Nested bool
	// Primary adds the group that Active Directory knows by number only.
	Primary bool
}

// Provider answers logins from the servers of one source. It is safe for
// concurrent use.
type Provider struct {
	settings   Settings
	base       *ldap.DN
	pool       *pool
	remembered *memory
	// identity keeps remembered logins of one source from another's.
	identity string
}

// New returns the provider of these settings, or an error that says what is
// wrong with them. It connects to nobody.
func New(s Settings) (*Provider, error) {
	base, err := ldap.ParseDN(s.BaseDN)
	if err != nil || len(base.RDNs) == 0 {
		return nil, fmt.Errorf(`baseDn "%s" is not a distinguished name such as DC=example,DC=com`, s.BaseDN)
	}
	// Active Directory also takes user@domain and DOMAIN\user for a bind.
	if _, err := ldap.ParseDN(s.BindDN); err != nil && !strings.ContainsAny(s.BindDN, `@\`) {
		return nil, fmt.Errorf(`bindDn "%s" is not a distinguished name, and not user@domain`, s.BindDN)
	}
	if _, err := ldap.ParseDN(s.Groups.BaseDN); err != nil {
		return nil, fmt.Errorf(`groupBaseDn "%s" is not a distinguished name`, s.Groups.BaseDN)
	}
	if err := checkFilters(&s); err != nil {
		return nil, err
	}
	if s.Groups.BaseDN == "" {
		s.Groups.BaseDN = s.BaseDN
	}
	return &Provider{
		settings: s, base: base, pool: newPool(&s),
		remembered: newMemory(mostRemembered, s.GroupLifetime), identity: identityOf(&s),
	}, nil
}

// Close ends the connections that are kept, and keeps no more. Logins that are
// under way end as they would have, and so do later ones, each with connections
// of its own. A provider that is dropped without Close has no connection either,
// 30 seconds after its last login. The error is always nil.
func (p *Provider) Close() error {
	p.pool.close()
	return nil
}

// mostRemembered bounds the accounts whose groups are remembered.
const mostRemembered = 10000

// identityOf is a text that no source with other servers or another filter has.
func identityOf(s *Settings) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", s.Name, s.Servers, s.BaseDN, s.UserFilter, s.NameAttribute))
	return fmt.Sprintf("ldap %x", sum)
}

// checkFilters makes sure that filters are ones, and that each account has its
// own answer.
func checkFilters(s *Settings) error {
	if !strings.Contains(s.UserFilter, "{user}") && !strings.Contains(s.UserFilter, "{upn}") {
		return fmt.Errorf(`userFilter "%s" says nowhere {user} or {upn}, so it would find the same account for every name`, s.UserFilter)
	}
	if s.Groups.Attribute == "" && !strings.Contains(s.Groups.Filter, "{dn}") && !strings.Contains(s.Groups.Filter, "{user}") {
		return fmt.Errorf(`groupFilter "%s" says nowhere {dn} or {user}, so it would find the same groups for every account`, s.Groups.Filter)
	}
	for _, f := range [...]struct{ name, filter string }{{"userFilter", s.UserFilter}, {"groupFilter", s.Groups.Filter}} {
		if f.filter == "" {
			continue
		}
		if _, err := ldap.CompileFilter(expand(f.filter, "u", "u", "dc=x")); err != nil {
			return fmt.Errorf(`%s "%s" is not an LDAP filter: %w`, f.name, f.filter, err)
		}
	}
	return nil
}
