package ftpserver_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// fuzzReply is one reply as a client that knows RFC 959 alone reads it.
type fuzzReply struct {
	code int
	// text is the last line, with the code.
	text string
}

// final reports whether a reply answers its command.
func (r fuzzReply) final() bool { return r.code >= 200 }

// ends reports whether a session may end with the reply, by what was said. All
// is answered at once, so that time runs out only for a client that waited.
func (r fuzzReply) ends(input []byte, answered bool) bool {
	foreign := regexp.MustCompile(`(?i)GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI|[HEL]*LO|MAIL|RCPT|DATA|BDAT|VRFY|EXPN`)
	switch r.code {
	case 221:
		return strings.Contains(strings.ToUpper(string(input)), "QUIT")
	case 421:
		return !answered
	case 500:
		return foreign.Match(input)
	default:
		return false
	}
}

func fuzzFinal(replies []fuzzReply) (n int) {
	for _, r := range replies {
		if r.final() {
			n++
		}
	}
	return n
}

// fuzzReplies reads replies: "code text", or "code-text", lines of any kind
// and "code text" (RFC 959 §4.2).
type fuzzReplies struct{ in *bufio.Reader }

func newFuzzReplies(r io.Reader) *fuzzReplies { return &fuzzReplies{bufio.NewReader(r)} }

func (r *fuzzReplies) next() (fuzzReply, error) {
	first, err := r.line()
	if err != nil {
		return fuzzReply{}, err
	}
	if len(first) < 4 || first[3] != ' ' && first[3] != '-' {
		return fuzzReply{}, fmt.Errorf("not a reply: %q", first)
	}
	code, err := strconv.Atoi(first[:3])
	if err != nil || code < 100 || code > 599 {
		return fuzzReply{}, fmt.Errorf("not a code: %q", first)
	}
	last := first
	for first[3] == '-' && !strings.HasPrefix(last, first[:3]+" ") {
		if last, err = r.line(); errors.Is(err, io.EOF) {
			return fuzzReply{}, fmt.Errorf("the reply that begins %q has no end", first)
		}
		if err != nil {
			return fuzzReply{}, err
		}
	}
	return fuzzReply{code, last}, nil
}

// line reads a line that ends CR LF and has no other control character but tabs.
func (r *fuzzReplies) line() (string, error) {
	line, err := r.in.ReadString('\n')
	if err != nil {
		if line != "" {
			err = fmt.Errorf("an unfinished line %q: %w", line, err)
		}
		return "", err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' }) {
		return "", fmt.Errorf("not a line of text: %q", line)
	}
	if strings.Contains(text, canary) {
		return "", fmt.Errorf("a file outside the site is told: %q", text)
	}
	return text, nil
}

// fuzzLines counts the lines that input holds for a server: up to CR LF, or to
// LF alone, and lines over the limit as one up to CR LF.
func fuzzLines(input []byte) (n int) {
	const limit = 4096
	for len(input) > 0 {
		end := bytes.IndexByte(input, '\n')
		if end < 0 {
			return n
		}
		if length := len(bytes.TrimSuffix(input[:end], []byte("\r"))); length > limit {
			if end = bytes.Index(input, []byte("\r\n")); end < 0 {
				return n
			}
			end++
		}
		input = input[end+1:]
		n++
	}
	return n
}

// fuzzPassive is the port in a reply to PASV or EPSV.
func fuzzPassive(reply string) uint16 {
	numbers := regexp.MustCompile(`[0-9]+`).FindAllString(reply, -1)
	port := 0
	for _, digits := range numbers[max(0, len(numbers)-2):] {
		n, err := strconv.Atoi(digits)
		if err != nil {
			return 0
		}
		if strings.HasPrefix(reply, "229 ") {
			port = 0
		}
		port = port<<8 | n
	}
	if port > 1<<16-1 {
		return 0
	}
	return uint16(port)
}

// fuzzLogs expects that every line of every log has the columns that its
// header names.
func fuzzLogs(t *testing.T, r *running) {
	files, err := filepath.Glob(filepath.Join(r.logDir, "*", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // in the folder of the test
		if err != nil {
			t.Fatal(err)
		}
		fields := 0
		for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\r\n"), "\r\n") {
			if names, ok := strings.CutPrefix(line, "#Fields: "); ok {
				fields = len(strings.Split(names, " "))
			}
			columns := len(strings.Split(line, " "))
			if !strings.HasPrefix(line, "#") && columns != fields || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("a line of the log has %d columns of %d: %q", columns, fields, line)
			}
		}
	}
	if log := r.log.String(); strings.Contains(log, `"level":"error"`) {
		t.Errorf("the server did not expect this:\n%s", log)
	}
}
