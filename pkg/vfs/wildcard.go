package vfs

import (
	"strings"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// match reports whether name matches a Windows wildcard: "*" is any text, "?"
// any character, or none at the end of the name or before a dot, and a dot
// before a wildcard may be the end of the name, so that "*.*" is everything.
// "*." at the end is a name without a dot. Case does not count.
func match(pattern, name string) bool {
	if pattern == "" || pattern == "*" || pattern == "*.*" {
		return true
	}
	pattern = string(vpath.AppendFoldCase(nil, pattern))
	name = string(vpath.AppendFoldCase(nil, name))
	if stem, ok := strings.CutSuffix(pattern, "*."); ok {
		return !strings.Contains(name, ".") && matchFolded(stem+"*", name)
	}
	return matchFolded(pattern, name)
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
	if after, ok := strings.CutPrefix(rest, "."); ok && after != "" {
		rest = after
	}
	return strings.Trim(rest, "*?") == ""
}
