package ldap

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// longestName is more than any directory has; Active Directory ends at 256.
const longestName = 256

// userName is a typed name, taken apart.
type userName struct {
	typed string // as typed; spellings are remembered apart
	user  string // without its domain
	upn   string // with a domain
}

// parseName takes a typed name apart: user, DOMAIN\user, DOMAIN/user or
// user@domain. It reports false when the domain belongs to another source. A
// source without a domain takes user@domain for a name that has this sign.
func (p *Provider) parseName(typed string) (userName, bool) {
	name := userName{typed: typed, user: typed}
	if !utf8.ValidString(typed) || len(typed) > longestName || strings.ContainsFunc(typed, unicode.IsControl) {
		return name, false
	}
	domain, user, qualified := cutAny(typed, `\/`)
	at := strings.LastIndexByte(typed, '@')
	switch {
	case qualified:
		if !p.isOurs(domain) {
			return name, false
		}
		name.user = user
	case at >= 0 && p.settings.Domain+strings.Join(p.settings.UPNSuffixes, "") != "":
		if !p.isOurs(typed[at+1:]) {
			return name, false
		}
		name.user, name.upn = typed[:at], typed
	}
	if name.upn == "" {
		name.upn = name.user
		if len(p.settings.UPNSuffixes) > 0 {
			name.upn += "@" + p.settings.UPNSuffixes[0]
		}
	}
	return name, name.user != ""
}

func cutAny(text, signs string) (before, after string, found bool) {
	if i := strings.IndexAny(text, signs); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, "", false
}

func (p *Provider) isOurs(domain string) bool {
	ours := append(slices.Clone(p.settings.UPNSuffixes), p.settings.Domain)
	return domain != "" && slices.ContainsFunc(ours, func(d string) bool { return strings.EqualFold(d, domain) })
}

// expand puts names into a filter. They cannot change what the filter means:
// all signs that mean something are escaped (RFC 4515 §3).
func expand(filter, user, upn, dn string) string {
	return strings.NewReplacer(
		"{user}", ldap.EscapeFilter(user), "{upn}", ldap.EscapeFilter(upn), "{dn}", ldap.EscapeFilter(dn),
	).Replace(filter)
}
