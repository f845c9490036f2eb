package compile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/ldap"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/auth/pam"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Types of account sources, as the schema numbers them.
const (
	sourceLocal = iota
	sourceLDAP
	sourceActiveDirectory
	sourcePAM
)

// Values that attributes of a directory have unless they are given.
const (
	userFilterLDAP = "(uid={user})"
	userFilterAD   = "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={user})(userPrincipalName={upn})))"
	userNameLDAP   = "uid"
	userNameAD     = "sAMAccountName"
	homeAD         = "msIIS-FTPRoot,msIIS-FTPDir"

	groupNameLDAP   = "cn"
	groupNameAD     = "sAMAccountName"
	groupFilterLDAP = "(|(member={dn})(uniqueMember={dn})(memberUid={user}))"
	groupFilterAD   = "(&(objectClass=group)(member={dn}))"
	// groupFilterADNested has the server follow the groups of groups, which
	// takes one search instead of one for each level.
	groupFilterADNested = "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))"
)

// readSources reads ftpHost/accounts/sources. A mistake in it is one of the
// whole file: it says who may log in.
func (c *compiler) readSources() {
	e := c.cfg.Section(sectionAccounts, "")
	var settings accountsSettings
	c.decode(e, &settings)
	if len(settings.Sources) == 0 {
		c.sources = []auth.Provider{c.localSource("")}
		return
	}
	var local *apphost.Element
	for i, entry := range e.Child("sources").Entries() {
		s := &settings.Sources[i]
		c.unusedAttributes(entry, s.Type)
		switch s.Type {
		case sourceLocal:
			if local != nil {
				c.errorf(entry.Pos(), sectionAccounts, "source %q: the local accounts are a source already, at %s", s.Name, local.Pos())
				continue
			}
			local = entry
			c.sources = append(c.sources, c.localSource(entry.Pos().String()))
		case sourceLDAP, sourceActiveDirectory:
			if p := c.directorySource(entry, s); p != nil {
				c.sources = append(c.sources, p)
			}
		case sourcePAM:
			if p := c.systemSource(entry, s); p != nil {
				c.sources = append(c.sources, p)
			}
		}
	}
}

func (c *compiler) localSource(origin string) auth.Provider {
	c.localAsked = true
	return c.osUsers.Provider(&local.Provider{
		Directory: c.parts.Accounts, Cache: c.parts.Verified,
		CacheLifetime: c.cache, Domain: c.parts.ComputerName, Origin: origin, Workers: c.parts.Workers,
	})
}

// unusedAttributes warns of attributes that say nothing about a source of this
// type.
func (c *compiler) unusedAttributes(entry *apphost.Element, kind int) {
	common, ofSystem := []string{"name", "type"}, []string{"service", "asOsUser", "timeout", "maxConnections"}
	for _, a := range entry.Schema().Attributes {
		used := slices.Contains(common, a.Name)
		switch kind {
		case sourceLDAP, sourceActiveDirectory:
			used = a.Name != "service" && a.Name != "asOsUser"
		case sourcePAM:
			used = used || slices.Contains(ofSystem, a.Name)
		}
		if v := entry.Attr(a.Name); v.Set && !used {
			c.warnf(v.Pos(), sectionAccounts, "source %q: %s has no effect on a source of type %s", entry.Attr("name").Text, a.Name, entry.Attr("type").Text)
		}
	}
}

// systemSource builds a source that asks PAM; nil when it is not one, which the
// findings say.
func (c *compiler) systemSource(entry *apphost.Element, s *sourceSettings) auth.Provider {
	settings := pam.Settings{
		Name: s.Name, Origin: entry.Pos().String(), Service: s.Service, Computer: c.parts.ComputerName, Timeout: s.Timeout, MaxConversations: int(s.MaxConnections),
		Verified: c.parts.Verified, VerifiedLifetime: c.cache, OnProblem: c.parts.OnSourceProblem,
	}
	if s.AsOSUser {
		settings.Admit = c.osUsers.Admit
	}
	p, err := pam.New(settings)
	switch {
	case errors.Is(err, pam.ErrNotInBuild):
		c.errorf(entry.Attr("type").Pos(), sectionAccounts, "source %q: %v", s.Name, err)
	case err != nil:
		c.errorf(c.blamed(entry, err), sectionAccounts, "source %q: %v", s.Name, err)
	default:
		if s.AsOSUser {
			c.doubtImpersonation(entry.Attr("type").Pos(), fmt.Sprintf("source %q", s.Name))
		}
		return p
	}
	return nil
}

// directorySource builds a source that asks a directory; nil when it is not
// one, which the findings say.
func (c *compiler) directorySource(entry *apphost.Element, s *sourceSettings) auth.Provider {
	before := c.problems.Errors()
	settings := ldap.Settings{
		Name: s.Name, Origin: entry.Pos().String(), StartTLS: s.StartTLS, BindDN: s.BindDN, BaseDN: s.BaseDN,
		Domain: s.Domain, UPNSuffixes: list(s.UPNSuffix), HomeAttributes: list(s.HomeAttribute),
		UserFilter: s.UserFilter, NameAttribute: s.NameAttribute,
		Groups: ldap.Groups{
			BaseDN: s.GroupBaseDN, Filter: s.GroupFilter, Attribute: s.GroupAttribute,
			NameAttribute: s.GroupNameAttribute, Nested: s.NestedGroups, Primary: s.Type == sourceActiveDirectory,
		},
		Timeout: s.Timeout, GroupLifetime: s.GroupCache, MaxConnections: int(s.MaxConnections),
		Verified: c.parts.Verified, VerifiedLifetime: c.cache, OnProblem: c.parts.OnSourceProblem,
	}
	usual(&settings, s.Type == sourceActiveDirectory)
	settings.Servers = c.servers(entry, s)
	settings.BindPassword = c.bindPassword(entry, s)
	settings.Roots = c.issuers(entry, s)
	if s.BaseDN == "" {
		c.errorf(entry.Pos(), sectionAccounts, "source %q: baseDn is missing: name the subtree that has the accounts, such as DC=example,DC=com", s.Name)
	}
	if c.problems.Errors() > before {
		return nil
	}
	p, err := ldap.New(settings)
	if err != nil {
		c.errorf(c.blamed(entry, err), sectionAccounts, "source %q: %v", s.Name, err)
		return nil
	}
	return c.osUsers.Provider(p)
}

// blamed is where the attribute stands that an error begins with.
func (c *compiler) blamed(entry *apphost.Element, err error) xmldoc.Pos {
	name, _, _ := strings.Cut(err.Error(), " ")
	for _, a := range entry.Schema().Attributes {
		if v := entry.Attr(a.Name); a.Name == name && v.Set {
			return v.Pos()
		}
	}
	return entry.Pos()
}

// usual fills what was left open with what directories of this kind have.
func usual(s *ldap.Settings, activeDirectory bool) {
	or := func(value *string, generic, ad string) {
		if *value == "" && activeDirectory {
			*value = ad
		} else if *value == "" {
			*value = generic
		}
	}
	followed := groupFilterAD
	if s.Groups.Nested && s.Groups.Filter == "" && s.Groups.Attribute == "" && activeDirectory {
		followed, s.Groups.Nested = groupFilterADNested, false
	}
	or(&s.UserFilter, userFilterLDAP, userFilterAD)
	or(&s.NameAttribute, userNameLDAP, userNameAD)
	or(&s.Groups.Filter, groupFilterLDAP, followed)
	or(&s.Groups.NameAttribute, groupNameLDAP, groupNameAD)
	if len(s.HomeAttributes) == 0 && activeDirectory {
		s.HomeAttributes = list(homeAD)
	}
}

// servers reads the addresses. Passwords go in clear text only where that was
// asked for in so many words.
func (c *compiler) servers(entry *apphost.Element, s *sourceSettings) []ldap.Server {
	pos := entry.Attr("urls").Pos()
	if strings.TrimSpace(s.URLs) == "" {
		c.errorf(entry.Pos(), sectionAccounts, "source %q: urls is missing: name the servers, such as ldaps://dc1.example.com", s.Name)
	}
	var servers []ldap.Server
	for text := range strings.FieldsFuncSeq(s.URLs, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }) {
		server, err := ldap.ParseServer(text)
		switch {
		case err != nil:
			c.errorf(pos, sectionAccounts, "source %q: %v", s.Name, err)
			continue
		case server.TLS && s.StartTLS:
			c.warnf(entry.Attr("startTls").Pos(), sectionAccounts, "source %q: startTls has no effect on %s, which is encrypted from the first byte", s.Name, server)
		case server.TLS || s.StartTLS:
		case s.AllowClearText:
			c.warnf(pos, sectionAccounts, "source %q: passwords go to %s in clear text, where everybody on the way reads them; use ldaps:// or startTls", s.Name, server)
		default:
			c.errorf(pos, sectionAccounts, `source %q: passwords would go to %s in clear text; use ldaps:// or startTls="true" (or, where nobody is on the way, allowClearText="true")`, s.Name, server)
		}
		servers = append(servers, server)
	}
	return servers
}
