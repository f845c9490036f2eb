package appcmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// Indexer names an entry of a collection, or describes a new one.
type Indexer struct {
	// Position is the place of a new entry, apphost.Last for the end.
	Position int
	Pairs    []apphost.Setting
}

// errOpen means that an indexer does not end.
var errOpen = errors.New(`"]" is missing`)

// openBracket reports whether an argument begins an indexer and does not end
// it.
func openBracket(arg string) bool {
	return strings.LastIndexByte(arg, '[') > strings.LastIndexByte(arg, ']')
}

// parseIndexer reads [...] and returns what follows.
func parseIndexer(text string) (*Indexer, string, error) {
	x := &Indexer{}
	var err error
	if x.Position, text, err = parsePosition(strings.TrimLeft(text[1:], " ")); err != nil {
		return nil, "", err
	}
	for {
		text = strings.TrimLeft(text, " ")
		if rest, ok := strings.CutPrefix(text, "]"); ok {
			return x, rest, nil
		}
		pair, rest, err := parsePair(text)
		if err != nil {
			return nil, "", err
		}
		x.Pairs = append(x.Pairs, pair)
		text = strings.TrimLeft(rest, " ")
		if after, ok := strings.CutPrefix(text, ","); ok {
			text = after
		} else if !strings.HasPrefix(text, "]") {
			return nil, "", errOpen
		}
	}
}

// parsePosition reads the place of a new entry, if it is given.
func parsePosition(text string) (position int, rest string, err error) {
	if !strings.HasPrefix(text, "@") {
		return apphost.Last, text, nil
	}
	end := strings.IndexAny(text, ",]")
	if end < 0 {
		return 0, "", errOpen
	}
	rest = strings.TrimPrefix(text[end:], ",")
	switch word := strings.ToLower(strings.TrimSpace(text[1:end])); word {
	case "start":
		return 0, rest, nil
	case "end":
		return apphost.Last, rest, nil
	default:
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil {
			return 0, "", fmt.Errorf("@%s is not @start, @end or @ and a number", word)
		}
		return int(n), rest, nil //nolint:gosec // 31 bits
	}
}

// parsePair reads NAME='VALUE'.
func parsePair(text string) (pair apphost.Setting, rest string, err error) {
	end := strings.IndexAny(text, "=]")
	if end < 0 {
		return pair, "", errOpen
	}
	pair.Name = strings.TrimSpace(text[:end])
	if text[end] != '=' || !isName(pair.Name) {
		return pair, "", fmt.Errorf("%q is not NAME='VALUE'", text[:end])
	}
	pair.Value, rest, err = parseIndexed(strings.TrimLeft(text[end+1:], " "))
	return pair, rest, err
}

func isName(name string) bool {
	for i, r := range name {
		if !(unicode.IsLetter(r) || r == '_' || i > 0 && (unicode.IsDigit(r) || r == '-' || r == '.')) {
			return false
		}
	}
	return name != ""
}

// parseIndexed reads one value: in quotes of some kind, or, when a shell took
// them away, up to the next pair.
func parseIndexed(text string) (value, rest string, err error) {
	for _, q := range []struct{ open, end string }{{`\'`, `\'`}, {"'", "'"}, {`\"`, `\"`}, {`"`, `"`}, {"\u2018", "\u2019"}} {
		if after, ok := strings.CutPrefix(text, q.open); ok {
			return parseQuoted(after, q.end)
		}
	}
	for i := range len(text) {
		if text[i] == ']' || text[i] == ',' && pairFollows(text[i+1:]) {
			return strings.TrimRight(text[:i], " "), text[i:], nil
		}
	}
	return "", "", errOpen
}

// pairFollows reports whether a text begins with NAME=.
func pairFollows(text string) bool {
	name, _, ok := strings.Cut(text, "=")
	return ok && isName(strings.TrimSpace(name))
}

// parseQuoted reads up to the closing quote. A quote that is doubled, or behind
// which nothing ends, is one of the value.
func parseQuoted(text, quote string) (value, rest string, err error) {
	if after, ok := strings.CutPrefix(text, quote); ok && ends(after) {
		return "", after, nil
	}
	var b strings.Builder
	for {
		at := strings.Index(text, quote)
		if at < 0 {
			return "", "", errOpen
		}
		b.WriteString(text[:at])
		after := text[at+len(quote):]
		switch {
		case strings.HasPrefix(after, quote):
			b.WriteString(quote)
			text = after[len(quote):]
		case ends(after):
			return b.String(), after, nil
		default:
			b.WriteString(quote)
			text = after
		}
	}
}

// ends reports whether a value may end before a text.
func ends(text string) bool {
	text = strings.TrimLeft(text, " ")
	return strings.HasPrefix(text, "]") || strings.HasPrefix(text, ",")
}

// String writes an indexer as parseIndexer reads it.
func (x *Indexer) String() string {
	var parts []string
	switch {
	case x.Position == 0:
		parts = append(parts, "@start")
	case x.Position > 0:
		parts = append(parts, "@"+strconv.Itoa(x.Position))
	}
	for _, p := range x.Pairs {
		quote := "'"
		if strings.HasPrefix(p.Value, "'") {
			quote = `"`
		}
		parts = append(parts, p.Name+"="+quote+strings.ReplaceAll(p.Value, quote, quote+quote)+quote)
	}
	return "[" + strings.Join(parts, ",") + "]"
}
