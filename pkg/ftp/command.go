package ftp

import (
	"bytes"
	"strings"
)

// Command is one line of a client, taken apart.
type Command struct {
	// Verb is in upper case.
	Verb string
	// Typed is the verb as the client wrote it.
	Typed string
	// Arg is everything after the first space, unchanged: it may hold spaces
	// and bytes that are not UTF-8.
	Arg string
	// HasArg reports whether Arg is there. One space and nothing else is no
	// argument.
	HasArg bool
}

// ParseCommand takes a line without its line end apart (RFC 959 §5.3). It
// copies what it keeps. The error is ErrSyntax when the line does not begin
// with a word of printable ASCII, such as an empty line or a TLS handshake
// that came in clear.
func ParseCommand(line []byte) (Command, error) {
	n := bytes.IndexByte(line, ' ')
	if n < 0 {
		n = len(line)
	}
	if n == 0 || !printable(line[:n]) {
		return Command{}, ErrSyntax
	}
	text := string(line)
	c := Command{Typed: text[:n], Verb: strings.ToUpper(text[:n])}
	if n+1 < len(text) {
		c.Arg, c.HasArg = text[n+1:], true
	}
	return c, nil
}

func printable(word []byte) bool {
	for _, c := range word {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
