// Package codepage puts names and texts into the code pages that clients spoke
// before UTF-8, and reads them back without loss.
package codepage

import (
	"math"
	"unicode/utf8"
)

// Page is a code page by the number that Windows gives it. All of them have
// ASCII in their lower half.
type Page uint16

// UTF8 is no code page: texts stay as they are.
const UTF8 Page = 0

// longestCode is how many bytes a character takes at most.
const longestCode = 2

// Known reports whether there is a code page p. UTF8 is none.
func (p Page) Known() bool { return p.encoding() != nil }

// Numbers are the numbers of all code pages in order.
func Numbers() []int {
	var numbers []int
	for n := range math.MaxUint16 {
		if Page(n).Known() { //nolint:gosec // in its range
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// Encode returns a name or text as bytes of the code page. A character that
// the page does not have becomes a mark, "{U+0436}", and so does a byte that is
// no UTF-8, "{0xE9}". Decode of the result is text again, whatever it is.
func (p Page) Encode(text string) string {
	if p == UTF8 || plain(text) {
		return text
	}
	c := p.coder()
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '{':
			if _, n := c.mark(text[i:]); n > 0 {
				out = append(out, brace...)
			} else {
				out = append(out, '{')
			}
		case r < utf8.RuneSelf:
			out = append(out, text[i])
		case r == utf8.RuneError && size == 1:
			out = appendByteMark(out, text[i])
		default:
			out = c.appendRune(out, r)
		}
		i += size
	}
	return string(out)
}

// Decode returns what bytes of the code page say. Bytes that mean nothing in it
// stay as they are.
func (p Page) Decode(wire string) string {
	if p == UTF8 || plain(wire) {
		return wire
	}
	c := p.coder()
	out := make([]byte, 0, 2*len(wire))
	for i := 0; i < len(wire); {
		text, n := wire[i:i+1], 1
		switch {
		case wire[i] == '{':
			if meant, length := c.mark(wire[i:]); length > 0 {
				text, n = meant, length
			}
		case wire[i] >= utf8.RuneSelf:
			text, n = c.decode(wire[i:])
		}
		out = append(out, text...)
		i += n
	}
	return string(out)
}

// Fit returns text with a question mark for every character that the code page
// does not have: for texts to read, which nobody sends back.
func (p Page) Fit(text string) string {
	if p == UTF8 || plain(text) {
		return text
	}
	c := p.coder()
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if _, ok := c.encode(r); !ok && r >= utf8.RuneSelf {
			r = '?'
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// plain reports whether s is the same in every code page and holds no mark.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '{' {
			return false
		}
	}
	return true
}

// coder encodes and decodes single characters.
type coder struct {
	encoder, decoder interface {
		Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error)
	}
}

func (p Page) coder() coder {
	e := p.encoding()
	return coder{e.NewEncoder().Transformer, e.NewDecoder().Transformer}
}

// decode returns the character that b begins with and its length, or one byte
// as it is. No byte is a character and the beginning of another.
func (c coder) decode(b string) (text string, n int) {
	var out [4 * utf8.UTFMax]byte
	for n := 1; n <= min(longestCode, len(b)); n++ {
		written, _, err := c.decoder.Transform(out[:], []byte(b[:n]), true)
		text := string(out[:written])
		if first, _ := utf8.DecodeRuneInString(text); err == nil && first != utf8.RuneError {
			return text, n
		}
	}
	return b[:1], 1
}

// encode returns the bytes of r, if they mean r and nothing else.
func (c coder) encode(r rune) (code string, ok bool) {
	var out [2 * longestCode]byte
	written, _, err := c.encoder.Transform(out[:], []byte(string(r)), true)
	if err != nil {
		return "", false
	}
	code = string(out[:written])
	text, n := c.decode(code)
	return code, text == string(r) && n == len(code)
}

func (c coder) appendRune(out []byte, r rune) []byte {
	if code, ok := c.encode(r); ok {
		return append(out, code...)
	}
	return appendRuneMark(out, r)
}
