package auth_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth"
)

func TestLookUpOSUser(t *testing.T) {
	for _, c := range []struct {
		name     string
		uid, gid uint32
		want     error
		says     string
	}{
		{"1000:1001", 1000, 1001, nil, ""},
		{"4294967294:0", 1<<32 - 2, 0, nil, ""},
		{"0:1000", 0, 0, auth.ErrRoot, `nobody accesses files as root: "0:1000" has the uid 0`},
		{"4294967295:1", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"1:4294967295", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"4294967296:1", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"1000:", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{":", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"-1:1", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"jo:users", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"1:2:3", 0, 0, auth.ErrNoOSUser, "is not a pair of numbers, uid:gid"},
		{"no-such-user-of-ftphost", 0, 0, auth.ErrNoOSUser, `the system has no user "no-such-user-of-ftphost"`},
	} {
		u, err := auth.LookUpOSUser(c.name)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.want == nil && (u.UID != c.uid || u.GID != c.gid || !slices.Equal(u.Groups, []uint32{c.gid})) {
			t.Errorf("%s: %+v", c.name, u)
		}
	}
}

// TestLookUpOSUserByName looks up somebody that every system has.
func TestLookUpOSUserByName(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: Windows has no such users")
	}
	if _, err := auth.LookUpOSUser("root"); !errors.Is(err, auth.ErrRoot) {
		t.Errorf("root: %v", err)
	}
	u, err := auth.LookUpOSUser("daemon")
	if err != nil {
		t.Fatal(err)
	}
	known, err := user.Lookup("daemon")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := known.GroupIds()
	if err != nil {
		t.Fatal(err)
	}
	if strconv.Itoa(int(u.UID)) != known.Uid || strconv.Itoa(int(u.GID)) != known.Gid || len(u.Groups) != len(ids) || !slices.Contains(u.Groups, u.GID) {
		t.Errorf("%+v is not %+v with %v", u, known, ids)
	}
}

// source knows one account, by its qualified name.
type source struct{ principal *auth.Principal }

func (s source) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	if c.Password != "right" {
		return nil, auth.ErrLogon
	}
	return s.principal, nil
}

func (s source) Certificate(context.Context, string, *x509.Certificate) (*auth.Principal, error) {
	return s.principal, nil
}

type finder struct{ source }

func (f finder) Find(context.Context, string) (*auth.Principal, error) { return f.principal, nil }

func (f finder) Source() auth.Source { return auth.Source{Name: "somebody"} }

type closer struct {
	finder
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

func TestOSUsersOfAccounts(t *testing.T) {
	may := errors.New("it is forbidden")
	users := auth.NewOSUsers("WEB01", func() error { return may })
	for account, name := range map[string]string{"jo": "1001:1001", `CONTOSO\kim`: "1002:1002", `.\lee`: "0:0", "max": "no-such-user-of-ftphost"} {
		if !users.Add(account, name) {
			t.Errorf("%s is there twice", account)
		}
	}
	for _, again := range []string{"JO", `web01\jo`, `.\Jo`, `contoso\KIM`} {
		if users.Add(again, "1009:1009") {
			t.Errorf("%s is not there already", again)
		}
	}
	for _, c := range []struct {
		domain, name string
		want         string // the user; "" for none
		err          error
	}{
		{"WEB01", "Jo", "1001:1001", nil},
		{"", "jo", "", nil}, // of a source without a domain
		{"CONTOSO", "jo", "", nil},
		{"CONTOSO", "Kim", "1002:1002", nil},
		{"WEB01", "kim", "", nil},
		{"WEB01", "lee", "", auth.ErrRoot},
		{"WEB01", "max", "", auth.ErrNoOSUser},
		{"WEB01", "nobody", "", nil},
	} {
		s := source{auth.NewPrincipal(c.domain, c.name, nil)}
		provider := users.Provider(finder{s})
		for _, forbidden := range []bool{true, false} {
			may = nil
			if forbidden {
				may = errors.New("it is forbidden")
			}
			want := c.err
			if forbidden && c.want != "" {
				want = auth.ErrCannotImpersonate
			}
			logins := map[string]func() (*auth.Principal, error){
				"password": func() (*auth.Principal, error) {
					return provider.Authenticate(t.Context(), auth.Credentials{Password: "right"})
				},
				"certificate": func() (*auth.Principal, error) {
					return users.Certificates(s).Certificate(t.Context(), c.name, nil)
				},
			}
			for how, login := range logins {
				p, err := login()
				if !errors.Is(err, want) || (p == nil) == (err == nil) || err != nil && !auth.IsAccountState(err) {
					t.Errorf(`%s\%s by %s: %v, %v; want %v`, c.domain, c.name, how, p, err, want)
				}
				if err == nil && nameOf(p) != c.want {
					t.Errorf(`%s\%s by %s is %q, want %q`, c.domain, c.name, how, nameOf(p), c.want)
				}
			}
			// Who only asks is told, whatever may be done.
			if p, err := provider.Find(t.Context(), c.name); !errors.Is(err, c.err) || err == nil && nameOf(p) != c.want {
				t.Errorf(`%s\%s is found as %v, %v`, c.domain, c.name, p, err)
			}
		}
		if _, err := provider.Authenticate(t.Context(), auth.Credentials{Password: "wrong"}); !errors.Is(err, auth.ErrLogon) {
			t.Errorf("wrong password: %v", err)
		}
	}
}

func nameOf(p *auth.Principal) string {
	if u := p.OSUser(); u != nil {
		return u.Name
	}
	return ""
}

// What is wrapped stays what it was otherwise.
func TestOSUsersKeepTheSource(t *testing.T) {
	users := auth.NewOSUsers("WEB01", func() error { return nil })
	s := source{auth.Anonymous()}
	if _, same := users.Provider(finder{s}).(finder); !same {
		t.Error("wrapped without an entry")
	}
	users.Add("anonymous", "1001:1001")
	if users.Provider(finder{s}).Source().Name != "somebody" {
		t.Error("the source has lost its name")
	}
	closed := false
	for _, p := range []auth.Provider{users.Provider(finder{s}), users.Provider(closer{finder{s}, &closed})} {
		if err := p.(io.Closer).Close(); err != nil { //nolint:forcetypeassert // it is one
			t.Error(err)
		}
	}
	if !closed {
		t.Error("the source is not closed")
	}
	if p, err := users.Provider(finder{s}).Authenticate(t.Context(), auth.Credentials{Password: "right"}); err != nil || p.OSUser() != nil {
		t.Errorf("anonymous: %v, %v", p, err)
	}
}

// A session that goes on under a new configuration has no rights that a login
// would not give.
func TestSessionsKeepTheirUser(t *testing.T) {
	now := auth.NewOSUsers("WEB01", func() error { return nil })
	now.Add("jo", "1001:1001")
	now.Add("lee", "no-such-user-of-ftphost")
	of := func(name string, u *auth.OSUser) *auth.Principal {
		return auth.NewPrincipal("WEB01", name, nil).WithOSUser(u)
	}
	for _, c := range []struct {
		principal *auth.Principal
		want      bool
	}{
		{of("jo", nil), false},
		{of("jo", &auth.OSUser{UID: 1001, GID: 1001, Groups: []uint32{1001}}), true},
		{of("jo", &auth.OSUser{UID: 1001, GID: 1001, Groups: []uint32{1001, 1002}}), false},
		{of("jo", &auth.OSUser{UID: 1002, GID: 1001, Groups: []uint32{1001}}), false},
		{of("kim", nil), true},
		{of("kim", &auth.OSUser{UID: 1002, GID: 1001}), true}, // that of PAM
		{of("lee", &auth.OSUser{UID: 1002, GID: 1001}), false},
		{auth.Anonymous(), true},
	} {
		providers := []auth.Provider{auth.Absent{}}
		if _, err := (&auth.Chain{OSUsers: now, AllowAnonymous: true, Providers: providers}).Renew(c.principal); (err == nil) != c.want {
			t.Errorf("%s as %+v goes on: %v", c.principal.Name(), c.principal.OSUser(), err)
		}
		if _, err := (&auth.Chain{AllowAnonymous: true, Providers: providers}).Renew(c.principal); err != nil {
			t.Errorf("%s does not go on without such users: %v", c.principal.Name(), err)
		}
	}
}
