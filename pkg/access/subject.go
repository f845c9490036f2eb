package access

import (
	"strings"

	"github.com/ftphost/ftphost/pkg/auth"
)

// subject is one of those a rule names; the zero value is nobody.
type subject struct {
	name  string // as written
	group bool
}

func subjects(r *Rule) []subject {
	all := make([]subject, 0, len(r.Users)+len(r.Roles))
	for _, name := range r.Users {
		all = append(all, subject{name: name})
	}
	for _, name := range r.Roles {
		all = append(all, subject{name: name, group: true})
	}
	return all
}

// named reports whether s is one account or group.
func (s subject) named() bool {
	return s.name != "" && (s.group || s.name != Everybody && s.name != AnonymousUsers)
}

// meets reports whether one principal can be both: two accounts cannot, and
// anonymous is in no group.
func (s subject) meets(other subject) bool {
	if !s.group && s.name == AnonymousUsers || s == other {
		return false
	}
	return s.group || other.group || !s.named()
}

// claims returns those of a principal that is s and other.
func (s subject) claims(other subject) claims {
	c := claims{known: true, anonymous: !s.group && s.name == AnonymousUsers}
	for _, one := range [...]subject{s, other} {
		switch {
		case !one.named():
		case one.group:
			c.groups = append(c.groups, auth.NewPrincipal("", "", []string{one.name}).GroupKeys()...)
		default:
			domain, name := splitAccount(one.name)
			c.users = append(c.users, auth.NewPrincipal(domain, name, nil).UserKeys()...)
		}
	}
	return c
}

// splitAccount takes DOMAIN\name and name@domain apart.
func splitAccount(account string) (domain, name string) {
	if domain, name, ok := strings.Cut(account, `\`); ok {
		return domain, name
	}
	if i := strings.LastIndexByte(account, '@'); i > 0 {
		return account[i+1:], account[:i]
	}
	return "", account
}

// describe says in words who s and other are together.
func (s subject) describe(other subject) string {
	if s.named() && !s.group && other.group {
		return s.words() + " as a member of " + other.name
	}
	if s.group && other.name != "" && !other.group {
		return other.words() + " as a member of " + s.name
	}
	if other.name != "" && !s.named() {
		return other.words()
	}
	if other.name != "" {
		return s.words() + " that are also in " + other.name
	}
	return s.words()
}

func (s subject) words() string {
	switch {
	case s.group:
		return "members of " + s.name
	case s.name == Everybody:
		return "everybody"
	case s.name == AnonymousUsers:
		return "anonymous users"
	}
	return "user " + s.name
}
