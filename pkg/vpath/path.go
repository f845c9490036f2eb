// Package vpath is the clean absolute virtual path: what a client names, what
// locations and rules are written for, and never a physical path. It does not
// touch the disk.
package vpath

import (
	"iter"
	"strings"
)

// Path is a clean absolute virtual path: "/" or "/a/b". Its segments are
// spelled as the client wrote them; they are never empty, "." or "..", and
// contain neither "/" nor "\". Only Clean and Join make one from text.
type Path string

// Root is the path of a site's root directory.
const Root Path = "/"

// Clean returns the absolute path that s means. Both "/" and "\" separate,
// empty segments and "." are dropped, and ".." takes back the segment before
// it, stopping at the root: the result never leads outside.
func Clean(s string) Path {
	if clean(s) {
		return Path(s)
	}
	b := make([]byte, 0, len(s)+1)
	for len(s) > 0 {
		var segment string
		segment, s = cut(s)
		switch segment {
		case "", ".":
		case "..":
			b = b[:max(0, lastSlash(b))]
		default:
			b = append(b, '/')
			b = append(b, segment...)
		}
	}
	if len(b) == 0 {
		return Root
	}
	return Path(b)
}

// clean reports whether s is a Path already, so that it need not be copied.
func clean(s string) bool {
	if s == "" || s[0] != '/' {
		return false
	}
	if s == "/" {
		return true
	}
	for rest := s[1:]; ; {
		i := strings.IndexByte(rest, '/')
		segment := rest
		if i >= 0 {
			segment = rest[:i]
		}
		if segment == "" || segment == "." || segment == ".." || strings.IndexByte(segment, '\\') >= 0 {
			return false
		}
		if i < 0 {
			return true
		}
		rest = rest[i+1:]
	}
}

// cut splits s at its first separator of either kind.
func cut(s string) (segment, rest string) {
	for i := range len(s) {
		if separator(s[i]) {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func separator(c byte) bool { return c == '/' || c == '\\' }

func lastSlash(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '/' {
			return i
		}
	}
	return -1
}

// Join returns the path an FTP argument means in the current directory p:
// absolute when it starts with "/" or "\", below p otherwise. An empty
// argument means p.
func (p Path) Join(arg string) Path {
	if arg == "" {
		return p
	}
	if separator(arg[0]) {
		return Clean(arg)
	}
	return Clean(string(p) + "/" + arg)
}

// Dir returns the directory that holds p; the root is its own.
func (p Path) Dir() Path {
	if i := strings.LastIndexByte(string(p), '/'); i > 0 {
		return p[:i]
	}
	return Root
}

// Base returns the last segment of p, or "" for the root.
func (p Path) Base() string {
	return string(p[strings.LastIndexByte(string(p), '/')+1:])
}

// IsRoot reports whether p is the root directory.
func (p Path) IsRoot() bool { return p == Root }

// Segments yields the segments of p from the root down; none for the root.
func (p Path) Segments() iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := strings.TrimPrefix(string(p), "/"); rest != ""; {
			var segment string
			segment, rest, _ = strings.Cut(rest, "/")
			if !yield(segment) {
				return
			}
		}
	}
}

// Quote returns p in double quotes, quotes inside doubled, as the 257 reply
// wants it (RFC 959 appendix II).
func (p Path) Quote() string {
	return `"` + strings.ReplaceAll(string(p), `"`, `""`) + `"`
}

// Under reports whether p is q or lies below it, comparing whole segments in
// folded form: /foobar is not under /foo, /FOO/bar is. The rest is what
// follows q, relative and with slashes, in p's own spelling; "." when the two
// are equal.
func (p Path) Under(q Path) (rest string, ok bool) {
	rest = strings.TrimPrefix(string(p), "/")
	for want := range q.Segments() {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		if segment == "" || !EqualFold(segment, want) {
			return "", false
		}
	}
	if rest == "" {
		return ".", true
	}
	return rest, true
}
