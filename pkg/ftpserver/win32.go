package ftpserver

import (
	"errors"
	"io/fs"
	"runtime"
	"syscall"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
)

// Win32 codes that the log and the error replies name.
const (
	win32FileNotFound       = 2
	win32PathNotFound       = 3
	win32AccessDenied       = 5
	win32NotSameDevice      = 17
	win32WriteProtect       = 19
	win32SharingViolation   = 32
	win32NotSupported       = 50
	win32NetNameDeleted     = 64
	win32InvalidParameter   = 87
	win32DiskFull           = 112
	win32InvalidName        = 123
	win32DirNotEmpty        = 145
	win32AlreadyExists      = 183
	win32NameTooLong        = 206
	win32Directory          = 267
	win32IODevice           = 1117
	win32Aborted            = 1236
	win32PrivilegeNotHeld   = 1314
	win32LogonFailure       = 1326
	win32AccountRestriction = 1327
	win32LogonHours         = 1328
	win32Workstation        = 1329
	win32PasswordExpired    = 1330
	win32AccountDisabled    = 1331
	win32NoneMapped         = 1332
	win32AccountExpired     = 1793
	win32PasswordChange     = 1907
	win32AccountLocked      = 1909
	win32IllegalMessage     = 0x80090326 // SEC_E_ILLEGAL_MESSAGE
)

// win32Texts are the system messages of the codes, in English as Windows has
// them.
func win32Texts() map[uint32]string {
	return map[uint32]string{ //nolint:gosec // "password" is a word here
		win32FileNotFound:       "The system cannot find the file specified.",
		win32PathNotFound:       "The system cannot find the path specified.",
		win32AccessDenied:       "Access is denied.",
		win32NotSameDevice:      "The system cannot move the file to a different disk drive.",
		win32WriteProtect:       "The media is write protected.",
		win32SharingViolation:   "The process cannot access the file because it is being used by another process.",
		win32NotSupported:       "The request is not supported.",
		win32NetNameDeleted:     "The specified network name is no longer available.",
		win32InvalidParameter:   "The parameter is incorrect.",
		win32DiskFull:           "There is not enough space on the disk.",
		win32InvalidName:        "The filename, directory name, or volume label syntax is incorrect.",
		win32DirNotEmpty:        "The directory is not empty.",
		win32AlreadyExists:      "Cannot create a file when that file already exists.",
		win32NameTooLong:        "The filename or extension is too long.",
		win32Directory:          "The directory name is invalid.",
		win32IODevice:           "The request could not be performed because of an I/O device error.",
		win32Aborted:            "The network connection was aborted by the local system.",
		win32PrivilegeNotHeld:   "A required privilege is not held by the client.",
		win32LogonFailure:       "The user name or password is incorrect.",
		win32AccountRestriction: "Account restrictions are preventing this user from signing in.",
		win32IllegalMessage:     "The message received was unexpected or badly formatted.",
		win32LogonHours:         "Your account has time restrictions that keep you from signing in right now.",
		win32Workstation:        "This user isn't allowed to sign in to this computer.",
		win32PasswordExpired:    "The password for this account has expired.",
		win32AccountExpired:     "The user's account has expired.",
		win32PasswordChange:     "The user's password must be changed before signing in.",
		win32AccountLocked:      "The referenced account is currently locked out and may not be logged on to.",
		win32NoneMapped:         "No mapping between account names and security IDs was done.",
		win32AccountDisabled:    "This user can't sign in because this account is currently disabled.",
	}
}

// win32Text returns the message of code as IIS puts it on the wire: the
// Windows message table ends every text with a space. It is "" for 0.
func win32Text(code uint32) string {
	if code == 0 {
		return ""
	}
	text, known := win32Texts()[code]
	if !known {
		text = win32Texts()[win32IODevice]
	}
	return text + " "
}

// fileErrors is what the errors of a store are called on Windows. The first
// that fits wins: the store's own errors stand before the general ones they
// may wrap.
func fileErrors() []struct {
	err  error
	code uint32
} {
	return []struct {
		err  error
		code uint32
	}{
		{content.ErrPathNotFound, win32PathNotFound},
		{content.ErrNotDirectory, win32Directory},
		{content.ErrIsDirectory, win32AccessDenied},
		{content.ErrNotRegular, win32AccessDenied},
		{content.ErrInvalidName, win32InvalidName},
		{content.ErrInvalidParameter, win32InvalidParameter},
		{content.ErrDirectoryNotEmpty, win32DirNotEmpty},
		{content.ErrInUse, win32SharingViolation},
		{content.ErrCrossDevice, win32NotSameDevice},
		{content.ErrReadOnlyStore, win32WriteProtect},
		{content.ErrNoSpace, win32DiskFull},
		{content.ErrNameTooLong, win32NameTooLong},
		{errors.ErrUnsupported, win32NotSupported},
		{fs.ErrNotExist, win32FileNotFound},
		{fs.ErrExist, win32AlreadyExists},
		{fs.ErrPermission, win32AccessDenied},
		// A transfer reads and writes the open file itself, so the operating
		// system's own words arrive here.
		{syscall.ENOSPC, win32DiskFull},
		{syscall.EDQUOT, win32DiskFull},
		{syscall.EROFS, win32WriteProtect},
		{syscall.EIO, win32IODevice},
	}
}

// win32OfAccount is what Windows calls the state that keeps an account out.
func win32OfAccount(err error) uint32 {
	for _, e := range []struct {
		err  error
		code uint32
	}{
		{auth.ErrAccountDisabled, win32AccountDisabled},
		{auth.ErrAccountExpired, win32AccountExpired},
		{auth.ErrAccountLocked, win32AccountLocked},
		{auth.ErrPasswordExpired, win32PasswordExpired},
		{auth.ErrPasswordMustChange, win32PasswordChange},
		{auth.ErrLogonHours, win32LogonHours},
		{auth.ErrWorkstation, win32Workstation},
		{auth.ErrNoOSUser, win32NoneMapped},
		{auth.ErrRoot, win32AccountRestriction},
		{auth.ErrCannotImpersonate, win32PrivilegeNotHeld},
	} {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return win32LogonFailure
}

// win32Of returns the Windows code of a file error, and whether there is one.
func win32Of(err error) (code uint32, known bool) {
	for _, e := range fileErrors() {
		if errors.Is(err, e.err) {
			return e.code, true
		}
	}
	var errno syscall.Errno
	if runtime.GOOS == "windows" && errors.As(err, &errno) {
		return uint32(errno), true
	}
	return win32IODevice, false
}
