package codepage

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Marks stand for what a code page does not have. They are made of characters
// that names may have on every system, and mean something only where the page
// could not say it otherwise: a name that merely looks like one stays itself.
const (
	runeMark = "{U+"
	byteMark = "{0x"
	// brace is the mark of the one character that all pages have: where it
	// would begin a mark by chance.
	brace = "{U+007B}"
)

func appendRuneMark(out []byte, r rune) []byte { return fmt.Appendf(out, runeMark+"%04X}", r) }
func appendByteMark(out []byte, b byte) []byte { return fmt.Appendf(out, byteMark+"%02X}", b) }

// mark returns what the mark at the beginning of s means, and its length; 0
// when there is none.
func (c coder) mark(s string) (text string, n int) {
	end := strings.IndexByte(s[:min(len(s), len("{U+10FFFF}"))], '}')
	if end <= len(runeMark) {
		return "", 0
	}
	value, err := strconv.ParseUint(s[len(runeMark):end], 16, 32)
	s = s[:end+1]
	switch r := rune(value); { //nolint:gosec // 32 bits; what is no rune is refused
	case err != nil:
	case s == string(appendByteMark(nil, byte(value))) && value >= utf8.RuneSelf: //nolint:gosec // compared with the whole
		return string([]byte{byte(value)}), len(s) //nolint:gosec // as above
	case s != string(appendRuneMark(nil, r)) || !utf8.ValidRune(r):
	case s == brace:
		return "{", len(s)
	case r >= utf8.RuneSelf:
		if _, has := c.encode(r); !has {
			return string(r), len(s)
		}
	}
	return "", 0
}
