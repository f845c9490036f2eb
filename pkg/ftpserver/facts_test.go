package ftpserver

import (
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vfs"
)

const allFacts = factType | factSize | factModify | factPerm | factUnique | factCreate | factMode

func TestFacts(t *testing.T) {
	changed := time.Date(2024, 7, 19, 16, 46, 5, 999, time.FixedZone("", -3600))
	made := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	file := content.Info{Name: "a.txt", Size: 7, ModTime: changed, Mode: 0o640, ID: content.FileID{Volume: 0x801, Number: 0xabc}}
	dir := content.Info{Name: "d", Size: 7, ModTime: changed, Mode: 0o755, Dir: true}
	for _, tt := range []struct {
		name  string
		asked facts
		d     described
		want  string
	}{
		{"nothing", 0, described{Info: file}, " "},
		{
			"file", allFacts,
			described{file, "awdfr", made},
			"type=file;size=7;modify=20240719174605;perm=awdfr;unique=801Uabc;create=19991231235959;UNIX.mode=0640; ",
		},
		{"directory", allFacts, described{dir, "cmpdfel", made}, "type=dir;modify=20240719174605;perm=cmpdfel;create=19991231235959;UNIX.mode=0755; "},
		{"little is known", allFacts, described{Info: content.Info{Name: "x"}}, "type=file;size=0;modify=00010101000000;perm=; "},
		{"standard", standardFacts, described{file, "r", made}, "type=file;size=7;modify=20240719174605;perm=r;unique=801Uabc; "},
		{"no permission at all", factMode, described{Info: content.Info{Name: "x", Mode: 0o7}}, "UNIX.mode=0007; "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(appendFacts([]byte("before"), tt.asked, &tt.d)); got != "before"+tt.want {
				t.Errorf("\n got %q\nwant %q", got, "before"+tt.want)
			}
		})
	}
}

func TestPermLetters(t *testing.T) {
	const all = vfs.MayRead | vfs.MayWrite | vfs.MayMove
	every := func(string) bool { return true }
	but := func(refused ...string) func(string) bool {
		return func(verb string) bool { return !slices.Contains(refused, verb) }
	}
	for _, tt := range []struct {
		allowed   func(string) bool
		rights    vfs.Rights
		file, dir string
	}{
		{every, 0, "", ""},
		{every, vfs.MayRead, "r", "el"},
		{every, vfs.MayWrite, "aw", "cmp"},
		{every, vfs.MayMove, "df", "df"},
		{every, vfs.MayRead | vfs.MayWrite, "awr", "cmpel"},
		{every, all, "awdfr", "cmpdfel"},
		{but("DELE", "APPE"), all, "wfr", "cmdfel"},
		{but("RMD", "RNFR", "MKD"), all, "awdr", "cpel"},
		{but("STOR", "RETR", "CWD"), all, "adf", "mpdfl"},
		{but("APPE", "STOR", "MKD", "DELE", "RMD", "RNFR", "RETR", "CWD", "MLSD"), all, "", ""},
	} {
		l := lettersFor(tt.allowed)
		if file, dir := l.of(false, tt.rights), l.of(true, tt.rights); file != tt.file || dir != tt.dir {
			t.Errorf("%03b: %q and %q, want %q and %q", tt.rights, file, dir, tt.file, tt.dir)
		}
	}
}

func TestParseFacts(t *testing.T) {
	for list, want := range map[string]struct {
		facts facts
		ok    bool
	}{
		"":                         {0, true},
		";":                        {0, true},
		"type;":                    {factType, true},
		"TYPE;Size;MODIFY;perm;":   {factType | factSize | factModify | factPerm, true},
		"unix.mode;unknown;x.y;":   {factMode, true},
		"create;unique;create;":    {factCreate | factUnique, true},
		"type":                     {0, false},
		"type;size":                {0, false},
		"type; size;":              {0, false},
		" type;":                   {0, false},
		strings.Repeat("size;", 9): {factSize, true},
	} {
		if got, ok := parseFacts(list); got != want.facts || ok != want.ok {
			t.Errorf("%q: %v (%v), want %v (%v)", list, got, ok, want.facts, want.ok)
		}
	}
	if got, want := standardFacts.offered(), "MLST type*;size*;modify*;perm*;unique*;create;UNIX.mode;"; got != want {
		t.Errorf("FEAT has %q, want %q", got, want)
	}
	// What is answered chooses the same again.
	for f := range allFacts + 1 {
		if again, ok := parseFacts(f.String()); !ok || again != f {
			t.Errorf("%q chooses %q", f, again)
		}
	}
}

func BenchmarkFactsLine(b *testing.B) {
	d := described{Info: content.Info{
		Name: "a file name of usual length.txt", Size: 123456, ModTime: time.Now(), Mode: 0o644, ID: content.FileID{Volume: 0x801, Number: 0xabcdef},
	}, perm: "awdfr"}
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendName(appendFacts(buf[:0], standardFacts, &d), d.Name)
	}
}

// FuzzFacts: whatever a file is, its line is one line that says it.
func FuzzFacts(f *testing.F) {
	f.Add("a.txt", int64(7), int64(1721400365), uint32(0o644), uint64(1), uint8(0x7f), uint8(7), false)
	f.Add("caf\xe9; x=y", int64(-1), int64(-62135596800), uint32(0), uint64(0), uint8(0x1f), uint8(0), true)
	f.Add("two\r\nlines\x00", int64(1)<<62, int64(253402300799), uint32(0o7777), uint64(1)<<63, uint8(0), uint8(2), false)
	line := regexp.MustCompile(`^((?:[A-Za-z.]+=[^;]*;)*) ([^\x00-\x1f]*)\r\n$`)
	f.Fuzz(func(t *testing.T, name string, size, seconds int64, mode uint32, number uint64, asked, rights uint8, dir bool) {
		const year1, year9999 = -62135596800, 253402300799
		seconds = max(year1, min(seconds, year9999)) // more than any file system has
		d := described{Info: content.Info{
			Name: name, Size: size, ModTime: time.Unix(seconds, 0), Dir: dir,
			Mode: fs.FileMode(mode) & fs.ModePerm, ID: content.FileID{Number: number},
		}, perm: lettersFor(func(string) bool { return true }).of(dir, vfs.Rights(rights&7)), created: time.Unix(seconds, 0)}
		got := appendName(appendFacts(nil, facts(asked), &d), name)
		parts := line.FindSubmatch(got)
		if parts == nil {
			t.Fatalf("not a line of facts: %q", got)
		}
		for fact := range strings.SplitSeq(strings.TrimSuffix(string(parts[1]), ";"), ";") {
			key, value, _ := strings.Cut(fact, "=")
			switch key {
			case "size":
				if n, err := strconv.ParseInt(value, 10, 64); err != nil || n != size || dir {
					t.Errorf("%q of %d bytes, directory %v", fact, size, dir)
				}
			case "modify", "create":
				if at, err := ftp.ParseTime(value); err != nil || at.Unix() != seconds {
					t.Errorf("%q of %d: %v", fact, seconds, err)
				}
			}
		}
		if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) && string(parts[2]) != name {
			t.Errorf("%q is shown as %q", name, parts[2])
		}
	})
}
