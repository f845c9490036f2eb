package access

import (
	"github.com/ftphost/ftphost/pkg/auth"
)

// ruleset is the rules of one level, found by whom they name, so that a
// decision costs the same with ten rules as with ten thousand. The rules a
// level inherits are in up.
type ruleset struct {
	up    *ruleset
	level *Level

	everybody grants
	anonymous grants
	users     map[string]grants // by auth.Fold
	roles     map[string]grants
	// denies are the permissions that some rule here or above denies: when
	// there is none, the first allow is enough.
	denies Permission
}

// grants are the first rules that name one subject, by permission. The places
// are counted from 1 in file order; 0 is none.
type grants struct {
	allow, deny [permissions]int
}

// permissions is how many permissions there are; index gives each its place.
const permissions = 2

func index(perm Permission) int {
	if perm == Write {
		return 1
	}
	return 0
}

func newRuleset(l *Level, up *ruleset) *ruleset {
	s := &ruleset{up: up, level: l, users: map[string]grants{}, roles: map[string]grants{}}
	if up != nil {
		s.denies = up.denies
	}
	for i := range l.Rules {
		r, place := &l.Rules[i], i+1
		for _, name := range r.Users {
			switch name {
			case Everybody:
				s.everybody.add(r, place)
			case AnonymousUsers:
				s.anonymous.add(r, place)
			default:
				addTo(s.users, name, r, place)
			}
		}
		for _, name := range r.Roles {
			addTo(s.roles, name, r, place)
		}
		if r.Deny {
			s.denies |= r.Permissions
		}
	}
	return s
}

func addTo(m map[string]grants, name string, r *Rule, place int) {
	if name == "" {
		return
	}
	key := auth.Fold(name)
	g := m[key]
	g.add(r, place)
	m[key] = g
}

// add notes r unless an earlier rule says the same.
func (g *grants) add(r *Rule, place int) {
	to := &g.allow
	if r.Deny {
		to = &g.deny
	}
	for _, perm := range [...]Permission{Read, Write} {
		if i := index(perm); r.Permissions&perm != 0 && to[i] == 0 {
			to[i] = place
		}
	}
}

// claims is what of a principal a rule can name.
type claims struct {
	known     bool // false matches nothing
	anonymous bool
	users     []string
	groups    []string
}

func claimsOf(p *auth.Principal) claims {
	if p == nil {
		return claims{}
	}
	if p.Anonymous() {
		return claims{known: true, anonymous: true}
	}
	return claims{known: true, users: p.UserKeys(), groups: p.GroupKeys()}
}

// match returns the first rules of this level alone that name c.
func (s *ruleset) match(c claims, perm Permission) (allow, deny int) {
	if !c.known {
		return 0, 0
	}
	i := index(perm)
	allow, deny = s.everybody.allow[i], s.everybody.deny[i]
	take := func(g *grants) {
		allow, deny = first(allow, g.allow[i]), first(deny, g.deny[i])
	}
	if c.anonymous {
		take(&s.anonymous)
		return allow, deny
	}
	if len(s.users) > 0 {
		for _, key := range c.users {
			g := s.users[key]
			take(&g)
		}
	}
	if len(s.roles) > 0 {
		for _, key := range c.groups {
			g := s.roles[key]
			take(&g)
		}
	}
	return allow, deny
}

// first returns the earlier of two places, 0 being none.
func first(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// rule returns the rule at a place of match.
func (s *ruleset) rule(place int) *Rule { return &s.level.Rules[place-1] }

// order decides for one permission by the rules of a level and those it
// inherits; nil rules grant nothing.
type order func(rules *ruleset, c claims, perm Permission) Decision

// denyFirst is the order ftphost decides by: any Deny that matches refuses,
// otherwise any Allow that matches grants, otherwise nothing does; the places
// of the rules do not count. IIS's own order is documented contradictorily.
// This one follows both help texts to the letter ("a user denied by one rule
// cannot be granted access by another", "a Deny rule takes precedence over all
// other rules"), is that of IIS URL authorization, and never grants what one
// of the other readings would refuse. Another order takes its place here and
// in Tree.Decide.
func denyFirst(rules *ruleset, c claims, perm Permission) Decision {
	var granted *Rule
	for s := rules; s != nil; s = s.up {
		if granted != nil && s.denies&perm == 0 {
			break
		}
		allow, deny := s.match(c, perm)
		if deny != 0 {
			return Decision{Rule: s.rule(deny)}
		}
		if allow != 0 && granted == nil {
			granted = s.rule(allow)
		}
	}
	return Decision{Allowed: granted != nil, Rule: granted}
}
