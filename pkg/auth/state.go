package auth

import (
	"errors"
	"slices"
)

// What keeps an account out, beside ErrAccountDisabled, though its password may
// be right. To the client all are the same refusal; in the log each has its own
// Windows code.
var (
	// ErrAccountExpired means that the account's time is over.
	ErrAccountExpired = errors.New("the account has expired")
	// ErrAccountLocked means that there were too many wrong passwords.
	ErrAccountLocked = errors.New("the account is locked out")
	// ErrPasswordExpired means that the password is too old.
	ErrPasswordExpired = errors.New("the password has expired")
	// ErrPasswordMustChange means that the account needs a new password first.
	ErrPasswordMustChange = errors.New("the password must be changed first")
	// ErrLogonHours means that the account may log in at other hours.
	ErrLogonHours = errors.New("the account may not log in at this hour")
	// ErrWorkstation means that the account may log in at other computers.
	ErrWorkstation = errors.New("the account may not log in at this computer")
	// ErrNotPermitted means that the account is for other sites.
	ErrNotPermitted = errors.New("the account has no permission for this site")
	// ErrNoOSUser means that the operating system does not have the user that
	// the account is to be.
	ErrNoOSUser = errors.New("the account has no user of the operating system to be")
	// ErrRoot means that this user is root, whose rights are no rights to
	// check.
	ErrRoot = errors.New("nobody accesses files as root")
	// ErrCannotImpersonate means that the server may not act as the user of the
	// operating system that the account is.
	ErrCannotImpersonate = errors.New("the account needs the rights of the system's user")
)

// IsAccountState reports whether err says that an account is known and may not
// log in.
func IsAccountState(err error) bool {
	states := []error{
		ErrAccountDisabled, ErrAccountExpired, ErrAccountLocked, ErrPasswordExpired,
		ErrPasswordMustChange, ErrLogonHours, ErrWorkstation, ErrNotPermitted,
		ErrNoOSUser, ErrRoot, ErrCannotImpersonate,
	}
	return slices.ContainsFunc(states, func(state error) bool { return errors.Is(err, state) })
}
