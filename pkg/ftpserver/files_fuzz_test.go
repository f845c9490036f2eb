package ftpserver_test

import (
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// fuzzTalk is a client that says one line after the other.
type fuzzTalk struct {
	*testing.T
	running *running
	conn    net.Conn
	in      *fuzzReplies
	content string
}

// withFuzzTalk logs in to the extended sites and ends with what has to hold
// after every session.
func withFuzzTalk(t *testing.T, a *ftptest.Archive, talk func(*fuzzTalk)) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, a, nil)
		conn, err := r.target.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f := &fuzzTalk{t, r, conn, newFuzzReplies(conn), r.config.Sites[0].Directories[0].Physical}
		f.reply()
		f.say("USER ann")
		f.say("PASS secret")
		talk(f)
		if got := f.say("NOOP"); !strings.HasPrefix(got, "200 NOOP") {
			t.Errorf("NOOP is answered %q", got)
		}
		_ = conn.Close()
		r.stop(t)
		fuzzLogs(t, r)
	})
}

func (f *fuzzTalk) reply() string {
	r, err := f.in.next()
	if err != nil {
		f.Fatal(err)
	}
	return r.text
}

// say sends a line, in which IAC is doubled as Telnet wants, and returns the
// last line of the reply.
func (f *fuzzTalk) say(line string) string {
	if _, err := io.WriteString(f.conn, strings.ReplaceAll(line, "\xff", "\xff\xff")+"\r\n"); err != nil {
		f.Fatal(err)
	}
	return f.reply()
}

// fetch returns what a command sends, and its final reply.
func (f *fuzzTalk) fetch(line string) (data, reply string) {
	port := fuzzPassive(f.say("EPSV"))
	conn, err := f.running.target.DialData(f.Context(), netip.AddrPortFrom(f.running.address.Addr(), port))
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if reply = f.say(line); reply[0] != '1' {
		return "", reply
	}
	b, err := io.ReadAll(conn)
	if err != nil {
		f.Fatal(err)
	}
	return string(b), f.reply()
}

// FuzzNames shows a file of any name and uses it by that name.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"a.txt", "two\r\nlines\r\n226 x", "\x1b[2J\x7f\x00", "caf\xe9", "\xff\xf4\xff\xf2", " x ", "-la", "*", "a?b", "a:b", `a\b`, `"`, "con", "nul.txt",
		"\u0130\u0131\u017f", "\u2028\u0085", strings.Repeat("\xff", 200), "=;", "a b", ".", "..", "x.", "~", "%", "|",
	} {
		f.Add(name)
	}
	sites := fuzzArchives(f)[extendedSites]
	plain := regexp.MustCompile(`^[A-Za-z0-9_\x80-\xff]+$`)
	f.Fuzz(func(t *testing.T, name string) {
		if runtime.GOOS != "linux" {
			return // other systems have fewer names
		}
		withFuzzTalk(t, sites, func(f *fuzzTalk) {
			f.say("CWD empty")
			file := filepath.Join(f.content, "empty", strings.NewReplacer("/", "", "\x00", "").Replace(name))
			if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
				return // no name at all, or too long
			}
			name := filepath.Base(file)
			// What a client could not name in a line, or would take for a path, is
			// not shown at all.
			hidden := strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' })
			for _, command := range []string{"LIST", "LIST -a", "SITE DIRSTYLE", "LIST", "NLST", "MLSD", "NLST *"} {
				if strings.HasPrefix(command, "SITE") {
					f.say(command)
					continue
				}
				data, reply := f.fetch(command)
				line, ok := strings.CutSuffix(data, "\r\n")
				alone := ok && strings.HasSuffix(line, name) && !strings.ContainsAny(line, "\r\n")
				if hidden == alone || hidden && data != "" || reply != "226 Transfer complete." {
					t.Errorf("%s of %q: %q, %s", command, name, data, reply)
				}
			}
			f.say("STAT .")
			f.say("MLST " + line(name))
			if got := f.say("SIZE " + line(name)); got != "213 5" && (got[:4] != "550 " || plain.MatchString(latin(name))) {
				t.Errorf("SIZE %q: %s", name, got)
			}
			f.say("RNFR " + line(name))
			f.say("RNTO " + line(name) + "2")
			f.say("MKD " + line(name))
			f.say("DELE " + line(name) + "2")
		})
	})
}

// latin makes each byte a character, so that no byte is lost by what handles
// characters.
func latin(bytes string) string {
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}

// line is a name as it can be in one line.
func line(name string) string { return strings.NewReplacer("\n", "\r", "\x00", "").Replace(name) }

// FuzzParts asks for parts of a file by REST, by RANG and by the arguments of
// XMD5, and compares what comes with the file.
func FuzzParts(f *testing.F) {
	for _, n := range [][2]int64{{0, 25}, {1, 0}, {3, 3}, {26, 26}, {27, 30}, {5, 4}, {-1, 2}, {0, math.MaxInt64}, {25, math.MaxInt64 - 1}} {
		f.Add(n[0], n[1])
	}
	const letters = "abcdefghijklmnopqrstuvwxyz"
	sites := fuzzArchives(f)[extendedSites]
	f.Fuzz(func(t *testing.T, first, last int64) {
		withFuzzTalk(t, sites, func(f *fuzzTalk) {
			if err := os.WriteFile(filepath.Join(f.content, "letters"), []byte(letters), 0o600); err != nil {
				t.Fatal(err)
			}
			f.expectPart(fmt.Sprintf("REST %d", first), "RETR letters", from(letters, first, math.MaxInt64), first >= 0)
			accepted := first >= 0 && last >= first && last < math.MaxInt64
			want := from(letters, first, last+1)
			if first == 1 && last == 0 {
				accepted, want = true, found{letters, true}
			}
			rang := fmt.Sprintf("RANG %d %d", first, last)
			f.expectPart(rang, "RETR letters", want, accepted)
			if got := f.say(rang); accepted != strings.HasPrefix(got, "350 ") {
				t.Errorf("%s: %s", rang, got)
			}
			got := f.say("HASH letters")
			if accepted && want.there && !strings.Contains(got, fmt.Sprintf(" %x ", sha256.Sum256([]byte(want.text)))) {
				t.Errorf("%s and HASH: %s, want the hash of %q", rang, got, want.text)
			}
			end := last
			if last == 0 {
				end = math.MaxInt64
			}
			want = from(letters, first, end)
			xmd5 := fmt.Sprintf(`XMD5 "letters" %d %d`, first, last)
			got, sum := f.say(xmd5), fmt.Sprintf("250 %X", md5.Sum([]byte(want.text)))
			switch valid := first >= 0 && last >= 0 && (last == 0 || last >= first); {
			case valid && want.there && got != sum, valid && !want.there && got[:4] != "550 ", !valid && got[:4] != "501 ":
				t.Errorf("%s: %s, want %q", xmd5, got, want.text)
			}
		})
	})
}

// found is a part of a file, which may begin beyond its end.
type found struct {
	text  string
	there bool
}

// from returns the bytes from first up to but not including end.
func from(all string, first, end int64) found {
	if first < 0 || first > int64(len(all)) {
		return found{}
	}
	return found{all[first:max(first, min(end, int64(len(all))))], true}
}

// expectPart says where to begin and then what to send.
func (f *fuzzTalk) expectPart(begin, command string, want found, accepted bool) {
	got := f.say(begin)
	if accepted != (got[0] == '3') || !accepted && got[:4] != "501 " {
		f.Errorf("%s: %s", begin, got)
	}
	data, reply := f.fetch(command)
	switch {
	case !accepted: // then it is the whole file
		if len(data) != 26 {
			f.Errorf("%s, refused, and %s: %q, %s", begin, command, data, reply)
		}
	case want.there != strings.HasPrefix(reply, "226 "), data != want.text:
		f.Errorf("%s, %s: %q, %s, want %q", begin, command, data, reply, want.text)
	}
}

// FuzzTimes sets the time of a file and asks for it.
func FuzzTimes(f *testing.F) {
	for _, text := range []string{"20240718234605", "20240718234605.999", "20161231235960", "00010101000000", "99991231235959", "20240230000000", "1", "", "2024071823460\xb2"} {
		f.Add(text)
	}
	sites := fuzzArchives(f)[extendedSites]
	form := regexp.MustCompile(`^[0-9]{14}(\.[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n ") || text == "" {
			return // another argument, or another line
		}
		if "1678" < text && text < "1902" {
			return // some file systems begin their time in 1901
		}
		withFuzzTalk(t, sites, func(f *fuzzTalk) {
			before := f.say("MDTM a.txt")
			set := f.say("MFMT " + text + " a.txt")
			told, ok := strings.CutPrefix(set, "213 Modify=")
			after := f.say("MDTM a.txt")
			switch {
			case !ok && after != before, !ok && set[:4] != "501 " && set[:4] != "550 ":
				t.Errorf("MFMT %q: %s, and the time was %s and is %s", text, set, before, after)
			case ok && !form.MatchString(text), ok && after != "213 "+strings.TrimSuffix(told, "; a.txt"):
				t.Errorf("MFMT %q: %s, and the time is %s", text, set, after)
			case ok && text[12:14] < "60" && told[:14] != text[:14]:
				t.Errorf("MFMT %q: %s", text, set)
			}
			info, err := os.Stat(filepath.Join(f.content, "a.txt"))
			if err != nil || "213 "+info.ModTime().UTC().Format("20060102150405") != after {
				t.Errorf("the file is of %v, and MDTM says %s (%v)", info.ModTime(), after, err)
			}
			if _, err := time.Parse("20060102150405", text[:min(14, len(text))]); ok && err != nil && text[12:14] != "60" {
				t.Errorf("MFMT %q: %s, %v", text, set, errors.Unwrap(err))
			}
		})
	})
}
