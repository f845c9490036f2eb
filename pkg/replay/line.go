package replay

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/codepage"
)

// column is one of the columns that a decision depends on.
type column int

// The columns, in no order of a file.
const (
	clientIP column = iota
	clientPort
	userName
	siteName
	computerName
	serverPort
	method
	stem
	status
	win32
	subStatus
	session
	fullPath
	columns // how many there are
)

// columnNames are the names in #Fields.
func columnNames() [columns]string {
	return [columns]string{
		clientIP: "c-ip", clientPort: "c-port", userName: "cs-username", siteName: "s-sitename",
		computerName: "s-computername", serverPort: "s-port", method: "cs-method", stem: "cs-uri-stem",
		status: "sc-status", win32: "sc-win32-status", subStatus: "sc-substatus",
		session: "x-session", fullPath: "x-fullpath",
	}
}

// layout says where the columns are in the lines that follow one #Fields.
type layout struct {
	// at is the place of each column, or -1.
	at    [columns]int
	width int
	// foreign is why the lines are not those of an FTP log; "" when they are.
	foreign string
}

// maxWidth is more columns than any log of IIS has.
const maxWidth = 64

// readLayout reads what follows "#Fields:".
func readLayout(fields string) layout {
	names := strings.Fields(fields)
	l := layout{width: len(names)}
	for c, name := range columnNames() {
		l.at[c] = slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	switch {
	case slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "cs(") || n == "cs-uri-query" }):
		l.foreign = "the lines are of a web site"
	case l.width > maxWidth:
		l.foreign = "#Fields has too many columns"
	case l.at[method] < 0 || l.at[status] < 0:
		l.foreign = "#Fields has no cs-method or no sc-status"
	}
	return l
}

// line is one line of a log. Its bytes are good until the next one is read.
type line struct {
	place  place
	tenant *tenant
	layout *layout
	values [maxWidth][]byte
	// verb is what the method means, code the reply, sub the sub-status or -1.
	verb      *verb
	code, sub int
}

// place is where a line stands.
type place struct {
	file string
	line int64
}

// split cuts a line into its values and reports whether there are as many as
// columns.
func (l *line) split(text []byte) bool {
	n := 0
	for {
		i := bytes.IndexByte(text, ' ')
		if n == l.layout.width || i == 0 {
			return false
		}
		if i < 0 {
			l.values[n] = text
			n++
			return n == l.layout.width && len(text) > 0
		}
		l.values[n] = text[:i]
		n++
		text = text[i+1:]
	}
}

// exceeds reports whether a value is longer than any that IIS writes there.
func (l *line) exceeds() bool {
	for _, c := range [...]column{clientIP, clientPort, userName, siteName, computerName, method, session} {
		if len(l.raw(c)) > longestValue {
			return true
		}
	}
	return false
}

// has reports whether the log has the column.
func (l *line) has(c column) bool { return l.layout.at[c] >= 0 }

// raw is a value as written; nil for "-" and for a column that is not there.
func (l *line) raw(c column) []byte {
	at := l.layout.at[c]
	if at < 0 || len(l.values[at]) == 1 && l.values[at][0] == '-' {
		return nil
	}
	return l.values[at]
}

// text is a value as it was meant.
func (l *line) text(c column) string { return meant(l.raw(c)) }

// number is a value that is a number; -1 for none.
func (l *line) number(c column) int {
	digits := l.raw(c)
	if len(digits) == 0 || len(digits) > 9 {
		return -1
	}
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// meant undoes what the log does to text: a space is written as a plus sign,
// and without UTF-8 letters are those of Western Windows.
func meant(raw []byte) string {
	return string(spaced(decoded(raw)))
}

// spaced has the spaces back.
func spaced(text string) string { return strings.ReplaceAll(text, "+", " ") }

// decoded is text whatever its encoding. The marks of codepage for what another
// page lacks mean nothing here, so that they are kept out of its way.
func decoded(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	for i := range raw {
		b.WriteString(codepage.Page(1252).Decode(string(raw[i : i+1])))
	}
	return b.String()
}
