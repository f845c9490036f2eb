package ldap

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

const (
	// mostGroups bounds what is read for one account. Whoever has more is
	// refused: a group that was left out may be the one a rule denies.
	mostGroups = 1000
	// groupsAtOnce is how many groups one search asks for.
	groupsAtOnce = 20
)

// ancestry collects the groups of an account, each once, so that groups that
// contain each other come to an end.
type ancestry struct {
	seen  map[string]bool
	names []string
}

// add notes a group and reports whether it is new.
func (a *ancestry) add(dn, name string) bool {
	key := strings.ToLower(dn)
	if a.seen[key] {
		return false
	}
	a.seen[key] = true
	a.names = append(a.names, plainName(name))
	return true
}

// plainName takes the signs out of a group's name that would make it one of
// another domain.
func plainName(name string) string { return strings.NewReplacer(`\`, "_", "@", "_").Replace(name) }

// groups are the names of the groups an account belongs to.
func (p *Provider) groups(ctx context.Context, name userName, a *account) ([]string, error) {
	found := &ancestry{seen: map[string]bool{strings.ToLower(a.dn): true}}
	var err error
	if p.settings.Groups.Attribute != "" {
		var values []string
		if values, err = p.listOf(a.entry); err == nil {
			err = p.listed(ctx, values, found)
		}
	} else {
		err = p.searched(ctx, name, a, found)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the groups of %q: %w", a.dn, err)
	}
	return found.names, nil
}

// searched finds groups by filter, level by level.
func (p *Provider) searched(ctx context.Context, name userName, a *account, found *ancestry) error {
	filter := expand(p.settings.Groups.Filter, name.user, name.upn, a.dn)
	if sid, ok := primaryGroup(a.entry); ok && p.settings.Groups.Primary {
		filter = "(|" + filter + "(" + attrSID + "=" + ldap.EscapeFilter(sid) + "))"
	}
	level, err := p.groupsBy(ctx, filter, found)
	for err == nil && p.settings.Groups.Nested && len(level) > 0 {
		var next []string
		for part := range slices.Chunk(level, groupsAtOnce) {
			var more []string
			more, err = p.groupsBy(ctx, p.containing(part), found)
			if err != nil {
				break
			}
			next = append(next, more...)
		}
		level = next
	}
	return err
}

// containing is the filter for the groups that contain one of these. A filter
// with {user} must not find those of an account that is called like a group.
func (p *Provider) containing(groups []string) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, dn := range groups {
		b.WriteString(expand(p.settings.Groups.Filter, dn, dn, dn))
	}
	b.WriteString(")")
	return b.String()
}

// groupsBy notes the groups that a filter finds and returns the new ones.
func (p *Provider) groupsBy(ctx context.Context, filter string, found *ancestry) ([]string, error) {
	entries, err := p.search(ctx, &ldap.SearchRequest{
		BaseDN: p.settings.Groups.BaseDN, Scope: ldap.ScopeWholeSubtree, SizeLimit: mostGroups,
		Filter: filter, Attributes: []string{p.settings.Groups.NameAttribute},
	})
	if err != nil {
		return nil, err
	}
	var fresh []string
	for _, e := range entries {
		name := e.GetEqualFoldAttributeValue(p.settings.Groups.NameAttribute)
		if name == "" {
			name = firstValue(e.DN)
		}
		if found.add(e.DN, name) {
			fresh = append(fresh, e.DN)
		}
	}
	return fresh, found.bounded()
}

func (a *ancestry) bounded() error {
	if len(a.names) > mostGroups {
		return tooMany()
	}
	return nil
}

func tooMany() error {
	return fmt.Errorf("there are more than %d, which are not all read", mostGroups)
}

// listed takes the groups that an attribute lists, and when they are to be
// followed those that the same attribute of theirs lists.
func (p *Provider) listed(ctx context.Context, values []string, found *ancestry) error {
	for len(values) > 0 {
		var next []string
		for _, value := range values {
			if _, err := ldap.ParseDN(value); err != nil || !strings.Contains(value, "=") {
				found.add(value, value) // a plain name
				continue
			}
			if found.seen[strings.ToLower(value)] {
				continue
			}
			name, above, err := p.group(ctx, value)
			if err != nil {
				return err
			}
			found.add(value, name)
			next = append(next, above...)
			if err := found.bounded(); err != nil {
				return err
			}
		}
		values = next
	}
	return found.bounded()
}

// group reads one group: its name, and its own groups when they count.
func (p *Provider) group(ctx context.Context, dn string) (name string, above []string, err error) {
	g := &p.settings.Groups
	if !g.Nested && strings.EqualFold(g.NameAttribute, "cn") {
		return firstValue(dn), nil, nil
	}
	entries, err := p.search(ctx, &ldap.SearchRequest{
		BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{g.NameAttribute, g.Attribute},
	})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) || err == nil && len(entries) == 0 {
		return firstValue(dn), nil, nil // the searching account may not read it; the name says enough
	}
	if err != nil {
		return "", nil, err
	}
	if name = entries[0].GetEqualFoldAttributeValue(g.NameAttribute); name == "" {
		name = firstValue(dn)
	}
	if g.Nested {
		above, err = p.listOf(entries[0])
	}
	return name, above, err
}

// listOf is the list of groups in an entry. Active Directory hands out long ones
// in parts, under a name such as memberOf;range=0-1499; they have more than
// are read.
func (p *Provider) listOf(e *ldap.Entry) ([]string, error) {
	attribute := p.settings.Groups.Attribute
	for _, a := range e.Attributes {
		if strings.HasPrefix(strings.ToLower(a.Name), strings.ToLower(attribute)+";range=") {
			return nil, tooMany()
		}
	}
	return e.GetEqualFoldAttributeValues(attribute), nil
}

// firstValue is the value of the first part of a name: Sales of
// CN=Sales,DC=example,DC=com.
func firstValue(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 || len(parsed.RDNs[0].Attributes) == 0 {
		return dn
	}
	return parsed.RDNs[0].Attributes[0].Value
}

// primaryGroup is the identifier of an account's first group: its own with the
// last number replaced.
func primaryGroup(e *ldap.Entry) (sid string, ok bool) {
	own := e.GetRawAttributeValue(attrSID)
	var number uint32
	if _, err := fmt.Sscanf(e.GetEqualFoldAttributeValue(attrPrimary), "%d", &number); err != nil || len(own) < 12 {
		return "", false
	}
	return string(binary.LittleEndian.AppendUint32(slices.Clone(own[:len(own)-4]), number)), true
}
