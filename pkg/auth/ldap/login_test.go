package ldap_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/ldap"
)

const (
	base     = "DC=harbour,DC=example"
	searcher = "CN=svc," + base
)

// people are the entries of the tests.
func people() []entry {
	user := func(dn, sam, password string, more ...string) entry {
		e := entry{dn, map[string][]string{"objectClass": {"user"}, "sAMAccountName": {sam}, "userPrincipalName": {strings.ToLower(sam) + "@harbour.example"}, "password": {password}}}
		for i := 0; i < len(more); i += 2 {
			e.attributes[more[i]] = append(e.attributes[more[i]], more[i+1])
		}
		return e
	}
	group := func(cn string, members ...string) entry {
		return entry{"CN=" + cn + ",OU=Groups," + base, map[string][]string{"objectClass": {"group"}, "cn": {cn}, "member": members}}
	}
	at := func(cn string) string { return "CN=" + cn + ",OU=Groups," + base }
	const sid = "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00aaaabbbbcccc"
	primary := group("Domain Users")
	primary.attributes["objectSid"] = []string{sid + "\x01\x02\x00\x00"}
	return []entry{
		{searcher, map[string][]string{"password": {"search!"}}},
		user("CN=Jo,OU=People,"+base, "Jo", "pw of jo", "msIIS-FTPRoot", `\\files\ftp`, "msIIS-FTPDir", "jo", "objectSid", sid+"\x50\x04\x00\x00", "primaryGroupID", "513"),
		user(`CN=Kim\, Lee (x),OU=People,`+base, "kim", "pw of kim", "msIIS-FTPDir", "kim", "memberOf", at("Sales"), "memberOf", "Plain name"),
		user("CN=Off,OU=People,"+base, "off", "pw of off", "userAccountControl", "514"),
		user("CN=Old,OU=People,"+base, "old", "pw of old", "accountExpires", "116444736010000000"),
		user("CN=Twin 1,OU=People,"+base, "twin", "pw of twin"),
		user("CN=Twin 2,OU=People,"+base, "twin", "pw of twin"),
		user("CN=Path,OU=People,"+base, `..\path`, "pw of path"),
		group("Sales", "CN=Jo,OU=People,"+base),
		group("Staff", at("Sales"), at("Everybody")),
		group("Everybody", at("Staff")), // a circle
		group(`OTHER\Admins`, "CN=Jo,OU=People,"+base),
		primary,
	}
}

// settings are those of a source that asks the directories.
func settings(t *testing.T, scheme string, directories ...*directory) ldap.Settings {
	t.Helper()
	s := ldap.Settings{
		Name: "ad", BindDN: searcher, BindPassword: func() (string, error) { return "search!", nil }, BaseDN: base,
		UserFilter: "(|(sAMAccountName={user})(userPrincipalName={upn}))", NameAttribute: "sAMAccountName",
		Groups: ldap.Groups{Filter: "(member={dn})", NameAttribute: "cn", Nested: true, Primary: true},
		Domain: "HARBOUR", UPNSuffixes: []string{"harbour.example"}, HomeAttributes: []string{"msIIS-FTPRoot", "msIIS-FTPDir"},
		Timeout: 5 * time.Second, GroupLifetime: time.Minute, MaxConnections: 4,
		Roots: func() (*x509.CertPool, error) { return directories[0].roots, nil },
	}
	for _, d := range directories {
		server, err := ldap.ParseServer(scheme + "://" + d.address)
		if err != nil {
			t.Fatal(err)
		}
		s.Servers = append(s.Servers, server)
	}
	return s
}

func provider(t *testing.T, s ldap.Settings) *ldap.Provider {
	t.Helper()
	p, err := ldap.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func logIn(t *testing.T, p *ldap.Provider, user, password string) (*auth.Principal, error) {
	t.Helper()
	principal, err := p.Authenticate(t.Context(), auth.Credentials{User: user, Password: password})
	if (err == nil) != (principal != nil) {
		t.Fatalf("%s: principal %v with error %v", user, principal, err)
	}
	if err != nil && (strings.Contains(err.Error(), password) && password != "" || strings.Contains(err.Error(), "search!")) {
		t.Errorf("%s: the error shows a password: %v", user, err)
	}
	return principal, err
}

func TestNames(t *testing.T) {
	p := provider(t, settings(t, "ldap", serveDirectory(t, false, people()...)))
	for _, c := range []struct {
		user, password string
		want           error
		qualified      string
	}{
		{"jo", "pw of jo", nil, `HARBOUR\Jo`},
		{`harbour\JO`, "pw of jo", nil, `HARBOUR\Jo`},
		{"HARBOUR/jo", "pw of jo", nil, `HARBOUR\Jo`},
		{"jo@Harbour.Example", "pw of jo", nil, `HARBOUR\Jo`},
		{"jo@harbour", "pw of jo", nil, `HARBOUR\Jo`},
		{`harbour.example\jo`, "pw of jo", nil, `HARBOUR\Jo`},
		{"kim", "pw of kim", nil, `HARBOUR\kim`}, // its DN has signs that mean something
		{`OTHER\jo`, "pw of jo", auth.ErrLogon, ""},
		{"jo@other.example", "pw of jo", auth.ErrLogon, ""},
		{`\jo`, "pw of jo", auth.ErrLogon, ""},
		{`HARBOUR\`, "pw of jo", auth.ErrLogon, ""},
		{"jo", "pw of kim", auth.ErrLogon, ""},
		{"jo", "", auth.ErrLogon, ""},
		{"nobody", "pw of jo", auth.ErrLogon, ""},
		{"nobody", "", auth.ErrLogon, ""},
		{"", "pw of jo", auth.ErrLogon, ""},
		{"*", "pw of jo", auth.ErrLogon, ""},
		{"jo)(sAMAccountName=*", "pw of jo", auth.ErrLogon, ""},
		{"j*", "pw of jo", auth.ErrLogon, ""},
		{"jo\x00", "pw of jo", auth.ErrLogon, ""},
		{"jo\xff", "pw of jo", auth.ErrLogon, ""},
		{strings.Repeat("jo", 200), "pw of jo", auth.ErrLogon, ""},
		{"off", "pw of off", auth.ErrAccountDisabled, ""},
		{"off", "mistaken", auth.ErrLogon, ""},
		{"old", "pw of old", auth.ErrAccountExpired, ""},
		{"twin", "pw of twin", auth.ErrProvider, ""},
		{`..`, "pw of path", auth.ErrLogon, ""},
		{"path@harbour", "pw of path", auth.ErrLogon, ""},
	} {
		principal, err := logIn(t, p, c.user, c.password)
		if !errors.Is(err, c.want) || err == nil && principal.QualifiedName() != c.qualified {
			t.Errorf("%q: %v, %v, want %q, %v", c.user, principal, err, c.qualified, c.want)
		}
	}
}

// No name and no password reach a directory that are not sent as they are.
func TestNothingIsAskedForEmptyPasswordsAndOtherDomains(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	p := provider(t, settings(t, "ldap", d))
	for _, c := range [][2]string{{"jo", ""}, {`OTHER\jo`, "x"}, {"jo@other.example", "x"}, {"jo\n", "x"}} {
		if _, err := logIn(t, p, c[0], c[1]); !errors.Is(err, auth.ErrLogon) {
			t.Errorf("%q: %v", c[0], err)
		}
	}
	if asked := d.asked(); len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
}

// An unknown name and a wrong password take the same requests.
func TestUnknownNamesCostWhatWrongPasswordsCost(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	p := provider(t, settings(t, "ldap", d))
	kinds := func(user string) (kinds []string) {
		if _, err := logIn(t, p, user, "mistaken"); !errors.Is(err, auth.ErrLogon) {
			t.Errorf("%s: %v", user, err)
		}
		for _, request := range d.asked() {
			if request != "bind "+searcher {
				kind, _, _ := strings.Cut(request, " ")
				kinds = append(kinds, kind)
			}
		}
		return kinds
	}
	want := []string{"search", "bind"}
	for _, user := range []string{"jo", "nobody", "jo", "nobody"} {
		if got := kinds(user); !slices.Equal(got, want) {
			t.Errorf("%s: requests %q, want %q", user, got, want)
		}
	}
}

func TestStatesOfActiveDirectory(t *testing.T) {
	const words = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data "
	for code, want := range map[string]error{
		"525": auth.ErrLogon, "52e": auth.ErrLogon, "530": auth.ErrLogonHours, "531": auth.ErrWorkstation, "532": auth.ErrPasswordExpired,
		"533": auth.ErrAccountDisabled, "701": auth.ErrAccountExpired, "773": auth.ErrPasswordMustChange, "775": auth.ErrAccountLocked, "": auth.ErrLogon,
	} {
		entries := append(people(), entry{"CN=Ann," + base, map[string][]string{"sAMAccountName": {"ann"}, "refuse": {words + code + ", v4563"}}})
		p := provider(t, settings(t, "ldap", serveDirectory(t, false, entries...)))
		if _, err := logIn(t, p, "ann", "mistaken"); !errors.Is(err, want) {
			t.Errorf("data %s: %v, want %v", code, err, want)
		}
	}
}

func TestGroupsAndHome(t *testing.T) {
	member := func(p *auth.Principal) (has []string) {
		for _, g := range []string{"sales", "staff", "everybody", "domain users", `other\admins`, "other_admins", `harbour\sales`, "plain name"} {
			if slices.Contains(p.GroupKeys(), g) {
				has = append(has, g)
			}
		}
		return has
	}
	for _, c := range []struct {
		name   string
		change func(*ldap.Settings)
		user   string
		groups []string
		home   string
	}{
		{"nested by filter", func(*ldap.Settings) {}, "jo", []string{"sales", "staff", "everybody", "domain users", "other_admins", `harbour\sales`}, `\\files\ftp\jo`},
		{"not nested", func(s *ldap.Settings) { s.Groups.Nested = false }, "jo", []string{"sales", "domain users", "other_admins", `harbour\sales`}, `\\files\ftp\jo`},
		{"nested by the server", func(s *ldap.Settings) {
			s.Groups.Nested, s.Groups.Primary, s.Groups.Filter = false, false, "(member:1.2.840.113556.1.4.1941:={dn})"
		}, "jo", []string{"sales", "staff", "everybody", "other_admins", `harbour\sales`}, `\\files\ftp\jo`},
		{"by attribute", func(s *ldap.Settings) { s.Groups.Attribute = "memberOf" }, "kim", []string{"sales", `harbour\sales`, "plain name"}, ""},
		{"none", func(*ldap.Settings) {}, "kim", nil, ""},
		{"one attribute for the home", func(s *ldap.Settings) { s.HomeAttributes = []string{"msIIS-FTPDir"} }, "kim", nil, "kim"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := settings(t, "ldap", serveDirectory(t, false, people()...))
			c.change(&s)
			p, err := logIn(t, provider(t, s), c.user, "pw of "+c.user)
			if err != nil {
				t.Fatal(err)
			}
			if got := member(p); !slices.Equal(got, c.groups) || p.Home() != c.home {
				t.Errorf("groups %q, home %q, want %q, %q", got, p.Home(), c.groups, c.home)
			}
		})
	}
}

// Active Directory hands out a long list in parts.
func TestGroupsInParts(t *testing.T) {
	entries := people()
	for _, e := range entries {
		if values := e.attributes["memberOf"]; values != nil {
			e.attributes["memberOf;range=0-1499"] = values
			delete(e.attributes, "memberOf")
		}
	}
	s := settings(t, "ldap", serveDirectory(t, false, entries...))
	s.Groups.Attribute = "memberOf"
	if _, err := logIn(t, provider(t, s), "kim", "pw of kim"); !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("%v", err)
	}
}

// Whoever is in more groups than are read is refused: one of the others may be
// the one that is denied.
func TestTooManyGroups(t *testing.T) {
	entries := people()
	for i := range 1100 {
		name := fmt.Sprintf("CN=G%d", i)
		entries = append(entries, entry{name + "," + base, map[string][]string{"cn": {name}, "member": {"CN=Jo,OU=People," + base}}})
	}
	p := provider(t, settings(t, "ldap", serveDirectory(t, false, entries...)))
	if _, err := logIn(t, p, "jo", "pw of jo"); !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("%v", err)
	}
}

func TestRememberedLogins(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	s := settings(t, "ldap", d)
	s.Verified, s.VerifiedLifetime = auth.NewVerifyCache(10), time.Minute
	p := provider(t, s)
	for range 2 {
		if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
			t.Fatal(err)
		}
	}
	first := len(d.asked())
	d.stop()
	if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
		t.Errorf("the server is down, the login remembered: %v", err)
	}
	if _, err := logIn(t, p, "jo", "mistaken"); !errors.Is(err, auth.ErrProvider) {
		t.Errorf("the server is down, another password: %v", err)
	}
	if _, err := logIn(t, p, "kim", "pw of kim"); !errors.Is(err, auth.ErrProvider) {
		t.Errorf("the server is down, nobody remembered: %v", err)
	}
	if first > 8 {
		t.Errorf("%d requests for two logins", first)
	}
}

// A remembered password does not keep in who was disabled since.
func TestRememberedLoginsSeeTheStateOfAccounts(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	s := settings(t, "ldap", d)
	s.Verified, s.VerifiedLifetime, s.GroupLifetime = auth.NewVerifyCache(10), time.Minute, 0
	p := provider(t, s)
	if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
		t.Fatal(err)
	}
	d.asked()
	d.change("jo", "userAccountControl", "514")
	if _, err := logIn(t, p, "jo", "pw of jo"); !errors.Is(err, auth.ErrAccountDisabled) {
		t.Errorf("disabled since: %v", err)
	}
	d.change("jo", "userAccountControl", "512")
	d.change("jo", "password", "another")
	if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
		t.Errorf("enabled again, with the password as remembered: %v", err)
	}
	for _, request := range d.asked() {
		if strings.HasPrefix(request, "bind CN=Jo") {
			t.Errorf("a remembered password was proved again: %s", request)
		}
	}
	d.change("jo", "sAMAccountName", "joan")
	d.change("jo", "userPrincipalName", "joan")
	if _, err := logIn(t, p, "jo", "pw of jo"); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("gone since: %v", err)
	}
}

func TestManyLoginsAtOnce(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	s := settings(t, "ldap", d)
	p := provider(t, s)
	var logins sync.WaitGroup
	for i := range 60 {
		logins.Go(func() {
			password := "pw of jo"
			if i%3 == 0 {
				password = "mistaken"
			}
			_, err := p.Authenticate(t.Context(), auth.Credentials{User: "jo", Password: password})
			if (err == nil) != (i%3 != 0) {
				t.Errorf("login %d: %v", i, err)
			}
		})
	}
	logins.Wait()
	if n := d.connections(); n > 2*s.MaxConnections {
		t.Errorf("%d connections for 60 logins; %d for each purpose are enough", n, s.MaxConnections)
	}
}
