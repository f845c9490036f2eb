package w3clog

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// replacement stands for whatever cannot be shown: control characters, bytes
// that are not UTF-8, and letters outside the code page. How IIS writes them is
// not documented.
const replacement = '?'

// appendText appends one value: "-" when it is empty, "+" for a space. The
// result never holds a space, a line end or a control character, so that what
// a client typed stays one column of one line.
func appendText(dst []byte, s string, asUTF8 bool) []byte {
	if s == "" {
		return append(dst, '-')
	}
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; s == "" {
			return dst
		}
		size := 1
		switch c := s[0]; {
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRuneInString(s)
			dst = appendRune(dst, r, size, asUTF8)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, replacement)
		}
		s = s[size:]
	}
}

// plain returns how many bytes at the beginning of s are written as they are.
func plain(s string) int {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return i
		}
	}
	return len(s)
}

// appendRune appends one character beyond ASCII. Without UTF-8 the code page is
// the one of Western Windows, which is what IIS uses there.
func appendRune(dst []byte, r rune, size int, asUTF8 bool) []byte {
	switch {
	case r == utf8.RuneError && size == 1, unicode.IsControl(r):
		return append(dst, replacement)
	case unicode.IsSpace(r):
		return append(dst, '+')
	case asUTF8:
		return utf8.AppendRune(dst, r)
	}
	if b, ok := charmap.Windows1252.EncodeRune(r); ok {
		return append(dst, b)
	}
	return append(dst, replacement)
}
