package vpath_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/vpath"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]vpath.Path{
		"":                              "/",
		"/":                             "/",
		`\`:                             "/",
		".":                             "/",
		"..":                            "/",
		"/..":                           "/",
		"/../../etc/passwd":             "/etc/passwd",
		`..\..\boot.ini`:                "/boot.ini",
		"a":                             "/a",
		"/a/b":                          "/a/b",
		"//a///b//":                     "/a/b",
		`\a\b/c\`:                       "/a/b/c",
		"/a/./b/.":                      "/a/b",
		"/a/b/..":                       "/a",
		"/a/../b":                       "/b",
		"/a/../../b":                    "/b",
		`/a\..\..\b`:                    "/b",
		"/a/...":                        "/a/...",
		"/a/.. /b":                      "/a/.. /b",
		"/C:/Windows":                   "/C:/Windows",
		`C:\Windows`:                    "/C:/Windows",
		`\\server\share`:                "/server/share",
		"/ä/Ö":                          "/ä/Ö",
		"/a b/c ":                       "/a b/c ",
		"/a\x00b":                       "/a\x00b",
		"/\xff/..":                      "/",
		"~":                             "/~",
		"/%2e%2e/a":                     "/%2e%2e/a",
		"/a/..x/b":                      "/a/..x/b",
		strings.Repeat("../", 99) + "x": "/x",
	} {
		if got := vpath.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		dir  vpath.Path
		arg  string
		want vpath.Path
	}{
		{"/a", "", "/a"},
		{"/a", ".", "/a"},
		{"/a", "b", "/a/b"},
		{"/", "b", "/b"},
		{"/a/b", "..", "/a"},
		{"/a", "../..", "/"},
		{"/a", "/b", "/b"},
		{"/a", `\b`, "/b"},
		{"/a", `b\c`, "/a/b/c"},
		{"/a", `..\c`, "/c"},
		{"/a", "C:/x", "/a/C:/x"},
		{"/", "/", "/"},
	} {
		if got := c.dir.Join(c.arg); got != c.want {
			t.Errorf("%q.Join(%q) = %q, want %q", c.dir, c.arg, got, c.want)
		}
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		p        vpath.Path
		dir      vpath.Path
		base     string
		segments []string
		quoted   string
	}{
		{"/", "/", "", nil, `"/"`},
		{"/a", "/", "a", []string{"a"}, `"/a"`},
		{`/a/b "c"`, "/a", `b "c"`, []string{"a", `b "c"`}, `"/a/b ""c"""`},
	} {
		if c.p.Dir() != c.dir || c.p.Base() != c.base || !slices.Equal(slices.Collect(c.p.Segments()), c.segments) || c.p.Quote() != c.quoted {
			t.Errorf("%q: %q %q %q %s", c.p, c.p.Dir(), c.p.Base(), slices.Collect(c.p.Segments()), c.p.Quote())
		}
		if c.p.IsRoot() != (c.p == "/") {
			t.Errorf("%q.IsRoot() = %v", c.p, c.p.IsRoot())
		}
	}
	for range vpath.Path("/a/b").Segments() {
		break
	}
}

func TestUnder(t *testing.T) {
	for _, c := range []struct {
		p, q vpath.Path
		rest string
		ok   bool
	}{
		{"/", "/", ".", true},
		{"/a", "/", "a", true},
		{"/a", "/a", ".", true},
		{"/A/b/C", "/a", "b/C", true},
		{"/a./b", "/A", "b", true},
		{"/foobar", "/foo", "", false},
		{"/a", "/a/b", "", false},
		{"/", "/a", "", false},
		{"/x/a", "/a", "", false},
	} {
		if rest, ok := c.p.Under(c.q); rest != c.rest || ok != c.ok {
			t.Errorf("%q.Under(%q) = %q, %v", c.p, c.q, rest, ok)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":           "",
		"abc.txt":    "abc.txt",
		"ABC.Txt":    "abc.txt",
		"abc.txt. .": "abc.txt",
		" abc":       " abc",
		".":          ".",
		"..":         "..",
		"...":        "...",
		". ":         ". ",
		"Äpfel":      "ÄPFEL",
		"äpfel.":     "ÄPFEL",
		"\u212A":     "k", // KELVIN SIGN
		"ſ":          "s", // LATIN SMALL LETTER LONG S
		"Σς":         "σΣ",
		"a\xffB":     "A\xffb",
		"a\ufffdB":   "A\ufffdb",
	} {
		if got := vpath.Fold(in); got != vpath.Fold(want) {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", in, got, want, vpath.Fold(want))
		}
		if !vpath.EqualFold(in, want) {
			t.Errorf("EqualFold(%q, %q) = false", in, want)
		}
	}
	for _, c := range [][2]string{{"a", "b"}, {"a", "a.b"}, {"ä", "a"}, {"\xff", "\xfe"}, {"\xff", "\ufffd"}, {"", "."}, {"ß", "ss"}, {"...", ".."}} {
		if vpath.EqualFold(c[0], c[1]) {
			t.Errorf("EqualFold(%q, %q) = true", c[0], c[1])
		}
	}
	if got := vpath.Fold("ABC.txt."); got != "abc.txt" {
		t.Errorf("ASCII folds to %q, not to lower case", got)
	}
}

func TestFoldDoesNotAllocate(t *testing.T) {
	var buf [256]byte
	if n := testing.AllocsPerRun(100, func() {
		vpath.Fold("already-folded.txt. ")
		vpath.AppendFold(buf[:0], "Größe.TXT.")
		vpath.EqualFold("Größe.TXT.", "grÖSSE.txt")
		vpath.Compare("Größe.TXT", "größe.txt")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCompare(t *testing.T) {
	want := []string{
		"$RECYCLE.BIN", "-", ".rnd", "0", "a-b", "ASPNET", "a_quick", "B", "Test.txt", "test.txt", "test01.txt",
		"test02.txt", "testa", "testA1", "_", "Äpfel", "äpfel2", "\U0001F600", "\uFF21",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, vpath.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q\nwant   %q", got, want)
	}
	if vpath.Compare("a", "a") != 0 || vpath.Compare("", "a") >= 0 {
		t.Error("equal or empty names")
	}
}

func isClean(p vpath.Path) bool {
	if p == "/" {
		return true
	}
	if !strings.HasPrefix(string(p), "/") || strings.Contains(string(p), `\`) {
		return false
	}
	for segment := range strings.SplitSeq(string(p[1:]), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// Whatever the text, the path is clean, cleaning it again changes nothing, and
// a relative argument cannot make more segments than it has.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "/", "/a/../../b", `..\..\x`, "/a/./b//c/", "C:\\x", "/.../. /.."} {
		f.Add(s, "a/..")
	}
	f.Fuzz(func(t *testing.T, s, arg string) {
		p := vpath.Clean(s)
		if !isClean(p) || vpath.Clean(string(p)) != p {
			t.Errorf("Clean(%q) = %q, again %q", s, p, vpath.Clean(string(p)))
		}
		j := p.Join(arg)
		if !isClean(j) || j.Join("") != j || j.Join(".") != j || j.Join("..") != j.Dir() {
			t.Errorf("%q.Join(%q) = %q", p, arg, j)
		}
		if !j.IsRoot() && j.Dir().Join(j.Base()) != j {
			t.Errorf("%q is not %q in %q", j, j.Base(), j.Dir())
		}
		if rest, ok := j.Under(j.Dir()); !ok || rest == "" {
			t.Errorf("%q is not under %q", j, j.Dir())
		}
	})
}

// Folding again changes nothing, the three ways to fold agree, and case and
// trailing dots and spaces do not count.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "ABC", "a. .", "Äß", "\xff", "...", "\u212A", "ǅ"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		folded := vpath.Fold(a)
		if vpath.Fold(folded) != folded || string(vpath.AppendFold(nil, a)) != folded {
			t.Errorf("Fold(%q) = %q, again %q, appended %q", a, folded, vpath.Fold(folded), vpath.AppendFold(nil, a))
		}
		if vpath.EqualFold(a, b) != (folded == vpath.Fold(b)) {
			t.Errorf("EqualFold(%q, %q) = %v", a, b, vpath.EqualFold(a, b))
		}
		if strings.Trim(a, ". ") != "" && vpath.Fold(a+" .") != folded {
			t.Errorf("a dot behind %q counts", a)
		}
		if c := vpath.Compare(a, b); c != -vpath.Compare(b, a) || (c == 0) != (a == b) {
			t.Errorf("Compare(%q, %q) = %d", a, b, c)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	var buf [256]byte
	for _, name := range []string{"report-2024.txt", "Report-2024.TXT", "Übersicht-2024.txt"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				vpath.AppendFold(buf[:0], name)
			}
		})
	}
}
