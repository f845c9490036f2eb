package w3clog

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, utf8, ansi string }{
		{"", "-", "-"},
		{"-", "-", "-"},
		{"utf8 on", "utf8+on", "utf8+on"},
		{"a\r\nb\tc\x00\x7f", "a??b?c??", "a??b?c??"},
		{"Grüße €", "Grüße+€", "Gr\xfc\xdfe+\x80"},
		{"bad \xff byte", "bad+?+byte", "bad+?+byte"},
		{"\u0085\u00a0\u2028\u3000", "?+++", "?+++"},
		{"a+b", "a+b", "a+b"},
		{"„Ž“ жук ﹖", "„Ž“+жук+﹖", "\x84\x8e\x93+???+?"},
		{"\u202e\ufeff\ufffd", "\u202e\ufeff\ufffd", "???"},
	} {
		if got := string(appendText(nil, c.in, true)); got != c.utf8 {
			t.Errorf("UTF-8 %q: %q, want %q", c.in, got, c.utf8)
		}
		if got := string(appendText(nil, c.in, false)); got != c.ansi {
			t.Errorf("ANSI %q: %q, want %q", c.in, got, c.ansi)
		}
	}
}

// Whatever a client sends, a line has the columns it should have, is one line,
// and is no header.
func FuzzLine(f *testing.F) {
	f.Add("RETR", "a b\r\n#Fields: x", "PC\\ann", "/a b", uint32(DefaultFields), true)
	f.Add("#Software:", "\u2028\xff", "", "\x85", uint32(Method|UriStem), false)
	f.Fuzz(func(t *testing.T, method, arg, user, path string, fields uint32, asUTF8 bool) {
		list := selected(Fields(fields))
		w := line{utf8: asUTF8}
		w.write(list, &Entry{Time: time.Unix(0, 0), Method: method, Argument: arg, UserName: user, FullPath: path, Host: arg, Info: path})
		text, ended := bytes.CutSuffix(w.buf, []byte("\r\n"))
		if !ended || bytes.ContainsAny(text, "\r\n") || bytes.HasPrefix(text, []byte("#")) {
			t.Fatalf("not one line: %q", w.buf)
		}
		if n := len(bytes.Split(text, []byte(" "))); len(list) > 0 && n != len(list) {
			t.Fatalf("%d columns, want %d: %q", n, len(list), text)
		}
		if !asUTF8 {
			return
		}
		if !utf8.Valid(text) {
			t.Fatalf("not UTF-8: %q", text)
		}
		if n := len(strings.Fields(string(text))); n != len(list) {
			t.Fatalf("%d columns by any kind of space, want %d: %q", n, len(list), text)
		}
		if i := strings.IndexFunc(string(text), unicode.IsControl); i >= 0 {
			t.Fatalf("control character at %d: %q", i, text)
		}
	})
}
