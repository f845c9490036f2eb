package ftp

// Reply is one answer of the server (RFC 959 §4.2).
type Reply struct {
	// Code has three digits.
	Code int
	// Text is the last line, and of most replies the only one. It may be empty.
	Text string
	// Lines come before the last line. Each is sent as "code-line".
	Lines []string
	// Raw sends the lines after the first as they are, without the code, as
	// FEAT, HELP, STAT and detailed errors do. They should begin with a space;
	// one that does not is given one, so that no client takes it for the end.
	Raw bool
}

// AppendTo appends the bytes of the reply to dst. Each line ends CR LF. No
// text can end a line early: control characters in it become "?", tabs and DEL
// excepted, which end and change nothing. A byte 255 is doubled.
func (r Reply) AppendTo(dst []byte) []byte {
	for i, line := range r.Lines {
		switch {
		case !r.Raw || i == 0:
			dst = appendCode(dst, r.Code, '-')
		case line == "" || line[0] != ' ':
			dst = append(dst, ' ')
		}
		dst = appendLine(dst, line)
	}
	dst = appendCode(dst, r.Code, ' ')
	return appendLine(dst, r.Text)
}

func appendCode(dst []byte, code int, separator byte) []byte {
	return append(dst, digit(code/100), digit(code/10), digit(code), separator)
}

func digit(n int) byte { return byte('0' + n%10) } //nolint:gosec // one digit

func appendLine(dst []byte, text string) []byte {
	start := len(dst)
	dst = AppendTelnet(dst, text)
	for i := start; i < len(dst); i++ {
		if c := dst[i]; c < ' ' && c != '\t' {
			dst[i] = '?'
		}
	}
	return append(dst, '\r', '\n')
}
