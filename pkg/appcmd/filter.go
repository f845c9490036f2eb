package appcmd

import (
	"strconv"
	"strings"
)

// matches holds a value against a filter: the value itself, or one of the
// operators $= (with * and ?), $<>, $<, $>, $<=, $>=.
func matches(have, filter string) bool {
	rest, operator := strings.CutPrefix(filter, "$")
	if !operator {
		return strings.EqualFold(have, filter)
	}
	for _, op := range []string{"<>", "<=", ">=", "=", "<", ">"} {
		want, ok := strings.CutPrefix(rest, op)
		if !ok {
			continue
		}
		switch order := compare(have, want); op {
		case "=":
			return wildcard(strings.ToLower(want), strings.ToLower(have))
		case "<>":
			return !wildcard(strings.ToLower(want), strings.ToLower(have))
		case "<=":
			return order <= 0
		case ">=":
			return order >= 0
		case "<":
			return order < 0
		default:
			return order > 0
		}
	}
	return strings.EqualFold(have, filter)
}

// compare orders numbers as numbers and everything else as text.
func compare(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// wildcard matches a pattern with * and ?, in time that grows with the product
// of the lengths at most.
func wildcard(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
