package ftptest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// verb is what a step does.
type verb string

const (
	say        verb = "C:"
	sayRaw     verb = "CRAW:"
	expect     verb = "S:"
	closed     verb = "CLOSED"
	passTime   verb = "T+"
	pasv       verb = "PASV"
	epsv       verb = "EPSV"
	port       verb = "PORT"
	eprt       verb = "EPRT"
	receive    verb = "DATA<"
	receiveAny verb = "DATA~"
	send       verb = "DATA>"
	sendMore   verb = "DATA+"
	drop       verb = "DROP"
	refused    verb = "REFUSED"
	beginTLS   verb = "TLS"
	endTLS     verb = "CLEAR"
	protect    verb = "PROTECT"
	unprotect  verb = "UNPROTECT"
)

// step is one line of a dialogue, with its block of data.
type step struct {
	line int // in the archive
	do   verb
	// text is what follows the verb: a line, a pattern, or data without quotes.
	text string
	// wait is for passTime, late, early and addr for pasv and epsv.
	wait  time.Duration
	late  bool
	early bool
	addr  netip.Addr
}

func parseSteps(name string, first int, text string) ([]step, error) {
	var steps []step
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := visible(lines[i])
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		s, err := parseStep(line)
		s.line = first + i
		if s.do == receive && s.text == "" || s.do == receiveAny {
			for ; i+1 < len(lines) && strings.HasPrefix(lines[i+1], " "); i++ {
				s.text += visible(lines[i+1])[1:] + "\r\n"
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q: %w", name, s.line, lines[i], err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// visible drops the spaces at the end that nobody sees, but the first column.
func visible(line string) string {
	trimmed := strings.TrimRight(line, " \t\r")
	if trimmed == "" && strings.HasPrefix(line, " ") {
		return " "
	}
	return strings.ReplaceAll(trimmed, "␠", " ")
}

func parseStep(line string) (step, error) {
	if wait, ok := strings.CutPrefix(line, string(passTime)); ok {
		d, err := time.ParseDuration(wait)
		return step{do: passTime, wait: d}, err
	}
	word, rest, _ := strings.Cut(line, " ")
	s := step{do: verb(word), text: rest}
	switch s.do {
	case say, expect, beginTLS, protect:
		return s, nil
	case sayRaw, send, sendMore:
		return s.unquoted()
	case receive:
		if rest == "" {
			return s, nil
		}
		return s.unquoted()
	case pasv, epsv:
		return s.passive()
	case closed, port, eprt, receiveAny, drop, refused, endTLS, unprotect:
		if rest != "" {
			return s, fmt.Errorf("%s takes no argument", s.do)
		}
		return s, nil
	default:
		return s, fmt.Errorf("unknown step %q", word)
	}
}

// unquoted replaces the text by what its quotes mean.
func (s step) unquoted() (step, error) {
	text, err := strconv.Unquote(s.text)
	if err != nil {
		return s, fmt.Errorf("want bytes in Go's quotes: %w", err)
	}
	if text == "" && s.do == receive {
		return s, fmt.Errorf("write %s without quotes for no data", s.do)
	}
	s.text = text
	return s, nil
}

// passive reads the argument of PASV and EPSV.
func (s step) passive() (step, error) {
	switch {
	case s.text == "":
	case s.text == "late":
		s.late = true
	case s.text == "early":
		s.early = true
	case s.do == pasv:
		var err error
		s.addr, err = netip.ParseAddr(s.text)
		return s, err
	default:
		return s, fmt.Errorf("want nothing, late or early")
	}
	return s, nil
}

// matches reports whether text is what the pattern says.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	text, ok := strings.CutPrefix(text, parts[0])
	if len(parts) == 1 || !ok {
		return ok && text == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}
