package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/vpath"
)

func TestRequestFilter(t *testing.T) {
	open := access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true}
	with := func(change func(*access.FilterSettings)) access.FilterSettings {
		s := open
		change(&s)
		return s
	}
	hidden := with(func(s *access.FilterSettings) { s.HiddenSegments = []string{"_vti_bin", "Geheim. "} })
	sequences := with(func(s *access.FilterSettings) { s.DeniedSequences = []string{"..", "Ab", `x\y`, ""} })
	denied := with(func(s *access.FilterSettings) {
		s.Extensions = map[string]bool{".EXE": false, "cmd": false, ".": false}
	})
	listed := with(func(s *access.FilterSettings) {
		s.AllowUnlistedExtensions = false
		s.Extensions = map[string]bool{"txt": true, ".GZ": true}
	})
	for _, c := range []struct {
		name     string
		settings access.FilterSettings
		path     vpath.Path
		file     bool
		want     int
	}{
		{"open", open, "/ä/b.exe", true, 0},
		{"high bit", access.FilterSettings{AllowUnlistedExtensions: true}, "/a/ü", false, access.SubStatusHighBit},
		{"no high bit", access.FilterSettings{AllowUnlistedExtensions: true}, "/a/~", false, 0},
		{"long enough", with(func(s *access.FilterSettings) { s.MaxURL = 8 }), "/1234567", false, 0},
		{"too long", with(func(s *access.FilterSettings) { s.MaxURL = 8 }), "/12345678", false, access.SubStatusPathTooLong},
		{"length is in bytes", with(func(s *access.FilterSettings) { s.MaxURL = 8 }), "/äöüß", false, access.SubStatusPathTooLong},

		{"hidden", hidden, "/_vti_bin", false, access.SubStatusHiddenSegment},
		{"hidden in the middle", hidden, "/a/_VTI_BIN/b.txt", true, access.SubStatusHiddenSegment},
		{"hidden with a dot behind", hidden, "/_vti_bin./b", false, access.SubStatusHiddenSegment},
		{"hidden with dots and spaces behind", hidden, "/_vti_bin . ./b", false, access.SubStatusHiddenSegment},
		{"hidden as a stream", hidden, "/_vti_bin::$INDEX_ALLOCATION/b", false, access.SubStatusHiddenSegment},
		{"hidden as a stream with a space", hidden, "/_vti_bin :x", false, access.SubStatusHiddenSegment},
		{"configured with a dot behind", hidden, "/GEHEIM", false, access.SubStatusHiddenSegment},
		{"not hidden", hidden, "/_vti_bin2/x_vti_bin", false, 0},

		{"sequence", sequences, "/a/xaBx", false, access.SubStatusDeniedSequence},
		{"sequence of dots", sequences, "/a..", false, access.SubStatusDeniedSequence},
		{"sequence over a slash", sequences, "/X/Y", false, access.SubStatusDeniedSequence},
		{"sequence over a slash and a dot", sequences, "/x. /y", false, access.SubStatusDeniedSequence},
		{"no sequence", sequences, "/a/b.c", false, 0},

		{"extension", denied, "/a/b.exe", true, access.SubStatusExtension},
		{"extension in capitals", denied, "/a/b.Exe", true, access.SubStatusExtension},
		{"extension with a dot behind", denied, "/a/b.exe.", true, access.SubStatusExtension},
		{"extension with a space behind", denied, "/a/b.exe ", true, access.SubStatusExtension},
		{"extension before a stream", denied, "/a/b.exe::$DATA", true, access.SubStatusExtension},
		{"extension behind a colon", denied, "/a/b.txt:c.exe", true, access.SubStatusExtension},
		{"extension of a directory", denied, "/a.exe/b.txt", true, 0},
		{"not a file", denied, "/a/b.exe", false, 0},
		{"no extension", denied, "/a/README", true, access.SubStatusExtension},
		{"an extension alone", denied, "/.cmd", true, access.SubStatusExtension},
		{"the last one counts", denied, "/b.exe.txt", true, 0},
		{"listed", listed, "/a.TXT", true, 0},
		{"listed, two of them", listed, "/a.tar.gz", true, 0},
		{"not listed", listed, "/a.tar", true, access.SubStatusExtension},
		{"none, not listed", listed, "/a", true, access.SubStatusExtension},
		{"root is no file", listed, "/", true, 0},

		{"length before all", access.FilterSettings{MaxURL: 3, HiddenSegments: []string{"äöü"}}, "/äöü", true, access.SubStatusPathTooLong},
		{"sequence before hidden", access.FilterSettings{AllowHighBit: true, DeniedSequences: []string{"x"}, HiddenSegments: []string{"x"}}, "/x", true, access.SubStatusDeniedSequence},
		{"hidden before extension", access.FilterSettings{AllowHighBit: true, HiddenSegments: []string{"x"}}, "/x", true, access.SubStatusHiddenSegment},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := access.NewRequestFilter(c.settings).Check(c.path, c.file)
			got := 0
			var d *access.Denied
			if errors.As(err, &d) {
				got = d.SubStatus
			}
			if got != c.want {
				t.Errorf("%q: sub-status %d (%v), want %d", c.path, got, err, c.want)
			}
		})
	}
}

func TestNoFilter(t *testing.T) {
	var f *access.RequestFilter
	if f.Check("/_vti_bin/ä.exe", true) != nil || f.Hides("x") || f.MaxContentLength() != 0 {
		t.Error("nil refuses")
	}
	if n := access.NewRequestFilter(access.FilterSettings{MaxContentLength: 7}).MaxContentLength(); n != 7 {
		t.Errorf("MaxContentLength = %d", n)
	}
}

func TestCommandFilter(t *testing.T) {
	f := access.NewCommandFilter(true, map[string]bool{"dele": false, "SITE": false, "NOOP": true})
	closed := access.NewCommandFilter(false, map[string]bool{"NOOP": true})
	for _, c := range []struct {
		f    *access.CommandFilter
		verb string
		want bool
	}{
		{f, "DELE", false},
		{f, "SITE", false},
		{f, "NOOP", true},
		{f, "RETR", true},
		{closed, "NOOP", true},
		{closed, "RETR", false},
		{nil, "DELE", true},
	} {
		err := c.f.Check(c.verb)
		var d *access.Denied
		if c.want && err != nil || !c.want && (!errors.As(err, &d) || d.SubStatus != access.SubStatusCommandFiltered) {
			t.Errorf("%s: %v", c.verb, err)
		}
	}
}

func TestSubStatusTexts(t *testing.T) {
	for n := range 56 {
		if text := access.Text(n); !strings.HasSuffix(text, ".") {
			t.Errorf("sub-status %d: %q", n, text)
		}
	}
	if access.Text(-1) != "" || access.Text(56) != "" {
		t.Error("a text for a number that is none")
	}
}

// No spelling that Windows takes for a hidden or forbidden name passes.
func FuzzRequestFilter(f *testing.F) {
	for _, s := range []string{"/_vti_bin", "/a/_VTI_BIN. /x", "/x.exe ", "/x.EXE::$DATA", "/a/../x.exe"} {
		f.Add(s)
	}
	filter := access.NewRequestFilter(access.FilterSettings{
		AllowHighBit: true, AllowUnlistedExtensions: true,
		HiddenSegments: []string{"_vti_bin"}, Extensions: map[string]bool{"exe": false},
	})
	f.Fuzz(func(t *testing.T, s string) {
		p := vpath.Clean(s)
		if filter.Check(p, true) != nil {
			return
		}
		for segment := range p.Segments() {
			if plain, _, _ := strings.Cut(strings.ToLower(segment), ":"); strings.TrimRight(plain, ". ") == "_vti_bin" {
				t.Errorf("%q passes", p)
			}
		}
		if plain, _, _ := strings.Cut(strings.ToLower(p.Base()), ":"); strings.HasSuffix(strings.TrimRight(plain, ". "), ".exe") {
			t.Errorf("%q passes", p)
		}
	})
}

// TestFilterOrigins: a refusal names the line that decides.
func TestFilterOrigins(t *testing.T) {
	f := access.NewRequestFilter(access.FilterSettings{
		MaxURL: 30, HiddenSegments: []string{"_private", "Bin"}, DeniedSequences: []string{"..", `x\y`},
		Extensions: map[string]bool{".exe": false, "txt": true},
		Origins: access.FilterOrigins{
			HighBit: "high", MaxURL: "long", UnlistedExtensions: "unlisted",
			HiddenSegments: map[string]string{"_private": "private", "Bin": "bin"}, DeniedSequences: map[string]string{"..": "dots", `x\y`: "xy"},
			Extensions: map[string]string{".exe": "exe", "txt": "txt"},
		},
	})
	for path, want := range map[vpath.Path]string{
		"/ü": "high", "/0123456789012345678901234567890": "long", "/_PRIVATE/a.txt": "private", "/a/bin:x": "bin",
		"/a..b.txt": "dots", "/X/Y.txt": "xy", "/a.exe": "exe", "/a.exe:b.txt": "exe", "/a.dat": "unlisted", "/a.txt": "",
	} {
		got := ""
		var denied *access.Denied
		if err := f.Check(path, true); errors.As(err, &denied) {
			got = denied.Origin
		} else if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if got != want {
			t.Errorf("%s: %q decides, want %q", path, got, want)
		}
	}
}
