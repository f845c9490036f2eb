package vpath

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stackName is the length in bytes up to which names are compared without
// allocation; no usual file system has longer ones.
const stackName = 256

// Fold returns the one form in which segments are compared: in locations,
// filters, hidden segments and file lookups. It is Unicode simple case
// folding with trailing dots and spaces dropped, because Windows drops them
// and "secret.txt." must not be another name than "secret.txt". A segment of
// nothing but dots and spaces stays as it is. A segment that is folded
// already is returned without allocation.
func Fold(segment string) string {
	trimmed := trim(segment)
	if folded(trimmed) {
		return trimmed
	}
	return string(AppendFoldCase(make([]byte, 0, len(trimmed)), trimmed))
}

// AppendFold appends Fold(segment) to dst. It allocates only to grow dst.
func AppendFold(dst []byte, segment string) []byte {
	return AppendFoldCase(dst, trim(segment))
}

// AppendFoldCase appends s to dst with its case folded as Fold does it, but
// with nothing dropped. Bytes that are no UTF-8 are kept.
func AppendFoldCase(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = append(dst, lower(c))
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += size
	}
	return dst
}

// EqualFold reports whether a and b are the same segment, that is whether
// Fold(a) == Fold(b), without allocation for names of usual length.
func EqualFold(a, b string) bool {
	if a == b {
		return true
	}
	var bufA, bufB [stackName]byte
	return bytes.Equal(AppendFold(bufA[:0], a), AppendFold(bufB[:0], b))
}

// trim drops trailing dots and spaces unless nothing else would be left: an
// empty form would make all such names equal.
func trim(segment string) string {
	if trimmed := strings.TrimRight(segment, ". "); trimmed != "" {
		return trimmed
	}
	return segment
}

// folded reports whether s is certainly in folded case: ASCII without
// capitals. Other text is folded anew, which is right and only slower.
func folded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// foldRune returns the one rune that stands for r in all its cases: the
// smallest of them, and lower case for ASCII letters.
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
