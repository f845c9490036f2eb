package apphost

import (
	"iter"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// Bounds on the path of a location, so that looking one up stays cheap: more
// than IIS takes for an address, and deeper than any tree of folders.
const (
	maxLocationPath  = 4096 // bytes
	maxLocationDepth = 128  // segments
)

// location walks one <location>. Without a path, or with "" or ".", it is the
// server level itself.
func (l *loader) location(e *etree.Element) {
	l.locationAttributes(e)
	path := e.SelectAttrValue("path", "")
	if len(path) > maxLocationPath || strings.Count(path, "/") > maxLocationDepth {
		l.errorf(l.doc.AttrPos(e, "path"), "location", "path is longer than %d bytes or deeper than %d segments: nothing can be there", maxLocationPath, maxLocationDepth)
		return
	}
	at := placeOf(path)
	if at.site != "" {
		l.cfg.locations[fold(at.site)] = append(l.cfg.locations[fold(at.site)], &node{e, l.doc})
	}
	for _, c := range e.ChildElements() {
		if l.is(c, "location") {
			l.errorf(l.doc.Pos(c), "location", "a location cannot stand in another; give the whole path in one")
			continue
		}
		l.sectionOrGroup(c, "", at)
	}
}

// placeOf takes a location path apart. It is used as written: nothing in it
// is decoded, and "*" stands for itself.
func placeOf(path string) place {
	path = strings.Trim(path, "/")
	if path == "." {
		path = ""
	}
	site, rest, _ := strings.Cut(path, "/")
	at := place{site: site}
	for segment := range strings.SplitSeq(rest, "/") {
		if segment != "" {
			at.path += "/" + segment
		}
	}
	return at
}

// locationAttributes checks the attributes of a location. Locks concern files
// below this one, of which FTP has none.
func (l *loader) locationAttributes(e *etree.Element) {
	for _, a := range e.Attr {
		var words []string
		switch a.Key {
		case "path":
			continue
		case "overrideMode":
			words = []string{"Allow", "Deny", "Inherit"}
		case "allowOverride", "inheritInChildApplications":
			words = []string{"true", "false"}
		default:
			l.errorf(l.doc.AttrPos(e, a.FullKey()), "location", "unrecognized attribute %q%s",
				clip(a.FullKey()), suggest(a.Key, []string{"path", "overrideMode", "allowOverride", "inheritInChildApplications"}))
			continue
		}
		if !containsFold(words, a.Value) {
			l.errorf(l.doc.AttrPos(e, a.FullKey()), "location", "%s %s is not one of %s", a.Key, quote(a.Value), strings.Join(words, ", "))
		}
	}
	if e.SelectAttr("overrideMode") != nil && e.SelectAttr("allowOverride") != nil {
		l.errorf(l.doc.AttrPos(e, "allowOverride"), "location", "allowOverride and overrideMode say the same thing; keep overrideMode")
	}
}

func containsFold(words []string, word string) bool {
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// fold is the form in which names are compared: simple case folding.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || ('A' <= c && c <= 'Z') {
			return string(vpath.AppendFoldCase(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

// foldPath is the form in which paths below a site are compared: segment by
// segment as files are, "" for the site itself.
func foldPath(path string) string {
	var b []byte
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			b = vpath.AppendFold(append(b, '/'), segment)
		}
	}
	return string(b)
}

// prefixes yields "", "/a", "/a/b" of the path "/a/b".
func prefixes(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range path {
			if path[i] == '/' && !yield(path[:i]) {
				return
			}
		}
		yield(path)
	}
}
