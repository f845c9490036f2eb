package ftpserver

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSpanWithin(t *testing.T) {
	for _, tt := range []struct {
		p         span
		size      int64
		offset, n int64
		ok        bool
	}{
		{span{}, 0, 0, 0, true},
		{span{}, 10, 0, 10, true},
		{span{from: 3}, 10, 3, 7, true},
		{span{from: 10}, 10, 10, 0, true},
		{span{from: 11}, 10, 0, 0, false},
		{span{2, 5}, 10, 2, 3, true},
		{span{2, 2}, 10, 2, 0, true},
		{span{2, 50}, 10, 2, 8, true},
		{span{50, 60}, 10, 0, 0, false},
		{span{0, 1}, 0, 0, 0, true},
		{span{math.MaxInt64, 0}, math.MaxInt64, math.MaxInt64, 0, true},
	} {
		offset, n, err := tt.p.within(tt.size)
		if offset != tt.offset || n != tt.n || (err == nil) != tt.ok {
			t.Errorf("%v of %d bytes: %d bytes from %d, %v", tt.p, tt.size, n, offset, err)
		}
	}
}

func TestParseRange(t *testing.T) {
	for arg, want := range map[string]span{
		"0 0": {0, 1}, "0 49": {0, 50}, "7 7": {7, 8}, "1 0": {},
		"9223372036854775806 9223372036854775806": {math.MaxInt64 - 1, math.MaxInt64},
	} {
		if got, err := parseRange(arg); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", arg, got, err, want)
		}
	}
	for _, arg := range []string{"", "1", "1 ", " 1", "5 4", "2 0", "-1 5", "1 -5", "+1 5", "1  5", "1 5 6", "a b", "0x1 5", "1 9223372036854775807", "1 99999999999999999999"} {
		if got, err := parseRange(arg); !errors.Is(err, errArgument) {
			t.Errorf("%q: %v, %v", arg, got, err)
		}
	}
}

func TestParseParts(t *testing.T) {
	for arg, want := range map[string][]part{
		"a":               {{name: "a"}},
		"a b":             {{name: "a b"}},
		"a 5":             {{name: "a 5"}, {"a", span{from: 5}}},
		"a 5 9":           {{name: "a 5 9"}, {"a 5", span{from: 9}}, {"a", span{5, 9}}},
		"a b 5 9":         {{name: "a b 5 9"}, {"a b 5", span{from: 9}}, {"a b", span{5, 9}}},
		"a 5 0":           {{name: "a 5 0"}, {"a 5", span{}}, {"a", span{5, 0}}},
		"a 9 5":           {{name: "a 9 5"}, {"a 9", span{from: 5}}},
		"a b 5":           {{name: "a b 5"}, {"a b", span{from: 5}}},
		"5":               {{name: "5"}},
		"5 5 5":           {{name: "5 5 5"}, {"5 5", span{from: 5}}, {"5", span{5, 5}}},
		"a -5":            {{name: "a -5"}},
		`"a"`:             {{name: "a"}},
		`"a 5"`:           {{name: "a 5"}},
		`"a 5" 7`:         {{"a 5", span{from: 7}}},
		`"a" 5 9`:         {{"a", span{5, 9}}},
		`"say ""a""" 5 9`: {{`say "a"`, span{5, 9}}},
		`a"b" 5`:          {{name: `a"b" 5`}, {`a"b"`, span{from: 5}}},
	} {
		if got, err := parseParts(arg); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", arg, got, err, want)
		}
	}
	for _, arg := range []string{`"a`, `"`, `""`, `"a"b`, `"a" x`, `"a" 9 5`, `"a" 1 2 3`, `"a" -1`, `"a" 99999999999999999999`} {
		if got, err := parseParts(arg); !errors.Is(err, errArgument) {
			t.Errorf("%q: %v, %v", arg, got, err)
		}
	}
}

func TestWords(t *testing.T) {
	for arg, want := range map[string][]string{
		"":                 {},
		"a":                {"a"},
		"a b  c ":          {"a", "b", "c"},
		`"a b" c "d"`:      {"a b", "c", "d"},
		`a "b ""c"" d"`:    {"a", `b "c" d`},
		`a"b c`:            {`a"b`, "c"},
		"caf\xe9 \"\xff\"": {"caf\xe9", "\xff"},
	} {
		if got, ok := words(arg); !ok || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", arg, got, ok, want)
		}
	}
	for _, arg := range []string{`"`, `a "b`, `"a"b`, `a ""`} {
		if got, ok := words(arg); ok {
			t.Errorf("%q: %q", arg, got)
		}
	}
}

// FuzzRanges: no argument names bytes that are not there, and nothing that a
// client writes in quotes is lost.
func FuzzRanges(f *testing.F) {
	for _, arg := range []string{"0 49", "1 0", "a 5 9", `"say ""a""" 5 9`, `"a`, "9223372036854775807 9223372036854775807", "\xff \"\xff\" 1"} {
		f.Add(arg, int64(50))
	}
	f.Fuzz(func(t *testing.T, arg string, size int64) {
		size = max(0, size)
		check := func(p span) {
			offset, n, err := p.within(size)
			if err == nil && (offset < 0 || n < 0 || offset+n > size) {
				t.Errorf("%q of %d bytes: %d bytes from %d", arg, size, n, offset)
			}
		}
		if p, err := parseRange(arg); err == nil {
			check(p)
		}
		parts, err := parseParts(arg)
		for _, p := range parts {
			check(p.span)
		}
		if err == nil && !strings.HasPrefix(arg, `"`) && parts[0].name != arg {
			t.Errorf("%q: the name itself is not tried first", arg)
		}
		quoted := `"` + strings.ReplaceAll(arg, `"`, `""`) + `"`
		if got, ok := words(quoted + " b"); arg != "" && (!ok || !slices.Equal(got, []string{arg, "b"})) {
			t.Errorf("%s: %q, %v", quoted, got, ok)
		}
	})
}
