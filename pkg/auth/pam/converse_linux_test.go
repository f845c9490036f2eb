//go:build linux && cgo && pam

package pam

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msteinert/pam/v2"

	"github.com/ftphost/ftphost/pkg/auth"
)

// services are files as in /etc/pam.d; CHECK is a program that accepts one
// password.
var services = map[string]string{
	"good":    "auth [success=1 default=ignore] pam_exec.so quiet expose_authtok CHECK\nauth requisite pam_deny.so\nauth required pam_permit.so\naccount required pam_permit.so\n",
	"permit":  "auth required pam_permit.so\naccount required pam_permit.so\n",
	"deny":    "auth required pam_deny.so\naccount required pam_permit.so\n",
	"closed":  "auth required pam_permit.so\naccount required pam_debug.so acct=perm_denied\n",
	"expired": "auth required pam_permit.so\naccount required pam_debug.so acct=acct_expired\n",
	"renew":   "auth required pam_permit.so\naccount required pam_debug.so acct=new_authtok_reqd\n",
	"down":    "auth required pam_debug.so auth=authinfo_unavail\naccount required pam_permit.so\n",
	"unknown": "auth required pam_debug.so auth=user_unknown\naccount required pam_permit.so\n",
	"none":    "auth required no_such_module.so\naccount required pam_permit.so\n",
}

// errOther stands for errors that say nothing about an account.
var errOther = errors.New("another")

func TestConversations(t *testing.T) {
	dir := t.TempDir()
	check := filepath.Join(dir, "check")
	if err := os.WriteFile(check, []byte("#!/bin/sh\nread -r p\ntest \"$p\" = 'pw of jo' && test \"$PAM_RHOST\" = 192.0.2.7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range services {
		text = strings.Replace(text, "CHECK", check, 1)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := func(service, user string, answer func(pam.Style, string) (string, error)) (*pam.Transaction, error) {
		return pam.StartConfDir(service, user, pam.ConversationFunc(answer), dir)
	}
	for _, c := range []struct {
		service, password string
		proven            bool
		want              error
	}{
		{"good", "pw of jo", false, nil},
		{"good", "mistaken", false, auth.ErrLogon},
		{"good", "", true, nil},
		{"permit", "x", false, nil},
		{"deny", "pw of jo", false, auth.ErrLogon},
		{"closed", "x", false, auth.ErrAccountDisabled},
		{"closed", "x", true, auth.ErrAccountDisabled},
		{"expired", "x", false, auth.ErrAccountExpired},
		{"renew", "x", false, auth.ErrPasswordMustChange},
		{"unknown", "x", false, auth.ErrLogon},
		{"down", "x", false, errOther},
		{"none", "x", false, errOther},
	} {
		name, err := converseWith(conversation{service: c.service, user: "jo", password: c.password, remote: "192.0.2.7", proven: c.proven}, start)
		switch {
		case c.want == nil && (err != nil || name != "jo"):
			t.Errorf("%s: %q, %v", c.service, name, err)
		case errors.Is(c.want, errOther) && (err == nil || errors.Is(err, auth.ErrLogon) || auth.IsAccountState(err)):
			t.Errorf("%s: %v is taken for an answer", c.service, err)
		case c.want != nil && !errors.Is(c.want, errOther) && !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", c.service, err, c.want)
		}
	}
}
