package pam_test

import (
	"context"
	"errors"
	"os/user"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/pam"
)

var errModule = errors.New("module unknown")

// jo is a system whose one account is jo.
func jo(c pam.Conversation) (string, error) {
	switch {
	case c.User == "broken":
		return "", errModule
	case c.User == "jo" && (c.Proven || c.Password == "pw of jo"):
		return "jo", nil
	}
	return "", auth.ErrLogon
}

func settings() pam.Settings {
	return pam.Settings{Name: "os", Service: "ftphost", Computer: "WEB01", Timeout: 5 * time.Second, MaxConversations: 2}
}

func TestLogins(t *testing.T) {
	p := pam.NewFake(settings(), jo, "Sales", "staff")
	for _, c := range []struct {
		user, password string
		want           error
	}{
		{"jo", "pw of jo", nil},
		{`web01\jo`, "pw of jo", nil},
		{"./jo", "pw of jo", nil},
		{"jo@localhost", "pw of jo", nil},
		{"jo@elsewhere", "pw of jo", auth.ErrLogon},
		{`OTHER\jo`, "pw of jo", auth.ErrLogon},
		{"jo", "mistaken", auth.ErrLogon},
		{"jo", "", auth.ErrLogon},
		{"", "pw of jo", auth.ErrLogon},
		{"jo", "pw of jo\x00x", auth.ErrLogon},
		{"jo\x00", "pw of jo", auth.ErrLogon},
		{"broken", "mistaken", auth.ErrProvider},
	} {
		principal, err := p.Authenticate(t.Context(), auth.Credentials{User: c.user, Password: c.password})
		if !errors.Is(err, c.want) || (principal == nil) != (err != nil) {
			t.Errorf("%q: %v, %v, want %v", c.user, principal, err, c.want)
		}
		if err == nil && (principal.QualifiedName() != `WEB01\jo` || principal.Home() != "/home/jo" || !slices.Contains(principal.GroupKeys(), "sales")) {
			t.Errorf("%q is %q with %q, at home in %q", c.user, principal.QualifiedName(), principal.GroupKeys(), principal.Home())
		}
		if errors.Is(err, auth.ErrProvider) && !strings.Contains(err.Error(), `source "os": module unknown`) {
			t.Errorf("%q: %v", c.user, err)
		}
	}
}

// Find asks the system and says nothing to PAM.
func TestFind(t *testing.T) {
	p := pam.NewFake(settings(), func(c pam.Conversation) (string, error) {
		t.Errorf("a conversation: %+v", c)
		return jo(c)
	}, "Sales")
	for name, want := range map[string]error{"jo": nil, `web01\jo`: nil, "": auth.ErrLogon, "stranger": auth.ErrLogon} {
		principal, err := p.Find(t.Context(), name)
		if !errors.Is(err, want) || (principal == nil) != (err != nil) {
			t.Errorf("%q: %v, %v, want %v", name, principal, err, want)
		}
		if err == nil && (principal.QualifiedName() != `WEB01\jo` || principal.Home() != "/home/jo" || !slices.Contains(principal.GroupKeys(), "sales")) {
			t.Errorf("%q is %q with %q, at home in %q", name, principal.QualifiedName(), principal.GroupKeys(), principal.Home())
		}
	}
	accepting := pam.NewFake(settings(), func(c pam.Conversation) (string, error) { return c.User, nil })
	if _, err := accepting.Authenticate(t.Context(), auth.Credentials{User: "stranger", Password: "x"}); !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), `PAM accepts "stranger", but `) {
		t.Errorf("an account that PAM alone knows: %v", err)
	}
}

// A module that hangs costs its login the time of the source, keeps its place,
// and nothing else.
func TestHangingModules(t *testing.T) {
	s := settings()
	s.Timeout = 50 * time.Millisecond
	var problems atomic.Int32
	s.OnProblem = func(error) { problems.Add(1) }
	free := make(chan struct{})
	var begun, at, most atomic.Int32
	p := pam.NewFake(s, func(c pam.Conversation) (string, error) {
		begun.Add(1)
		if n := at.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer at.Add(-1)
		<-free
		return jo(c)
	})
	for range 5 {
		_, err := p.Authenticate(t.Context(), auth.Credentials{User: "jo", Password: "pw of jo"})
		if !errors.Is(err, auth.ErrProvider) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	}
	if begun.Load() != 2 || most.Load() != 2 || problems.Load() != 5 {
		t.Errorf("%d conversations begun, %d at once, %d problems; 2, 2 and 5 are right", begun.Load(), most.Load(), problems.Load())
	}
	close(free)
	for end := time.Now().Add(5 * time.Second); at.Load() > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if _, err := p.Authenticate(t.Context(), auth.Credentials{User: "jo", Password: "pw of jo"}); err != nil {
		t.Errorf("when it no longer hangs: %v", err)
	}
}

func TestTheSessionEndsFirst(t *testing.T) {
	free := make(chan struct{})
	defer close(free)
	p := pam.NewFake(settings(), func(c pam.Conversation) (string, error) { <-free; return jo(c) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Authenticate(ctx, auth.Credentials{User: "jo", Password: "x"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, auth.ErrProvider) {
		t.Errorf("%v", err)
	}
}

// A remembered password still asks whether the account may log in.
func TestRememberedLogins(t *testing.T) {
	s := settings()
	s.Verified, s.VerifiedLifetime = auth.NewVerifyCache(10), time.Minute
	var talks []pam.Conversation
	locked := false
	p := pam.NewFake(s, func(c pam.Conversation) (string, error) {
		talks = append(talks, c)
		if locked {
			return "", auth.ErrAccountExpired
		}
		return jo(c)
	})
	for range 2 {
		if _, err := p.Authenticate(t.Context(), auth.Credentials{User: "jo", Password: "pw of jo"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(talks) != 2 || talks[0].Proven || !talks[1].Proven {
		t.Errorf("conversations %v", talks)
	}
	locked = true
	if _, err := p.Authenticate(t.Context(), auth.Credentials{User: "jo", Password: "pw of jo"}); !errors.Is(err, auth.ErrAccountExpired) {
		t.Errorf("expired since: %v", err)
	}
}

// An account is the user of the system, where it may be; root is nobody's.
func TestAccountsAreUsers(t *testing.T) {
	anybody := func(c pam.Conversation) (string, error) { return c.User, nil }
	for _, c := range []struct {
		user  string
		admit func(*auth.OSUser) error
		uid   uint32 // 0 for no user
		want  error
	}{
		{"jo", nil, 0, nil},
		{"root", nil, 0, nil},
		{"jo", func(*auth.OSUser) error { return nil }, 1001, nil},
		{"root", func(*auth.OSUser) error { return nil }, 0, auth.ErrRoot},
		{"jo", func(*auth.OSUser) error { return auth.ErrCannotImpersonate }, 0, auth.ErrCannotImpersonate},
	} {
		s := settings()
		s.Admit = c.admit
		p, err := pam.NewFake(s, anybody).Authenticate(t.Context(), auth.Credentials{User: c.user, Password: "x"})
		if !errors.Is(err, c.want) || (p == nil) == (err == nil) {
			t.Errorf("%s: %v, %v, want %v", c.user, p, err, c.want)
		}
		if u := p.OSUser(); (u == nil) != (c.uid == 0) || u != nil && u.UID != c.uid {
			t.Errorf("%s is the user %+v, want %d", c.user, u, c.uid)
		}
	}
}

func TestNew(t *testing.T) {
	s := settings()
	s.Service = "no-such-service-of-ftphost"
	_, err := pam.New(s)
	if !pam.InBuild {
		if !errors.Is(err, pam.ErrNotInBuild) {
			t.Errorf("%v", err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), "there is no file /etc/pam.d/no-such-service-of-ftphost") {
		t.Errorf("%v", err)
	}
	s.Service = "../passwd"
	if _, err := pam.New(s); err == nil || !strings.Contains(err.Error(), "is not the name of a file") {
		t.Errorf("%v", err)
	}
}

func TestTheSystemsAccounts(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	home, groups, err := pam.LookUp(me.Username)
	if err != nil || home != me.HomeDir || !slices.Contains(groups, group.Name) {
		t.Errorf("%s: home %q, groups %q, %v; want %q and %q", me.Username, home, groups, err, me.HomeDir, group.Name)
	}
	if _, _, err := pam.LookUp("no such account"); err == nil {
		t.Error("an account that there is not has no error")
	}
}
