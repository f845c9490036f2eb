//go:build linux && cgo && pam

package pam

import (
	"errors"
	"fmt"

	"github.com/msteinert/pam/v2"

	"github.com/ftphost/ftphost/pkg/auth"
)

// inBuild says whether this program can talk to PAM.
const inBuild = true

// converse lets PAM prove the password, or only the account, and returns the
// name that PAM has for it.
func converse(c conversation) (string, error) {
	return converseWith(c, pam.StartFunc)
}

// starter begins a conversation.
type starter func(service, user string, answer func(pam.Style, string) (string, error)) (*pam.Transaction, error)

func converseWith(c conversation, start starter) (name string, err error) {
	given := false
	t, err := start(c.service, c.user, func(style pam.Style, _ string) (string, error) {
		switch {
		case style == pam.PromptEchoOff && !given:
			given = true
			return c.password, nil
		case style == pam.PromptEchoOn, style == pam.PromptEchoOff:
			return "", errors.New("PAM asks more than a password, which FTP clients cannot answer")
		}
		return "", nil // a text for people; there is nobody to read it
	})
	if err != nil {
		return "", fmt.Errorf("beginning with PAM: %w", err)
	}
	defer func() { err = errors.Join(err, t.End()) }()
	if err := t.SetItem(pam.Rhost, c.remote); err != nil {
		return "", fmt.Errorf("telling PAM the address of the client: %w", err)
	}
	if !c.proven {
		if err := t.Authenticate(pam.Silent | pam.DisallowNullAuthtok); err != nil {
			return "", refusal(err, auth.ErrLogon)
		}
	}
	if err := t.AcctMgmt(pam.Silent | pam.DisallowNullAuthtok); err != nil {
		return "", refusal(err, auth.ErrAccountDisabled)
	}
	return t.GetItem(pam.User)
}

// refusal is what PAM's answer says about the account; denied is what it means
// when PAM only says no.
func refusal(err, denied error) error {
	for _, r := range []struct{ answer, means error }{
		{pam.ErrAuth, auth.ErrLogon},
		{pam.ErrUserUnknown, auth.ErrLogon},
		{pam.ErrMaxtries, auth.ErrAccountLocked},
		{pam.ErrPermDenied, denied},
		{pam.ErrAcctExpired, auth.ErrAccountExpired},
		{pam.ErrNewAuthtokReqd, auth.ErrPasswordMustChange},
		{pam.ErrAuthtokExpired, auth.ErrPasswordExpired},
		{pam.ErrCredExpired, auth.ErrPasswordExpired},
	} {
		if errors.Is(err, r.answer) {
			return r.means
		}
	}
	return fmt.Errorf("PAM says: %w", err)
}
