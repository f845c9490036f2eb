package vfs

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// matcher returns a function that reports whether a name matches a Windows
// wildcard: "*" is any text, "?" any character, or none at the end of the name
// or before a dot, and a dot before a wildcard may be the end of the name, so
// that "*.*" is everything. "*." at the end is a name without a dot. Case does
// not count.
func matcher(pattern string) func(name string) bool {
	if pattern == "" || pattern == "*" || pattern == "*.*" {
		return func(string) bool { return true }
	}
	pattern = string(vpath.AppendFoldCase(nil, pattern))
	stem, noDot := strings.CutSuffix(pattern, "*.")
	if noDot {
		pattern = stem + "*"
	}
	var folded []byte
	return func(name string) bool {
		folded = vpath.AppendFoldCase(folded[:0], name)
		return !(noDot && bytes.IndexByte(folded, '.') >= 0) && matchFolded(pattern, folded)
	}
}

// matchFolded walks both texts once and goes back only to the last "*", so
// that no pattern costs more than the product of the lengths.
func matchFolded(pattern string, name []byte) bool {
	star, starName := -1, 0 // behind the last "*", and where it began to match
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, starName = p, n
			continue
		case p < len(pattern) && pattern[p] == '?' && name[n] != '.':
			_, size := utf8.DecodeRune(name[n:])
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
		_, size := utf8.DecodeRune(name[starName:])
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
