package vfs

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, matches, not string // names, separated by a space
	}{
		{"", "a a.b", ""},
		{"*", "a a.b .c", ""},
		{"*.*", "a a.b", ""},
		{"*.txt", "a.txt A.TXT .txt a.b.txt", "a.txt2 txt a.tx"},
		{"te?t*", "test test01.txt text TEST", "tet.txt te.t teest"},
		{"?", "a ä 日", "ab a.b"},
		{"??", "a ab", "abc"},
		{"a?.txt", "a.txt ab.txt", "abc.txt b.txt"},
		{"test.*", "test test.a test.a.b", "tes test1"},
		{"test.?", "test test.a", "test.ab"},
		{"*.", "README a", "a.b .x"},
		{"a*.", "a abc", "a.b b"},
		{"*a*b*", "ab xaxbx aab", "ba a b"},
		{"ä*", "Äpfel ä", "apfel"},
		{"a.b", "a.b A.B", "a ab a.bc"},
		{"*.a*b", "x.ab x.a.b", "x x.a"},
	} {
		for _, name := range strings.Fields(c.matches) {
			if !matcher(c.pattern)(name) {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for _, name := range strings.Fields(c.not) {
			if matcher(c.pattern)(name) {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
}

// A pattern of many stars ends as surely as any other: were it tried in every
// way, this would not come back.
func TestMatchEnds(t *testing.T) {
	if matcher(strings.Repeat("*a", 200) + "b")(strings.Repeat("a", 4000)) {
		t.Error("there is no b")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("*.txt", "a.txt")
	f.Add("te?t*", "test")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		matcher(pattern)(name)
		if strings.ContainsAny(name, "*?") || strings.HasSuffix(name, ".") || name == "" {
			return // no name of a Windows directory
		}
		if !matcher(name)(name) {
			t.Errorf("%q does not match itself", name)
		}
		if !matcher(name+"*")(name) || !matcher("*"+name)(name) {
			t.Errorf("%q does not match with a star", name)
		}
	})
}
