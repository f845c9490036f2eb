package ldap_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/ldap"
)

func TestEncryption(t *testing.T) {
	implicit := serveDirectory(t, true, people()...)
	plain := serveDirectory(t, false, people()...)
	for _, c := range []struct {
		name, scheme string
		d            *directory
		change       func(*ldap.Settings)
		want         string
	}{
		{"ldaps", "ldaps", implicit, func(*ldap.Settings) {}, ""},
		{"StartTLS", "ldap", plain, func(s *ldap.Settings) { s.StartTLS = true }, ""},
		{"ldaps, issuer of another", "ldaps", implicit, func(s *ldap.Settings) { s.Roots = func() (*x509.CertPool, error) { return plain.roots, nil } }, "certificate signed by unknown authority"},
		{"ldaps, issuers of the machine", "ldaps", implicit, func(s *ldap.Settings) { s.Roots = nil }, "certificate signed by unknown authority"},
		{"StartTLS, issuers of the machine", "ldap", plain, func(s *ldap.Settings) { s.StartTLS, s.Roots = true, nil }, "certificate signed by unknown authority"},
		{"ldaps with a server in clear text", "ldaps", plain, func(s *ldap.Settings) { s.Timeout = 300 * time.Millisecond }, "ldaps://"},
		{"no file of issuers", "ldaps", implicit, func(s *ldap.Settings) {
			s.Roots = func() (*x509.CertPool, error) { return nil, errors.New("ca.pem: no such file") }
		}, "ca.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.d.asked()
			s := settings(t, c.scheme, c.d)
			c.change(&s)
			_, err := logIn(t, provider(t, s), "jo", "pw of jo")
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			for _, request := range c.d.asked() {
				if strings.HasPrefix(request, "bind") && c.want != "" {
					t.Errorf("a password was sent: %s", request)
				}
			}
		})
	}
}

// A server that will not encrypt gets no password.
func TestRefusedStartTLS(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	d.misbehave = func(op ber.Tag, id int64) []byte {
		if op == goldap.ApplicationExtendedRequest {
			return result(id, goldap.ApplicationExtendedResponse, goldap.LDAPResultProtocolError, "no")
		}
		return nil
	}
	s := settings(t, "ldap", d)
	s.StartTLS = true
	_, err := logIn(t, provider(t, s), "jo", "pw of jo")
	if !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), "StartTLS") || len(d.asked()) > 0 {
		t.Errorf("%v", err)
	}
}

// Whatever a server does, a login ends within its time, as a source that could
// not be asked, and the next server is asked.
func TestBadServers(t *testing.T) {
	entryWith := func(dn string) func(ber.Tag, int64) []byte {
		return func(op ber.Tag, id int64) []byte {
			if op != goldap.ApplicationSearchRequest {
				return nil
			}
			return append(found(id, entry{dn, map[string][]string{"sAMAccountName": {"jo"}}}), result(id, goldap.ApplicationSearchResultDone, 0, "")...)
		}
	}
	always := func(answer string) func(ber.Tag, int64) []byte {
		return func(ber.Tag, int64) []byte { return []byte(answer) }
	}
	for _, c := range []struct {
		name      string
		misbehave func(op ber.Tag, id int64) []byte
		final     bool // its answer counts, so that no other server is asked
	}{
		{"hangs up", always(""), false},
		{"speaks HTTP", always("HTTP/1.1 400 Bad Request\r\n\r\n"), false},
		{"says nothing", func(ber.Tag, int64) []byte { return []byte("\x30") }, false},
		{"announces gigabytes", always("\x30\x84\x7f\xff\xff\xff"), false},
		{"answers somebody else", func(op ber.Tag, id int64) []byte { return result(id+1000, goldap.ApplicationBindResponse, 0, "") }, false},
		{"an empty answer", func(op ber.Tag, id int64) []byte { return ber.NewSequence("").Bytes() }, false},
		{"no result", func(op ber.Tag, id int64) []byte { return message(id, ber.NewSequence("")).Bytes() }, false},
		{"is busy", func(op ber.Tag, id int64) []byte {
			return result(id, goldap.ApplicationBindResponse, goldap.LDAPResultBusy, "later")
		}, false},
		{"an entry without a name", entryWith(""), false},
		{"an entry from elsewhere", entryWith("CN=Jo,DC=evil,DC=example"), true},
		{"too much", func(op ber.Tag, id int64) []byte {
			if op != goldap.ApplicationSearchRequest {
				return nil
			}
			return bytes.Repeat(found(id, entry{"CN=x," + base, map[string][]string{"cn": {strings.Repeat("x", 1<<20)}}}), 20)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bad := serveDirectory(t, false, people()...)
			bad.misbehave = c.misbehave
			s := settings(t, "ldap", bad)
			s.Timeout = time.Second
			var problems []error
			s.OnProblem = func(err error) { problems = append(problems, err) }
			begun := time.Now()
			_, err := logIn(t, provider(t, s), "jo", "pw of jo")
			if took := time.Since(begun); !errors.Is(err, auth.ErrProvider) || took > 3*time.Second {
				t.Errorf("%v after %v", err, took)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v would be taken for the session's own end", err)
			}
			if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), `source "ad": `) {
				t.Errorf("problems %v", problems)
			}
			s.Servers = append(s.Servers, settings(t, "ldap", serveDirectory(t, false, people()...)).Servers...)
			s.Timeout = 4 * time.Second
			p := provider(t, s)
			if _, err := logIn(t, p, "jo", "pw of jo"); (err == nil) == c.final {
				t.Errorf("with a good server beside it: %v", err)
			}
			begun = time.Now()
			if _, err := logIn(t, p, "kim", "pw of kim"); (err == nil) == c.final || time.Since(begun) > 1500*time.Millisecond {
				t.Errorf("the next login asks the bad one first: %v after %v", err, time.Since(begun))
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := &directory{address: l.Addr().String()}
	l.Close()
	_, err = logIn(t, provider(t, settings(t, "ldap", gone)), "jo", "pw of jo")
	if !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), "ldap://"+gone.address) {
		t.Errorf("%v", err)
	}
}

// A session that ends during its login is told so, and the source is not
// blamed.
func TestTheSessionEndsFirst(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	d.misbehave = func(ber.Tag, int64) []byte { return []byte("\x30") }
	s := settings(t, "ldap", d)
	s.OnProblem = func(err error) { t.Errorf("blamed: %v", err) }
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := provider(t, s).Authenticate(ctx, auth.Credentials{User: "jo", Password: "x"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, auth.ErrProvider) {
		t.Errorf("%v", err)
	}
}

// Connections that ended while nobody used them are replaced.
func TestEndedConnections(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	p := provider(t, settings(t, "ldap", d))
	for range 3 {
		if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
			t.Fatal(err)
		}
		d.cut()
	}
}

func TestSearcherRefused(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	s := settings(t, "ldap", d)
	s.BindPassword = func() (string, error) { return "old", nil }
	if _, err := logIn(t, provider(t, s), "jo", "pw of jo"); !errors.Is(err, auth.ErrProvider) || errors.Is(err, auth.ErrLogon) || !strings.Contains(err.Error(), searcher) {
		t.Errorf("%v", err)
	}
	s.BindPassword = func() (string, error) { return "", nil }
	if _, err := logIn(t, provider(t, s), "jo", "pw of jo"); !errors.Is(err, auth.ErrProvider) {
		t.Errorf("an empty password: %v", err)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		change func(*ldap.Settings)
		want   string
	}{
		{func(*ldap.Settings) {}, ""},
		{func(s *ldap.Settings) { s.BindDN = "svc@harbour.example" }, ""},
		{func(s *ldap.Settings) { s.BaseDN = "harbour.example" }, `baseDn "harbour.example" is not a distinguished name such as DC=example,DC=com`},
		{func(s *ldap.Settings) { s.BaseDN = "" }, `baseDn "" is not`},
		{func(s *ldap.Settings) { s.BindDN = "svc" }, `bindDn "svc" is not`},
		{func(s *ldap.Settings) { s.Groups.BaseDN = "groups" }, `groupBaseDn "groups" is not`},
		{func(s *ldap.Settings) { s.UserFilter = "(uid=jo)" }, `userFilter "(uid=jo)" says nowhere {user} or {upn}`},
		{func(s *ldap.Settings) { s.UserFilter = "(uid={user}" }, `userFilter "(uid={user}" is not an LDAP filter`},
		{func(s *ldap.Settings) { s.Groups.Filter = "(cn=*)" }, `groupFilter "(cn=*)" says nowhere {dn} or {user}`},
	} {
		s := ldap.Settings{BaseDN: base, UserFilter: "(uid={user})", Groups: ldap.Groups{Filter: "(member={dn})"}}
		c.change(&s)
		_, err := ldap.New(s)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	for text, want := range map[string]string{
		"ldap://dc1": "ldap://dc1:389", "ldaps://dc1/": "ldaps://dc1:636", "ldaps://[::1]:7636": "ldaps://[::1]:7636",
		"dc1": "", "http://dc1": "", "ldap://": "", "ldap://u:p@dc1": "", "ldap://dc1/dc=x": "", "ldap://dc1?x": "",
	} {
		server, err := ldap.ParseServer(text)
		if (err != nil) != (want == "") || err == nil && server.String() != want {
			t.Errorf("%s: %v, %v, want %q", text, server, err, want)
		}
	}
}
