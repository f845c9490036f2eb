package ftp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/ftp"
)

func TestParseCommand(t *testing.T) {
	for _, tt := range []struct {
		line string
		want ftp.Command
		err  error
	}{
		{line: "NOOP", want: ftp.Command{Verb: "NOOP", Typed: "NOOP"}},
		{line: "noop", want: ftp.Command{Verb: "NOOP", Typed: "noop"}},
		{line: "LIST ", want: ftp.Command{Verb: "LIST", Typed: "LIST"}},
		{line: "LIST  ", want: ftp.Command{Verb: "LIST", Typed: "LIST", Arg: " ", HasArg: true}},
		{line: "SIZE a dir/Doc 1.jpg", want: ftp.Command{Verb: "SIZE", Typed: "SIZE", Arg: "a dir/Doc 1.jpg", HasArg: true}},
		{line: "CWD  leading", want: ftp.Command{Verb: "CWD", Typed: "CWD", Arg: " leading", HasArg: true}},
		{line: "PASS two words ", want: ftp.Command{Verb: "PASS", Typed: "PASS", Arg: "two words ", HasArg: true}},
		{line: "dele caf\xe9", want: ftp.Command{Verb: "DELE", Typed: "dele", Arg: "caf\xe9", HasArg: true}},
		{line: "RETR a\x00b\tc", want: ftp.Command{Verb: "RETR", Typed: "RETR", Arg: "a\x00b\tc", HasArg: true}},
		{line: "", err: ftp.ErrSyntax},
		{line: " NOOP", err: ftp.ErrSyntax},
		{line: "\x16\x03\x01\x02\x00\x01", err: ftp.ErrSyntax},
		{line: "N\x00OP", err: ftp.ErrSyntax},
		{line: "\xd5OOP", err: ftp.ErrSyntax},
		{line: "NOOP\tx", err: ftp.ErrSyntax},
	} {
		got, err := ftp.ParseCommand([]byte(tt.line))
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("ParseCommand(%q) = %+v, %v; want %+v, %v", tt.line, got, err, tt.want, tt.err)
		}
	}
}

// The command must not change when the reader's buffer is used again.
func TestCommandIsACopy(t *testing.T) {
	line := []byte("RETR file")
	c, err := ftp.ParseCommand(line)
	if err != nil {
		t.Fatal(err)
	}
	copy(line, "xxxxxxxxx")
	if c.Verb != "RETR" || c.Arg != "file" {
		t.Errorf("got %+v", c)
	}
}

func TestReply(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply ftp.Reply
		want  string
	}{
		{"one line", ftp.Reply{Code: 230, Text: "User logged in."}, "230 User logged in.\r\n"},
		{"empty", ftp.Reply{Code: 220}, "220 \r\n"},
		{"trailing space", ftp.Reply{Code: 550, Text: "Access is denied. "}, "550 Access is denied. \r\n"},
		{
			"coded lines",
			ftp.Reply{Code: 220, Lines: []string{"Microsoft FTP Service", " indented", "", "221 no end"}, Text: "Hello"},
			"220-Microsoft FTP Service\r\n220- indented\r\n220-\r\n220-221 no end\r\n220 Hello\r\n",
		},
		{
			"features",
			ftp.Reply{Code: 211, Raw: true, Lines: []string{"Extended features supported:", " UTF8", " SIZE"}, Text: "END"},
			"211-Extended features supported:\r\n UTF8\r\n SIZE\r\n211 END\r\n",
		},
		{
			"help",
			ftp.Reply{Code: 214, Raw: true, Lines: []string{"The following", "    ABOR", "    ACCT"}, Text: "HELP command successful."},
			"214-The following\r\n    ABOR\r\n    ACCT\r\n214 HELP command successful.\r\n",
		},
		{
			"detailed error",
			ftp.Reply{Code: 550, Raw: true, Lines: []string{"Gone. ", " Win32 error:   Gone. ", " Error details: File system returned an error."}, Text: "End"},
			"550-Gone. \r\n Win32 error:   Gone. \r\n Error details: File system returned an error.\r\n550 End\r\n",
		},
		{
			"raw line that looks like the end",
			ftp.Reply{Code: 211, Raw: true, Lines: []string{"x", "211 END", ""}, Text: "END"},
			"211-x\r\n 211 END\r\n \r\n211 END\r\n",
		},
		{
			"text that would be two replies",
			ftp.Reply{Code: 250, Lines: []string{"a\nb"}, Text: "x\r\n226 Transfer complete.\x00\x1b\x7f\ty"},
			"250-a?b\r\n250 x??226 Transfer complete.??\x7f\ty\r\n",
		},
		{"not utf-8", ftp.Reply{Code: 257, Text: "\"/caf\xe9\" is current directory."}, "257 \"/caf\xe9\" is current directory.\r\n"},
		{"255 is Telnet's", ftp.Reply{Code: 257, Text: "\"/\xff\xff\xf4a\xff\""}, "257 \"/\xff\xff\xff\xff\xf4a\xff\xff\"\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.reply.AppendTo([]byte("before|"))); got != "before|"+tt.want {
				t.Errorf("\n got %q\nwant %q", got, "before|"+tt.want)
			}
		})
	}
}

// Whatever the texts are, a client sees one reply with as many lines.
func FuzzReply(f *testing.F) {
	f.Add("first", "second", "last", true)
	f.Add("first", "211 END", "END", true)
	f.Add("a\r\nb", "\n", "\r", false)
	f.Add("\xff", "a\xff\xf4", "\xff\xff", false)
	f.Fuzz(func(t *testing.T, first, second, text string, raw bool) {
		r := ftp.Reply{Code: 211, Lines: []string{first, second}, Text: text, Raw: raw}
		lines := strings.SplitAfter(string(r.AppendTo(nil)), "\r\n")
		if len(lines) != 4 || lines[3] != "" {
			t.Fatalf("%q has not three lines", lines)
		}
		if !strings.HasPrefix(lines[0], "211-") || !strings.HasPrefix(lines[2], "211 ") {
			t.Errorf("%q does not begin or end properly", lines)
		}
		if strings.HasPrefix(lines[1], "211 ") {
			t.Errorf("%q ends early", lines)
		}
		if text := strings.ReplaceAll(strings.Join(lines, ""), "\xff\xff", ""); strings.Contains(text, "\xff") {
			t.Errorf("%q begins a Telnet sequence", lines)
		}
		if strings.ContainsAny(strings.Join(lines, ""), "\x00\x1b") || strings.Count(strings.Join(lines, ""), "\r") != 3 {
			t.Errorf("%q has control characters", lines)
		}
	})
}

func BenchmarkReply(b *testing.B) {
	r := ftp.Reply{Code: 226, Text: "Transfer complete."}
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendTo(buf[:0])
	}
}
