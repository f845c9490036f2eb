package vpath

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Compare orders names as a Windows directory does: ordinal comparison of the
// upper-cased names in UTF-16. Names that differ only in case follow in byte
// order, so that the order is total. It does not allocate.
func Compare(a, b string) int {
	i := Common(a, b)
	j := i
	for i < len(a) && j < len(b) {
		ra, na := upperAt(a, i)
		rb, nb := upperAt(b, j)
		if ra != rb {
			return cmp.Compare(utf16Order(ra), utf16Order(rb))
		}
		i, j = i+na, j+nb
	}
	if c := cmp.Compare(len(a)-i, len(b)-j); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// Common is the length of the characters that a and b begin with both.
func Common(a, b string) int {
	i, n := 0, min(len(a), len(b))
	for i < n && a[i] == b[i] {
		i++
	}
	for i > 0 && !(begins(a, i) && begins(b, i)) {
		i--
	}
	return i
}

// Key is a number of the beginning of a name, for sorting: names whose keys
// differ compare as their keys do. What names have in common may be cut off
// before.
func Key(name string) (key uint64) {
	for shift := 56; shift >= 0 && name != ""; shift -= 8 {
		r, size := upperAt(name, 0)
		if r >= utf8.RuneSelf {
			return key | 0xff<<shift
		}
		key |= uint64(r) << shift //nolint:gosec // ASCII
		name = name[size:]
	}
	return key
}

// begins reports whether a character begins, or the text ends, at i.
func begins(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }

func upperAt(s string, i int) (r rune, size int) {
	c := s[i]
	if c >= utf8.RuneSelf {
		r, size = utf8.DecodeRuneInString(s[i:])
		return unicode.ToUpper(r), size
	}
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return rune(c), 1
}

// utf16Order maps a rune to its place in UTF-16 order, where characters
// beyond the first plane, being surrogates, come before U+E000.
func utf16Order(r rune) rune {
	const surrogates, planes = 0xD800, 0x10000
	switch {
	case r >= planes:
		return surrogates + (r - planes)
	case r >= surrogates:
		return r + unicode.MaxRune
	}
	return r
}
