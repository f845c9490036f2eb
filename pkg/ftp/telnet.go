package ftp

import (
	"bytes"
	"strings"
)

// Bytes of the Telnet protocol, which the control connection follows
// (RFC 959 §3.1, RFC 854, RFC 1123 §4.1.2.10).
const (
	telnetSE   = 240 // end of subnegotiation; the lowest command
	telnetSB   = 250 // subnegotiation
	telnetWILL = 251 // WILL, WONT, DO, DONT: one option byte follows
	telnetIAC  = 255 // interpret as command
)

// stripTelnet removes Telnet sequences from line in place. A doubled IAC is
// one byte 255; one that begins no sequence stays, because it is part of a
// name in some legacy encoding.
//
// Clients send IAC IP IAC DM before ABOR, with the last byte as TCP urgent
// data, which the operating system takes out of the stream. What is left of
// the sequence before the verb is removed too: no verb begins with such bytes.
func stripTelnet(line []byte) []byte {
	if bytes.IndexByte(line, telnetIAC) >= 0 {
		line = stripSequences(line)
	}
	for len(line) > 0 && line[0] >= telnetSE {
		line = line[1:]
	}
	return line
}

func stripSequences(line []byte) []byte {
	out := line[:0]
	for i := 0; i < len(line); {
		n := sequence(line[i:])
		if n == 0 {
			out = append(out, line[i])
			n = 1
			if line[i] == telnetIAC && i+1 < len(line) && line[i+1] == telnetIAC {
				n = 2
			}
		}
		i += n
	}
	return out
}

// sequence returns the length of the Telnet sequence that b begins with, or 0.
func sequence(b []byte) int {
	if len(b) < 2 || b[0] != telnetIAC || b[1] < telnetSE || b[1] == telnetIAC {
		return 0
	}
	switch {
	case b[1] >= telnetWILL:
		return min(3, len(b))
	case b[1] == telnetSB:
		if n := bytes.Index(b, []byte{telnetIAC, telnetSE}); n > 0 {
			return n + 2
		}
		return len(b)
	default:
		return 2
	}
}

// AppendTelnet appends text as the control connection carries it: a byte 255,
// which would begin a sequence, is doubled (RFC 854). Data connections carry
// text as it is.
func AppendTelnet(dst []byte, text string) []byte {
	for {
		n := strings.IndexByte(text, telnetIAC)
		if n < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:n+1]...), telnetIAC)
		text = text[n+1:]
	}
}
