package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
)

func TestOutcomeOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		want  string
		win32 uint32
		sub   int
		ends  bool
		odd   bool
	}{
		{"unknown verb", errNotUnderstood, "500 Command not understood.", 0, 0, false, false},
		{"wrapped refusal", fmt.Errorf("x: %w", errParameters), "501 Invalid number of parameters.", 87, 0, false, false},
		{"no login", errLoginNeeded, "530 Please login with USER and PASS.", 0, 0, false, false},
		{"goodbye", goodbye(access.SubStatusControlTimeout), "421 Service not available, closing control connection.", 0, 14, true, false},
		{"bare LF", ftp.ErrBareLF, "451 The parameter is incorrect. ", 87, 0, false, false},
		{"long line", ftp.ErrLineTooLong, "500 Command not understood.", 0, 0, false, false},
		{"not a command", ftp.ErrSyntax, "500 Command not understood.", 0, 0, false, false},
		{"cancelled", context.Canceled, "421 Service not available, closing control connection.", 0, 21, true, false},

		{"authorization", &access.Denied{SubStatus: access.SubStatusAuthorization, Reason: "r"}, "550 Access is denied. ", 5, 1, false, false},
		{"virtual directory root", &access.Denied{SubStatus: access.SubStatusVirtualDirectoryRoot}, "550 Access is denied. ", 5, 5, false, false},
		{"hidden segment", &access.Denied{SubStatus: access.SubStatusHiddenSegment}, "550 The system cannot find the file specified. ", 2, 8, false, false},
		{"filtered verb", &access.Denied{SubStatus: access.SubStatusCommandFiltered}, "502 Command not implemented.", 0, 51, false, false},

		{"missing", fs.ErrNotExist, "550 The system cannot find the file specified. ", 2, 3, false, false},
		{"missing, as the system says it", &fs.PathError{Op: "open", Err: syscall.ENOENT}, "550 The system cannot find the file specified. ", 2, 3, false, false},
		{"missing on the way", stored(content.ErrPathNotFound, fs.ErrNotExist), "550 The system cannot find the path specified. ", 3, 3, false, false},
		{"exists", stored(fs.ErrExist, syscall.EEXIST), "550 Cannot create a file when that file already exists. ", 183, 3, false, false},
		{"permission", stored(fs.ErrPermission, syscall.EACCES), "550 Access is denied. ", 5, 2, false, false},
		{"a directory", stored(content.ErrIsDirectory, nil), "550 Access is denied. ", 5, 2, false, false},
		{"a pipe", stored(content.ErrNotRegular, nil), "550 Access is denied. ", 5, 13, false, false},
		{"no directory", stored(content.ErrNotDirectory, nil), "550 The directory name is invalid. ", 267, 3, false, false},
		{"name", stored(content.ErrInvalidName, nil), "550 The filename, directory name, or volume label syntax is incorrect. ", 123, 3, false, false},
		{"colon", stored(content.ErrInvalidParameter, nil), "550 The parameter is incorrect. ", 87, 3, false, false},
		{"not empty", stored(content.ErrDirectoryNotEmpty, nil), "550 The directory is not empty. ", 145, 3, false, false},
		{"in use", stored(content.ErrInUse, nil), "550 The process cannot access the file because it is being used by another process. ", 32, 3, false, false},
		{"other volume", stored(content.ErrCrossDevice, nil), "550 The system cannot move the file to a different disk drive. ", 17, 3, false, false},
		{"read only", stored(content.ErrReadOnlyStore, nil), "550 The media is write protected. ", 19, 3, false, false},
		{"full", stored(content.ErrNoSpace, nil), "550 There is not enough space on the disk. ", 112, 3, false, false},
		{"full while writing", &fs.PathError{Op: "write", Err: syscall.ENOSPC}, "550 There is not enough space on the disk. ", 112, 3, false, false},
		{"long name", stored(content.ErrNameTooLong, nil), "550 The filename or extension is too long. ", 206, 3, false, false},
		{"the unforeseen", errors.New("secret /srv/ftp/x"), "550 The request could not be performed because of an I/O device error. ", 1117, 3, false, true},

		{"client gone", clientGone(), "550 The specified network name is no longer available. ", 64, 0, false, false},
		{"too slow", errDataTooSlow, "425 Data channel timed out due to not meeting the minimum bandwidth requirement.", 0, 50, false, false},
		{"too large", errTooLarge, "552 Maximum file size was exceeded.", 0, 39, false, false},
		{"TLS wanted", errControlNeedsTLS, "534 Policy requires SSL.", 5, 25, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := outcomeOf(c.err)
			got := strings.TrimSuffix(string(out.reply.AppendTo(nil)), "\r\n")
			if got != c.want {
				t.Errorf("reply %q, want %q", got, c.want)
			}
			if out.win32 != c.win32 || out.sub != c.sub || out.ends != c.ends || out.unexpected != c.odd {
				t.Errorf("win32 %d sub %d ends %v unexpected %v, want %d %d %v %v",
					out.win32, out.sub, out.ends, out.unexpected, c.win32, c.sub, c.ends, c.odd)
			}
		})
	}
}

// stored is an error as a content store returns it.
func stored(kind, cause error) error {
	return &content.Error{Op: "open", Name: "a", Kind: kind, Err: cause}
}

func TestLogonRefused(t *testing.T) {
	for _, c := range []struct {
		err      error
		win32    uint32
		sub      int
		expected bool
	}{
		{auth.ErrLogon, 1326, 41, true},
		{auth.ErrAccountDisabled, 1331, 41, true},
		{auth.ErrAccountExpired, 1793, 41, true},
		{fmt.Errorf("ad: %w", auth.ErrAccountLocked), 1909, 41, true},
		{auth.ErrPasswordExpired, 1330, 41, true},
		{auth.ErrPasswordMustChange, 1907, 41, true},
		{auth.ErrLogonHours, 1328, 41, true},
		{auth.ErrWorkstation, 1329, 41, true},
		{auth.ErrNoOSUser, 1332, 41, true},
		{auth.ErrRoot, 1327, 41, true},
		{auth.ErrCannotImpersonate, 1314, 41, true},
		{auth.ErrAnonymousNotAllowed, 1326, 42, true},
		{auth.ErrNoMethod, 1326, 36, true},
		{fmt.Errorf("%w: %w", auth.ErrProvider, os.ErrClosed), 0, 34, false},
	} {
		r, expected := logonRefused(c.err)
		if r.code != 530 || r.text != "User cannot log in." {
			t.Errorf("%v: %d %s; all failed logins look the same", c.err, r.code, r.text)
		}
		if r.win32 != c.win32 || r.sub != c.sub || expected != c.expected {
			t.Errorf("%v: win32 %d sub %d expected %v, want %d %d %v", c.err, r.win32, r.sub, expected, c.win32, c.sub, c.expected)
		}
	}
}

func TestHomeRefused(t *testing.T) {
	for _, c := range []struct {
		err   error
		win32 uint32
		sub   int
	}{
		{&access.Denied{SubStatus: access.SubStatusAuthorization}, 5, 1},
		{stored(fs.ErrPermission, nil), 5, 2},
		{stored(fs.ErrNotExist, nil), 2, 33},
	} {
		r := homeRefused(c.err)
		if r.text != "User cannot log in, home directory inaccessible." || r.win32 != c.win32 || r.sub != c.sub {
			t.Errorf("%v: %q %d %d", c.err, r.text, r.win32, r.sub)
		}
	}
}

func TestDetailed(t *testing.T) {
	out := outcomeOf(&access.Denied{SubStatus: access.SubStatusVirtualDirectoryRoot})
	want := "550-Access is denied. \r\n" +
		" Win32 error:   Access is denied. \r\n" +
		" Error details: Write access for the root of the virtual directory is forbidden.\r\n" +
		"550 End\r\n"
	if got := string(detailed(out).AppendTo(nil)); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	out = outcomeOf(cannotLogIn(0, access.SubStatusCustomAuthentication))
	if got := string(detailed(out).AppendTo(nil)); !strings.Contains(got, "\r\n Win32 error:   \r\n") {
		t.Errorf("without a code the value is empty: %q", got)
	}
}

func TestExpand(t *testing.T) {
	value := func(name string) (string, bool) {
		return "shop", strings.EqualFold(name, "SiteName")
	}
	for text, want := range map[string]string{
		"plain":                       "plain",
		"at %SiteName%.":              "at shop.",
		"%sitename%%SITENAME%":        "shopshop",
		"100% of %SiteName%":          "100% of shop",
		"%nobody% knows":              "%nobody% knows",
		"%":                           "%",
		"%SiteName":                   "%SiteName",
		"%%SiteName%%":                "%shop%",
		"nothing%between%%SiteName%%": "nothing%between%shop%",
	} {
		if got := expand(text, value); got != want {
			t.Errorf("expand(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 87654321: "87,654,321", 123456789012: "123,456,789,012"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestCommandTable(t *testing.T) {
	rows := commands()
	if table := commandTable(); len(table) != len(rows) {
		t.Errorf("%d rows, %d verbs: a verb is there twice", len(rows), len(table))
	}
	for _, row := range rows {
		if row.verb != strings.ToUpper(row.verb) || row.run == nil || row.when == 0 {
			t.Errorf("%+v is incomplete", row.verb)
		}
		if row.when&stranger != 0 && !row.inClear {
			t.Errorf("%s: a stranger may use it, but not in clear; strangers always speak in clear", row.verb)
		}
		if row.data && row.when&stranger != 0 {
			t.Errorf("%s: a stranger gets no data channel", row.verb)
		}
		if (row.help == "") != row.unimplemented {
			t.Errorf("%s: every implemented verb has help, and no other", row.verb)
		}
		if row.arg == required && row.syntax == "" {
			t.Errorf("%s: HELP does not tell its argument", row.verb)
		}
	}
}
