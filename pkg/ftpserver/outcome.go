package ftpserver

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// outcome is how a command ended: what the client hears and what the log
// keeps.
type outcome struct {
	reply ftp.Reply
	win32 uint32
	sub   int
	// ends says that the session ends after the reply.
	ends bool
	// why says what refused and where that is written, for the log; "" when the
	// sub-status says all.
	why string
	// unexpected marks an error that is no ordinary refusal; the operational
	// log gets all of it, the client general words.
	unexpected bool
}

// outcomeOf turns the error of a command into its outcome. The reply has its
// short form.
func outcomeOf(err error) outcome {
	r, expected := refusalOf(err)
	return outcome{
		reply: ftp.Reply{Code: r.code, Lines: r.lines, Text: r.text},
		win32: r.win32, sub: r.sub, ends: r.ends, why: r.why, unexpected: !expected,
	}
}

// refusalOf is the one mapping from errors to refusals.
func refusalOf(err error) (r *refusal, expected bool) {
	var denied *access.Denied
	switch {
	case errors.As(err, &r):
		return r, true
	case errors.As(err, &denied):
		return deniedAs(denied), true
	case errors.Is(err, ftp.ErrBareLF):
		return &refusal{code: 451, text: win32Text(win32InvalidParameter), win32: win32InvalidParameter}, true
	case errors.Is(err, ftp.ErrLineTooLong), errors.Is(err, ftp.ErrSyntax):
		return errNotUnderstood, true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return goodbye(access.SubStatusSiteStopping), true
	case errors.Is(err, ftps.ErrBadRecord):
		return errBadlyFormatted, false // the log says what is wrong with it
	}
	code, known := win32Of(err)
	return fileRefused(code, err), known
}

// deniedAs is the refusal of access rules. A hidden segment looks like a
// missing file, so that hiding does not tell.
func deniedAs(d *access.Denied) *refusal {
	switch d.SubStatus {
	case access.SubStatusCommandFiltered:
		return errFiltered
	case access.SubStatusHiddenSegment:
		return &refusal{code: 550, text: win32Text(win32FileNotFound), win32: win32FileNotFound, sub: d.SubStatus, why: d.Error()}
	default:
		return &refusal{code: 550, text: win32Text(win32AccessDenied), win32: win32AccessDenied, sub: d.SubStatus, why: d.Error()}
	}
}

// fileRefused is the refusal of the file system, in the words Windows has for
// the code.
func fileRefused(code uint32, err error) *refusal {
	sub := access.SubStatusFileSystemError
	switch {
	case errors.Is(err, content.ErrNotRegular):
		sub = access.SubStatusNotFileOrDirectory
	case code == win32AccessDenied:
		sub = access.SubStatusFileSystemDenied
	}
	return &refusal{code: 550, text: win32Text(code), win32: code, sub: sub}
}

// logonRefused is the refusal of a login. To the client all are the same.
func logonRefused(err error) (r *refusal, expected bool) {
	switch {
	case errors.Is(err, auth.ErrBlocked):
		return blocked(), true
	case errors.Is(err, auth.ErrLogon):
		return cannotLogIn(win32LogonFailure, access.SubStatusAuthenticationError), true
	case auth.IsAccountState(err):
		return because(cannotLogIn(win32OfAccount(err), access.SubStatusAuthenticationError), err), true
	case errors.Is(err, auth.ErrAnonymousNotAllowed):
		return cannotLogIn(win32LogonFailure, access.SubStatusAnonymousNotAllowed), true
	case errors.Is(err, auth.ErrAbsent):
		return because(cannotLogIn(win32LogonFailure, access.SubStatusCustomAuthentication), err), true
	case errors.Is(err, auth.ErrNoMethod):
		return cannotLogIn(win32LogonFailure, access.SubStatusNoAuthenticationMethod), true
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return goodbye(access.SubStatusNewConnectionTimeout), true
	case errors.Is(err, context.Canceled):
		return goodbye(access.SubStatusSiteStopping), true
	default:
		return cannotLogIn(0, access.SubStatusCustomAuthentication), false
	}
}

// because lets the log say what the client is not told.
func because(r *refusal, err error) *refusal {
	r.why = err.Error()
	return r
}

// homeRefused is the refusal of a login whose home directory cannot be
// entered. The credentials were right, so the reason may be told apart.
func homeRefused(err error) *refusal {
	var none *vfs.HomeError
	if errors.As(err, &none) && none.Account {
		return cannotLogIn(win32AccessDenied, none.SubStatus)
	}
	if none != nil {
		return homeInaccessible(win32AccessDenied, none.SubStatus)
	}
	var denied *access.Denied
	if errors.As(err, &denied) {
		r := homeInaccessible(win32AccessDenied, denied.SubStatus)
		r.why = denied.Error()
		return r
	}
	if errors.Is(err, fs.ErrPermission) {
		return homeInaccessible(win32AccessDenied, access.SubStatusFileSystemDenied)
	}
	code, _ := win32Of(err)
	return homeInaccessible(code, access.SubStatusHomeDirectory)
}
