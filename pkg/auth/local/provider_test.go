package local_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
)

func hashOf(t testing.TB, password string) string {
	t.Helper()
	h, err := local.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func provider(t *testing.T) *local.Provider {
	t.Helper()
	d := local.NewDirectory([]local.User{
		{Name: "Ann", Hash: hashOf(t, "pw"), Enabled: true},
		{Name: "off", Hash: hashOf(t, "pw")},
		{Name: "nohash", Hash: "pw", Enabled: true},
		{Name: "ANN", Hash: hashOf(t, "second"), Enabled: true},
	}, []local.Group{
		{Name: "Readers", Members: []string{"ann", "nobody", "ANN"}},
		{Name: "Writers", Members: []string{"off"}},
	})
	return &local.Provider{Directory: func() *local.Directory { return d }, Domain: "FTP01"}
}

func TestAuthenticate(t *testing.T) {
	p := provider(t)
	for _, c := range []struct {
		user, password string
		want           error
	}{
		{"Ann", "pw", nil},
		{"aNN", "pw", nil},
		{`ftp01\ann`, "pw", nil},
		{`.\ann`, "pw", nil},
		{"FTP01/ann", "pw", nil},
		{"OTHER/ann", "pw", auth.ErrLogon},
		{`LOCALHOST\ann`, "pw", nil},
		{"ann@FTP01", "pw", nil},
		{"ann@localhost", "pw", nil},
		{`OTHER\ann`, "pw", auth.ErrLogon},
		{"ann@example.com", "pw", auth.ErrLogon},
		{`\ann`, "pw", auth.ErrLogon},
		{"ann@", "pw", auth.ErrLogon},
		{"ann", "PW", auth.ErrLogon},
		{"ann", "second", auth.ErrLogon},
		{"ann", "", auth.ErrLogon},
		{"", "", auth.ErrLogon},
		{"nobody", "pw", auth.ErrLogon},
		{"nohash", "pw", auth.ErrLogon},
		{"off", "pw", auth.ErrAccountDisabled},
		{"off", "wrong", auth.ErrLogon},
	} {
		got, err := p.Authenticate(t.Context(), auth.Credentials{User: c.user, Password: c.password})
		if !errors.Is(err, c.want) || (err == nil) != (got != nil) {
			t.Errorf("%q %q: %v, want %v", c.user, c.password, err, c.want)
			continue
		}
		if err != nil {
			continue
		}
		if got.QualifiedName() != `FTP01\Ann` || !slices.Contains(got.GroupKeys(), "readers") || slices.Contains(got.GroupKeys(), "writers") {
			t.Errorf("%q: %s in %v", c.user, got.QualifiedName(), got.GroupKeys())
		}
	}
}

// A computer without a name must not make DOMAIN\ann valid for every domain.
func TestNoDomain(t *testing.T) {
	p := provider(t)
	p.Domain = ""
	if _, err := p.Authenticate(t.Context(), auth.Credentials{User: `\ann`, Password: "pw"}); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("error %v", err)
	}
}

func TestCacheFollowsTheDirectory(t *testing.T) {
	list := func(password string, enabled bool) *local.Directory {
		return local.NewDirectory([]local.User{{Name: "ann", Hash: hashOf(t, password), Enabled: enabled}}, nil)
	}
	now := list("pw", true)
	p := &local.Provider{Directory: func() *local.Directory { return now }, Cache: auth.NewVerifyCache(10), CacheLifetime: time.Hour}
	login := func(password string) error {
		_, err := p.Authenticate(t.Context(), auth.Credentials{User: "ann", Password: password})
		return err
	}
	for range 2 {
		if err := login("pw"); err != nil {
			t.Fatal(err)
		}
	}
	now = list("new", true)
	if err := login("pw"); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("the old password after a change: %v", err)
	}
	if err := login("new"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	now = list("new", false)
	if err := login("new"); !errors.Is(err, auth.ErrAccountDisabled) {
		t.Errorf("after disabling: %v", err)
	}
}

// A login that waits for room ends with its context; the room is one hash. An
// unknown user waits as well, because a hash is computed for it too.
func TestHashingIsBounded(t *testing.T) {
	p := provider(t)
	p.Workers = local.NewWorkers(1)
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	d := p.Directory()
	held := &local.Provider{Directory: func() *local.Directory { return d }, Workers: p.Workers}
	wg.Go(func() { local.Occupy(held.Workers, inside, leave) })
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, user := range []string{"ann", "nobody"} {
		if _, err := p.Authenticate(ctx, auth.Credentials{User: user, Password: "pw"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", user, err)
		}
	}
	close(leave)
	wg.Wait()
	if _, err := p.Authenticate(t.Context(), auth.Credentials{User: "ann", Password: "pw"}); err != nil {
		t.Errorf("after the other left: %v", err)
	}
}

// BenchmarkAuthenticate is a login whose password was checked before.
func BenchmarkAuthenticate(b *testing.B) {
	d := local.NewDirectory(
		[]local.User{{Name: "ann", Hash: hashOf(b, "pw"), Enabled: true}},
		[]local.Group{{Name: "Readers", Members: []string{"ann"}}, {Name: "Writers", Members: []string{"ann"}}})
	p := &local.Provider{Directory: func() *local.Directory { return d }, Cache: auth.NewVerifyCache(10), CacheLifetime: time.Hour, Domain: "FTP01"}
	login := func() {
		if _, err := p.Authenticate(b.Context(), auth.Credentials{User: "ann", Password: "pw"}); err != nil {
			b.Fatal(err)
		}
	}
	login()
	b.ReportAllocs()
	for b.Loop() {
		login()
	}
}

func TestDirectoryIsFixed(t *testing.T) {
	users := []local.User{{Name: "ann"}}
	groups := []local.Group{{Name: "G", Members: []string{"ann"}}}
	d := local.NewDirectory(users, groups)
	users[0].Name, groups[0].Members[0] = "x", "x"
	d.Users()[0].Name, d.Groups()[0].Members[0] = "y", "y"
	if d.Users()[0].Name != "ann" || d.Groups()[0].Members[0] != "ann" || !slices.Equal(d.GroupsOf("ANN"), []string{"G"}) || d.GroupsOf("bob") != nil {
		t.Errorf("%v %v %v", d.Users(), d.Groups(), d.GroupsOf("ANN"))
	}
}
