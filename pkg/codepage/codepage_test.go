package codepage_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/codepage"
)

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		page       codepage.Page
		text, wire string
	}{
		{0, "Grüße {U+0436}\xff", "Grüße {U+0436}\xff"},
		{1252, "plain.txt", "plain.txt"},
		{1252, "Grüße €", "Gr\xfc\xdfe \x80"},
		{1252, "ÿ", "\xff"},
		{437, "Grüße", "Gr\x81\xe1e"},
		{437, "Grüße €", "Gr\x81\xe1e {U+20AC}"},
		{1251, "жук", "\xe6\xf3\xea"},
		{1252, "жук", "{U+0436}{U+0443}{U+043A}"},
		{1252, "a\u0301", "a{U+0301}"},
		{1252, "😀", "{U+1F600}"},
		{1252, "latin \xe9", "latin {0xE9}"},
		{1252, "cut \xe2\x82", "cut {0xE2}{0x82}"},
		{1252, "\ufffd", "{U+FFFD}"},
		{932, "日本語 ｱ", "\x93\xfa\x96{\x8c\xea \xb1"},
		{932, "表", "\x95\\"},
		{932, "¥", "{U+00A5}"}, // would come back as a backslash
		{936, "中文", "\xd6\xd0\xce\xc4"},
		{949, "한국", "\xc7\xd1\xb1\xb9"},
		{950, "中文", "\xa4\xa4\xa4\xe5"},
		// What looks like a mark and is none.
		{1251, "{U+0436}", "{U+0436}"},
		{1252, "{U+00E9} {U+0041} {0x41} {} { {U+} {U+436} {U+0436", "{U+00E9} {U+0041} {0x41} {} { {U+} {U+436} {U+0436"},
		{1252, "{u+0436} {U+D800} {U+110000} {U+00000436}", "{u+0436} {U+D800} {U+110000} {U+00000436}"},
		{1252, "{U+0436}", "{U+007B}U+0436}"},
		{1252, "{0xE9}", "{U+007B}0xE9}"},
		{1252, "{U+007B}", "{U+007B}U+007B}"},
		{1252, "{{U+0436}ж", "{{U+007B}U+0436}{U+0436}"},
	} {
		if got := c.page.Encode(c.text); got != c.wire {
			t.Errorf("%d: Encode(%q) = %q, want %q", c.page, c.text, got, c.wire)
		}
		if got := c.page.Decode(c.wire); got != c.text {
			t.Errorf("%d: Decode(%q) = %q, want %q", c.page, c.wire, got, c.text)
		}
	}
}

// TestDecodeAnything: bytes that mean nothing in the page stay.
func TestDecodeAnything(t *testing.T) {
	for _, c := range []struct {
		page       codepage.Page
		wire, want string
	}{
		{1253, "\xaa", "\xaa"},
		{932, "\x93", "\x93"},
		{932, "\x93\x01\xfd", "\x93\x01\xfd"},
		{1252, "{0xC3}{0xA9}", "é"},
	} {
		if got := c.page.Decode(c.wire); got != c.want {
			t.Errorf("%d: Decode(%q) = %q, want %q", c.page, c.wire, got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	if got, want := codepage.Page(437).Fit("Grüße € {U+20AC}"), "Grüße ? {U+20AC}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := codepage.UTF8.Fit("€"); got != "€" {
		t.Errorf("got %q", got)
	}
}

func TestKnown(t *testing.T) {
	for _, n := range codepage.Numbers() {
		if p := codepage.Page(n); !p.Known() || p.Encode("a b.txt") != "a b.txt" {
			t.Errorf("%d is not as the others", n)
		}
	}
	for _, p := range []codepage.Page{codepage.UTF8, 37, 1200, 65001, 9999} {
		if p.Known() {
			t.Errorf("%d is known", p)
		}
	}
}

// TestCharactersComeBack tries the characters of all alphabets in all pages, and
// every seventh of the others.
func TestCharactersComeBack(t *testing.T) {
	const alphabets, step = 0x0600, 7
	var all strings.Builder
	for r := rune(' '); r <= 0xFFFF; r++ {
		if utf8.ValidRune(r) && (r < alphabets || r%step == 0) {
			all.WriteRune(r)
		}
	}
	all.WriteString("\U0001F600\U0010FFFF\x80\xff{U+0436}{0xFF}")
	for _, n := range codepage.Numbers() {
		p := codepage.Page(n)
		if back := p.Decode(p.Encode(all.String())); back != all.String() {
			t.Errorf("%d: not all comes back", n)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, name := range []string{"a.txt", "Grüße", "{U+0436}", "\x93\xfa\x96{", "{0xE9}\xe9", "\ufffd{U+FFFD}"} {
		f.Add(1, name)
	}
	numbers := codepage.Numbers()
	f.Fuzz(func(t *testing.T, n int, name string) {
		p := codepage.Page(numbers[uint(n)%uint(len(numbers))])
		if back := p.Decode(p.Encode(name)); back != name {
			t.Errorf("%d: %q comes back as %q", p, name, back)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range []struct {
		name string
		page codepage.Page
		text string
	}{
		{"plain", 1252, "quarterly report.pdf"},
		{"western", 1252, "Übersicht für März.pdf"},
		{"japanese", 932, "四半期報告書.pdf"},
		{"missing", 1252, "四半期報告書.pdf"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.page.Encode(c.text)
			}
		})
	}
}
