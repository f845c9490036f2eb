package ftpserver

import (
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

func TestListingLines(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*60*60)
	now := time.Date(2024, 7, 31, 10, 0, 0, 0, berlin)
	at := func(year int, month time.Month, day, hour, minute int) time.Time {
		return time.Date(year, month, day, hour, minute, 59, 0, berlin)
	}
	file := func(name string, size int64, at time.Time) content.Info {
		return content.Info{Name: name, Size: size, ModTime: at}
	}
	directory := func(name string, at time.Time) content.Info {
		return content.Info{Name: name, ModTime: at, Dir: true}
	}
	protected := file("ro.txt", 7, at(2024, 5, 3, 2, 24))
	protected.ReadOnly = true

	dos, long, unix := listStyle{}, listStyle{longDate: true}, listStyle{unix: true}
	tests := []struct {
		name     string
		style    listStyle
		info     content.Info
		readOnly bool // the session may not write
		want     string
	}{
		{name: "dos file", style: dos, info: file("file.txt", 4, at(2024, 7, 19, 16, 46)), want: "07-19-24  04:46PM                    4 file.txt"},
		{name: "dos directory", style: dos, info: directory("test01", at(2024, 7, 19, 16, 56)), want: "07-19-24  04:56PM       <DIR>          test01"},
		{name: "dos midnight", style: dos, info: file(".rnd", 1024, at(2019, 2, 3, 0, 18)), want: "02-03-19  12:18AM                 1024 .rnd"},
		{name: "dos noon", style: dos, info: file("a", 0, at(2000, 1, 9, 12, 0)), want: "01-09-00  12:00PM                    0 a"},
		{name: "dos large", style: dos, info: file("pagefile.sys", 738197504, at(2024, 10, 16, 1, 55)), want: "10-16-24  01:55AM            738197504 pagefile.sys"},
		{name: "dos largest", style: dos, info: file("x", 1<<63-1, at(2024, 10, 16, 1, 55)), want: "10-16-24  01:55AM  9223372036854775807 x"},
		{name: "dos leading space", style: dos, info: file("  x  ", 1, at(2024, 1, 2, 11, 59)), want: "01-02-24  11:59AM                    1   x  "},
		{name: "dos read-only", style: dos, info: protected, readOnly: true, want: "05-03-24  02:24AM                    7 ro.txt"},
		{name: "dos in utc", style: listStyle{gmt: true}, info: file("a", 1, at(2024, 1, 1, 1, 30)), want: "12-31-23  11:30PM                    1 a"},
		{name: "long date", style: long, info: file("$LDR$", 143712, at(1995, 5, 26, 10, 57)), want: "05-26-1995  10:57AM               143712 $LDR$"},
		{name: "long date directory", style: long, info: directory("d", at(1995, 5, 26, 22, 7)), want: "05-26-1995  10:07PM       <DIR>          d"},

		{name: "unix directory", style: unix, info: directory("wwwroot", at(2024, 8, 22, 14, 5)), want: "drwxrwxrwx   1 owner    group               0 Aug 22 14:05 wwwroot"},
		{name: "unix other year", style: unix, info: file("index.html", 11069, at(2023, 6, 15, 14, 5)), want: "-rwxrwxrwx   1 owner    group           11069 Jun 15  2023 index.html"},
		{name: "unix may not write", style: unix, info: directory("EYCON_40", at(2024, 6, 4, 9, 21)), readOnly: true, want: "dr-xr-xr-x   1 owner    group               0 Jun  4  9:21 EYCON_40"},
		{name: "unix read-only", style: unix, info: protected, readOnly: true, want: "-r-xr-xr-x   1 owner    group               7 May  3  2:24 ro.txt"},
		{name: "unix midnight", style: unix, info: file("x", 1, at(2024, 12, 5, 0, 5)), want: "-rwxrwxrwx   1 owner    group               1 Dec  5  0:05 x"},
		{name: "unix year by local time", style: unix, info: file("x", 1, at(2024, 1, 1, 0, 30)), want: "-rwxrwxrwx   1 owner    group               1 Jan  1  0:30 x"},
		{name: "unix year by utc", style: listStyle{unix: true, gmt: true}, info: file("x", 1, at(2024, 1, 1, 0, 30)), want: "-rwxrwxrwx   1 owner    group               1 Dec 31  2023 x"},
		{name: "unix large", style: unix, info: file("x", 5<<40, at(2023, 6, 15, 1, 1)), want: "-rwxrwxrwx   1 owner    group   5497558138880 Jun 15  2023 x"},
		{name: "unix long date changes nothing", style: listStyle{unix: true, longDate: true}, info: file("x", 1, at(2023, 6, 15, 1, 1)), want: "-rwxrwxrwx   1 owner    group               1 Jun 15  2023 x"},

		{name: "not utf-8", style: dos, info: file("caf\xe9", 1, at(2024, 1, 2, 11, 59)), want: "01-02-24  11:59AM                    1 caf\xe9"},
		{name: "no line of its own", style: dos, info: file("a\r\n01-02-24\x00\x7f", 1, at(2024, 1, 2, 11, 59)), want: "01-02-24  11:59AM                    1 a??01-02-24?\x7f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(tt.style.appendLine([]byte("before\r\n"), tt.info, now, !tt.readOnly))
			if want := "before\r\n" + tt.want + "\r\n"; got != want {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
		})
	}
}

func TestListingColumns(t *testing.T) {
	at := time.Date(2024, 7, 19, 16, 46, 0, 0, time.UTC)
	for _, tt := range []struct {
		style  listStyle
		column int // of the name
	}{
		{listStyle{}, 39},
		{listStyle{longDate: true}, 41},
		{listStyle{unix: true}, 59},
	} {
		for _, info := range []content.Info{{Name: "n", Size: 12345, ModTime: at}, {Name: "n", Dir: true, ModTime: at}} {
			line := string(tt.style.appendLine(nil, info, at, true))
			if got := strings.Index(line, "n\r\n"); got != tt.column {
				t.Errorf("%+v: name of %q in column %d, want %d", tt.style, line, got, tt.column)
			}
		}
	}
}

func TestParseListArgs(t *testing.T) {
	for _, tt := range []struct {
		arg  string
		want listArgs
	}{
		{"", listArgs{}},
		{"test01", listArgs{path: "test01"}},
		{"a dir/file", listArgs{path: "a dir/file"}},
		{" x", listArgs{path: " x"}},
		{"-la", listArgs{all: true, long: true}},
		{"-al", listArgs{all: true, long: true}},
		{"-alr", listArgs{all: true, long: true}},
		{"-a", listArgs{all: true}},
		{"-A", listArgs{all: true}},
		{"-l", listArgs{long: true}},
		{"-L", listArgs{}},
		{"-", listArgs{}},
		{"-R ", listArgs{}},
		{"-la path", listArgs{path: "path", all: true, long: true}},
		{"-l -a  my path", listArgs{path: "my path", all: true, long: true}},
		{"alr", listArgs{path: "alr"}},
		{"./-la", listArgs{path: "./-la"}},
		{"dir -la", listArgs{path: "dir -la"}},
	} {
		if got := parseListArgs(tt.arg); got != tt.want {
			t.Errorf("parseListArgs(%q) = %+v, want %+v", tt.arg, got, tt.want)
		}
	}
}

func TestNLSTPrefix(t *testing.T) {
	for _, tt := range []struct {
		path      string
		directory bool
		want      string
	}{
		{"", true, ""},
		{"test01", true, ""},
		{"test01/", true, "test01/"},
		{"/", true, "/"},
		{"hello.txt", false, ""},
		{`test01\dirlist.txt`, false, ""},
		{"/pub/*.txt", false, "/pub/"},
		{"a/b.txt", false, "a/"},
		{"a/b", true, ""},
		{"/test01", true, ""},
	} {
		if got := nlstPrefix(tt.path, tt.directory); got != tt.want {
			t.Errorf("nlstPrefix(%q, %v) = %q, want %q", tt.path, tt.directory, got, tt.want)
		}
	}
}

func BenchmarkListingLine(b *testing.B) {
	now := time.Now()
	info := content.Info{Name: "a file name of usual length.txt", Size: 123456, ModTime: now.Add(-time.Hour)}
	for name, style := range map[string]listStyle{"DOS": {}, "UNIX": {unix: true}} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf = style.appendLine(buf[:0], info, now, true)
			}
		})
	}
}

func TestListingLineDoesNotAllocate(t *testing.T) {
	now := time.Now()
	info := content.Info{Name: "name", Size: 1, ModTime: now}
	buf := make([]byte, 0, 256)
	for _, style := range []listStyle{{}, {unix: true}, {longDate: true, gmt: true}} {
		if n := testing.AllocsPerRun(100, func() { buf = style.appendLine(buf[:0], info, now, true) }); n != 0 {
			t.Errorf("%+v: %v allocations per line", style, n)
		}
	}
}
