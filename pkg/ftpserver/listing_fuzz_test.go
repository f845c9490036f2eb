package ftpserver

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// listed is what a client reads from a line of a listing.
type listed struct {
	name string
	size int64
	dir  bool
	at   time.Time
	// until is when at ends: lines leave out seconds, or the time of day.
	until time.Time
}

// parseDOS reads a line by columns, as clients do that know IIS.
func parseDOS(line string, longDate bool, zone *time.Location) (l listed, err error) {
	form, name := "01-02-06  03:04PM", 39
	if longDate {
		form, name = "01-02-2006  03:04PM", 41
	}
	if len(line) < name || line[name-1] != ' ' {
		return l, fmt.Errorf("no name at column %d", name)
	}
	l.at, err = time.ParseInLocation(form, line[:len(form)], zone)
	if err != nil {
		return l, err
	}
	l.until, l.name = l.at.Add(time.Minute), line[name:]
	switch field := line[len(form) : name-1]; {
	case field == "       <DIR>         ":
		l.dir = true
	default:
		l.size, err = strconv.ParseInt(strings.TrimLeft(field, " "), 10, 64)
	}
	return l, err
}

// parseUnix reads a line as a regular expression of many clients does.
func parseUnix(line string, now time.Time) (l listed, err error) {
	form := regexp.MustCompile(`^([-d])[-r][-w][-x][-r][-w][-x][-r][-w][-x] +1 owner +group +(\d+) ([A-Z][a-z][a-z]) ([ 1-3]\d) ([ 1-2]\d:\d\d| [ \d]\d{3}) ((?s).*)$`)
	f := form.FindStringSubmatch(line)
	if f == nil {
		return l, fmt.Errorf("not a line of ls")
	}
	l.dir, l.name = f[1] == "d", f[6]
	if l.size, err = strconv.ParseInt(f[2], 10, 64); err != nil {
		return l, err
	}
	day := strings.ReplaceAll(f[4], " ", "0")
	if clock := strings.ReplaceAll(f[5], " ", "0"); strings.Contains(clock, ":") {
		l.at, err = time.ParseInLocation("2006 Jan 02 15:04", fmt.Sprintf("%04d %s %s %s", now.Year(), f[3], day, clock), now.Location())
		l.until = l.at.Add(time.Minute)
	} else {
		l.at, err = time.ParseInLocation("02006 Jan 02", fmt.Sprintf("%s %s %s", clock, f[3], day), now.Location())
		l.until = l.at.AddDate(0, 0, 1)
	}
	return l, err
}

// parseMLSD reads a line by RFC 3659 §7.2.
func parseMLSD(line string) (l listed, err error) {
	facts, name, ok := strings.Cut(line, " ")
	if !ok {
		return l, fmt.Errorf("no space before the name")
	}
	l.name = name
	for fact := range strings.SplitSeq(strings.TrimSuffix(facts, ";"), ";") {
		key, value, _ := strings.Cut(fact, "=")
		switch key {
		case "type":
			l.dir = value == "dir"
			if !l.dir && value != "file" {
				err = fmt.Errorf("type %q", value)
			}
		case "size":
			l.size, err = strconv.ParseInt(value, 10, 64)
		case "modify":
			l.at, err = ftp.ParseTime(value)
			l.until = l.at.Add(time.Second)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// visibleName is how a name must look in a listing.
func visibleName(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c < 0x20 {
			b[i] = '?'
		}
	}
	return string(b)
}

// FuzzListing reads the lines of LIST, NLST and MLSD back: every file is one
// line, and a client learns its name, size, kind and time.
func FuzzListing(f *testing.F) {
	f.Add("file.txt", int64(4), int64(1721400365), int16(120), uint8(0), false)
	f.Add("  two  spaces ", int64(1)<<62, int64(951782400), int16(-1), uint8(1), true)
	f.Add("a\r\n01-02-24  03:04PM       <DIR>          x\x1b[2J\x7f", int64(0), int64(1735689599), int16(0), uint8(2), false)
	f.Add("\xff\xfe\u2028\u0085", int64(99999999999), int64(4102444799), int16(840), uint8(7), false)
	now := time.Date(2024, 7, 31, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, name string, size, seconds int64, minutesEast int16, style uint8, dir bool) {
		// From 1970 to 2068, where two digits are one year; zones as there are.
		seconds = max(0, min(seconds, 3124223999-24*60*60))
		zone := time.FixedZone("", int(max(-720, min(minutesEast, 840)))*60)
		// The size has 16 columns in lines of ls, and one has to stay empty.
		info := content.Info{Name: name, Size: max(0, min(size, 1e15-1)), Dir: dir, ModTime: time.Unix(seconds, 0)}
		if dir {
			info.Size = 0
		}
		s := listStyle{unix: style&1 != 0, longDate: style&2 != 0, gmt: style&4 != 0}
		if s.gmt {
			zone = time.UTC
		}
		line := oneLine(t, s.appendLine(nil, info, now.In(zone), style&8 != 0))
		got, err := parseDOS(line, s.longDate, zone)
		if s.unix {
			got, err = parseUnix(line, now.In(zone))
		}
		checkListed(t, line, got, err, info)

		d := described{Info: info, perm: "r"}
		line = oneLine(t, appendName(appendFacts(nil, standardFacts, &d), info.Name))
		got, err = parseMLSD(line)
		checkListed(t, line, got, err, info)

		if line = oneLine(t, appendName([]byte("pre/"), info.Name)); line != "pre/"+visibleName(name) {
			t.Errorf("NLST shows %q as %q", name, line)
		}
	})
}

func checkListed(t *testing.T, line string, got listed, err error, want content.Info) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("%q: %v", line, err)
	case got.name != visibleName(want.Name), got.size != want.Size, got.dir != want.Dir:
		t.Errorf("%q is read as %+v, want %+v", line, got, want)
	case want.ModTime.Before(got.at), !want.ModTime.Before(got.until):
		t.Errorf("%q is read as %v until %v, want %v", line, got.at, got.until, want.ModTime)
	}
}

// oneLine expects one line without control characters.
func oneLine(t *testing.T, b []byte) string {
	t.Helper()
	text, ok := strings.CutSuffix(string(b), "\r\n")
	if !ok || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Fatalf("not one line: %q", b)
	}
	return text
}

// FuzzWords: names in quotes, whatever is in them, come out of COMB's
// argument as they went in, and quotes that do not match are refused.
func FuzzWords(f *testing.F) {
	f.Add("target\x00part one\x00part \"two\"", false)
	f.Add("a\x00\"\x00 ", true)
	f.Fuzz(func(t *testing.T, list string, open bool) {
		var quoted, want []string
		for name := range strings.SplitSeq(list, "\x00") {
			if name != "" {
				want = append(want, name)
				quoted = append(quoted, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
			}
		}
		arg := strings.Join(quoted, "  ")
		if open && len(want) > 0 {
			arg = arg[:len(arg)-1]
		}
		got, ok := words(arg)
		switch {
		case open && len(want) > 0:
			if ok && len(got) >= len(want) {
				t.Errorf("%q has an open quote and gives %q", arg, got)
			}
		case !ok || strings.Join(got, "\x00") != strings.Join(want, "\x00"):
			t.Errorf("%q gives %q, %v", arg, got, ok)
		}
		if got, ok := words(list); ok {
			for _, name := range got {
				if name == "" {
					t.Errorf("%q gives an empty name", list)
				}
			}
		}
	})
}
