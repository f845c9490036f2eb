package ldap

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth"
)

// adReason finds the Windows code in the words with which Active Directory
// refuses a bind, as in "AcceptSecurityContext error, data 533, v3839".
var adReason = regexp.MustCompile(`\bdata ([0-9a-fA-F]{1,8})\b`)

// adStates are the Windows codes that say more than a wrong password.
func adStates() map[uint64]error {
	return map[uint64]error{
		0x530: auth.ErrLogonHours, 0x531: auth.ErrWorkstation, 0x532: auth.ErrPasswordExpired, 0x533: auth.ErrAccountDisabled,
		0x701: auth.ErrAccountExpired, 0x773: auth.ErrPasswordMustChange, 0x775: auth.ErrAccountLocked,
	}
}

// refusal is what the server's answer to a bind says about the account. It
// reports false when it says something about the server.
func refusal(err error) (refused error, known bool) {
	var answer *ldap.Error
	switch {
	case err == nil:
		return nil, true
	case !errors.As(err, &answer):
		return nil, false
	}
	switch answer.ResultCode {
	case ldap.LDAPResultInvalidCredentials:
		return stateIn(answer), true
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultInappropriateAuthentication:
		return auth.ErrLogon, true
	case ldap.LDAPResultConstraintViolation: // 389 Directory Server: too many wrong passwords
		return fmt.Errorf("%w (result code %d)", auth.ErrAccountLocked, answer.ResultCode), true
	case ldap.LDAPResultUnwillingToPerform: // the same: inactivated
		return fmt.Errorf("%w (result code %d)", auth.ErrAccountDisabled, answer.ResultCode), true
	}
	return nil, false
}

func stateIn(answer *ldap.Error) error {
	if answer.Err == nil {
		return auth.ErrLogon
	}
	if match := adReason.FindStringSubmatch(answer.Err.Error()); match != nil {
		code, _ := strconv.ParseUint(match[1], 16, 32)
		if state := adStates()[code]; state != nil {
			return state
		}
	}
	return auth.ErrLogon
}
