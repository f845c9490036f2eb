package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns the one form in which account, group and domain names are
// compared: Unicode simple case folding, so that Fold(a) == Fold(b) exactly
// when strings.EqualFold(a, b) for well-formed text.
func Fold(name string) string {
	folded := true
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			folded = false
			break
		}
	}
	if folded {
		return name
	}
	return strings.Map(foldRune, name)
}

// foldRune returns the one rune that stands for r in all its cases: the
// smallest of them, and lower case for ASCII.
func foldRune(r rune) rune {
	least := r
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		least = min(least, c)
	}
	if 'A' <= least && least <= 'Z' {
		return least + ('a' - 'A')
	}
	return least
}
