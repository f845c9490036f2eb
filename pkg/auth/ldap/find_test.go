package ldap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Find says what a login would say, as far as it does not hang on the password,
// and proves no password.
func TestFind(t *testing.T) {
	more := func(sam string, attributes ...string) entry {
		e := entry{"CN=" + sam + "," + base, map[string][]string{"sAMAccountName": {sam}}}
		for i := 0; i < len(attributes); i += 2 {
			e.attributes[attributes[i]] = []string{attributes[i+1]}
		}
		return e
	}
	const computed = "msDS-User-Account-Control-Computed"
	d := serveDirectory(t, false, append(people(),
		more("locked", "userAccountControl", "512", computed, "16"),
		more("stale", computed, "8388608", "pwdLastSet", "133500000000000000"),
		more("fresh", computed, "8388608", "pwdLastSet", "0"),
		more("barred", "pwdAccountLockedTime", "000001010000Z"),
		more("slowed", "pwdAccountLockedTime", "20260101000000Z"), // until when only the server knows
		more("idle", "nsAccountLock", "true"),
	)...)
	p := provider(t, settings(t, "ldap", d))
	for _, c := range []struct {
		user string
		want error
	}{
		{"jo", nil},
		{`harbour\JO`, nil},
		{"jo@harbour.example", nil},
		{"slowed", nil},
		{`OTHER\jo`, auth.ErrLogon},
		{"", auth.ErrLogon},
		{"*", auth.ErrLogon},
		{"nobody", auth.ErrLogon},
		{"off", auth.ErrAccountDisabled},
		{"idle", auth.ErrAccountDisabled},
		{"old", auth.ErrAccountExpired},
		{"locked", auth.ErrAccountLocked},
		{"barred", auth.ErrAccountLocked},
		{"stale", auth.ErrPasswordExpired},
		{"fresh", auth.ErrPasswordMustChange},
		{"twin", auth.ErrProvider},
	} {
		principal, err := p.Find(t.Context(), c.user)
		if !errors.Is(err, c.want) || (err == nil) != (principal != nil) {
			t.Errorf("%q: %v, %v, want %v", c.user, principal, err, c.want)
		}
	}
	for _, request := range d.asked() {
		if strings.HasPrefix(request, "bind ") && request != "bind "+searcher {
			t.Errorf("a password was proved: %s", request)
		}
	}
	jo, err := p.Find(t.Context(), "jo")
	if err != nil {
		t.Fatal(err)
	}
	if jo.QualifiedName() != `HARBOUR\Jo` || jo.Home() != `\\files\ftp\jo` || !slices.Contains(jo.GroupKeys(), "staff") {
		t.Errorf("%s, at home in %s, with %q", jo.QualifiedName(), jo.Home(), jo.GroupKeys())
	}
}

func TestFindAtABadServer(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	d.misbehave = func(ber.Tag, int64) []byte { return []byte("\x30") } // and nothing more
	s := settings(t, "ldap", d)
	s.Timeout = 200 * time.Millisecond
	if _, err := provider(t, s).Find(t.Context(), "jo"); !errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), `source "ad": `) {
		t.Errorf("%v", err)
	}
}

func TestSource(t *testing.T) {
	s := settings(t, "ldap", serveDirectory(t, false))
	s.Origin = "ftphost.config:3:1"
	if got := provider(t, s).Source(); got.Name != `accounts of "ad"` || got.Origin != s.Origin || got.Unasked == "" {
		t.Errorf("%+v", got)
	}
}
