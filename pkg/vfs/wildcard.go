package vfs

import (
	"strings"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// match reports whether name matches a Windows wildcard: "*" is any text, "?"
// any character, or none at the end of the name or before a dot, and a dot
// before a wildcard may be the end of the name, so that "*.*" is everything.
// Case does not count.
func match(pattern, name string) bool {
	if pattern == "" || pattern == "*" || pattern == "*.*" {
		return true
	}
	return matchFolded(
		string(vpath.AppendFoldCase(nil, pattern)),
		string(vpath.AppendFoldCase(nil, name)))
}

// matchFolded walks both texts once and goes back only to the last "*", so
// that no pattern costs more than the product of the lengths.
func matchFolded(pattern, name string) bool {
	star, starName := -1, 0 // behind the last "*", and where it began to match
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, starName = p, n
			continue
		case p < len(pattern) && pattern[p] == '?' && name[n] != '.':
			_, size := utf8.DecodeRuneInString(name[n:])
			p, n = p+1, n+size
			continue
		case p < len(pattern) && pattern[p] == '?':
			p++ // none before a dot
			continue
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
			continue
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(name[starName:])
		starName += size
		p, n = star, starName
	}
	return endMatches(pattern[p:])
}

// endMatches reports whether the rest of a pattern matches the end of a name.
func endMatches(rest string) bool {
	if dot := strings.TrimPrefix(rest, "."); dot != rest && strings.HasPrefix(dot, "*") {
		rest = dot
	}
	return strings.Trim(rest, "*?") == ""
}
