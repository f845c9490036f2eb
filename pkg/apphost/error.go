// Package apphost is the applicationHost.config system: schema, sections,
// collections, locations, inheritance and defaults. It does not know what any
// section means.
package apphost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Error is one thing wrong or doubtful in the configuration, and where.
type Error struct {
	Pos xmldoc.Pos
	// Section is the path of the section, or "" when it is not in one.
	Section string
	// Msg names the attribute and the value, and what to do.
	Msg string
	// Warning marks what is doubtful and keeps nothing from working.
	Warning bool
	// Err is the cause; may be nil.
	Err error
}

// Error returns file:line:col: section: message.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos.File != "" {
		b.WriteString(e.Pos.String() + ": ")
	}
	if e.Section != "" {
		b.WriteString(e.Section + ": ")
	}
	return b.String() + e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorList is everything found at once.
type ErrorList []*Error

// Error returns the first error and how many follow.
func (l ErrorList) Error() string {
	switch len(l) {
	case 0:
		return "no errors"
	case 1:
		return l[0].Error()
	default:
		return fmt.Sprintf("%v (and %d more)", l[0], len(l)-1)
	}
}

// Errors counts the findings that are not warnings.
func (l ErrorList) Errors() int {
	n := 0
	for _, e := range l {
		if !e.Warning {
			n++
		}
	}
	return n
}

// Sort orders the list by place, and findings at one place by their words.
func (l ErrorList) Sort() {
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
			strings.Compare(a.Msg, b.Msg))
	})
}

// suggest names the word that was probably meant.
func suggest(typed string, words []string) string {
	best, distance := "", 3
	for _, w := range words {
		if d := editDistance(strings.ToLower(typed), strings.ToLower(w), distance); d < distance {
			best, distance = w, d
		}
	}
	if best == "" || distance >= len(typed) {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// editDistance is the number of characters to insert, drop or change between
// a and b, or limit when it is that or more.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
