package apphost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Load reads configuration documents. The list holds everything that is wrong
// or doubtful, in the order of the files; the configuration is nil when
// anything is wrong.
func Load(s *Schema, docs ...*xmldoc.Document) (*Configuration, ErrorList) {
	cfg := &Configuration{schema: s, sections: map[*ElementSchema]*occurrences{}, documents: docs, locations: map[string][]*node{}}
	l := &loader{schema: s, cfg: cfg}
	for _, doc := range docs {
		l.document(doc)
	}
	l.sortLocations()
	if l.errors == 0 {
		l.checkMerged()
	}
	l.problems.Sort()
	if l.errors > 0 {
		return nil, l.problems
	}
	return cfg, l.problems
}

// loader walks documents and collects what it finds.
type loader struct {
	schema     *Schema
	cfg        *Configuration
	doc        *xmldoc.Document
	registered map[string]registration
	problems   ErrorList
	errors     int
	warnings   int
}

// place is where in the configuration an element stands.
type place struct {
	site, path string // path is "" or "/a/b", as written
}

func (l *loader) errorf(pos xmldoc.Pos, section, format string, args ...any) {
	l.tell(&Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...)})
}

func (l *loader) warnf(pos xmldoc.Pos, section, format string, args ...any) {
	l.tell(&Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...), Warning: true})
}

// maxProblems is how many errors, and how many warnings, of one Load are
// kept: a file with more is not a configuration, and nobody reads on.
const maxProblems = 10000

// full reports whether further errors, or warnings, would not be kept, so
// that a flood of them is not even worded.
func (l *loader) full(warning bool) bool {
	if warning {
		return l.warnings >= maxProblems
	}
	return l.errors >= maxProblems
}

func (l *loader) tell(e *Error) {
	count := &l.errors
	if e.Warning {
		count = &l.warnings
	}
	*count++
	switch {
	case *count < maxProblems:
		l.problems = append(l.problems, e)
	case *count == maxProblems:
		l.problems = append(l.problems, &Error{
			Pos: e.Pos, Section: e.Section, Warning: e.Warning, Msg: e.Msg + fmt.Sprintf(" (after %d of these the rest is not listed)", maxProblems),
		})
	}
}

func (l *loader) document(doc *xmldoc.Document) {
	l.doc, l.registered = doc, nil
	root := doc.Root()
	if !l.is(root, "configuration") {
		l.errorf(doc.Pos(root), "", "the root element is <%s>, not <configuration>: this is a fragment or another kind of file", clip(root.Tag))
		return
	}
	for i, e := range root.ChildElements() {
		switch {
		case l.is(e, "configSections"):
			l.configSections(e, i)
		case l.is(e, "location"):
			l.location(e)
		default:
			l.sectionOrGroup(e, "", place{})
		}
	}
}

// is reports whether an element of the file's frame has a name, and warns
// when only the case differs.
func (l *loader) is(e *etree.Element, name string) bool {
	if !strings.EqualFold(e.Tag, name) {
		return false
	}
	l.spelling(e, e.Tag, name, name)
	return true
}

// sectionOrGroup finds out what an element above section level is.
func (l *loader) sectionOrGroup(e *etree.Element, group string, at place) {
	path := e.Tag
	if group != "" {
		path = group + "/" + e.Tag
	}
	section := l.schema.Section(path)
	switch {
	case section != nil:
		l.spelling(e, path, section.Path, section.Path)
		l.section(e, section, at)
	case l.schema.groups[fold(path)] != "":
		l.spelling(e, path, l.schema.groups[fold(path)], path)
		for _, c := range e.ChildElements() {
			l.sectionOrGroup(c, path, at)
		}
	case l.isClosed(group) && !l.isRegistered(path):
		l.errorf(l.doc.Pos(e), group, "unrecognized element <%s>%s%s", clip(e.Tag), suggest(e.Tag, l.namesIn(group)), misplaced(group, e.Tag))
	case !l.isRegistered(path):
		// Somebody else's section, unless it is a slip.
		if meant := suggest(e.Tag, l.namesIn(group)); meant != "" {
			l.warnf(l.doc.Pos(e), group, "<%s> is left alone%s", clip(e.Tag), meant)
		}
	}
}

func (l *loader) isClosed(group string) bool {
	for g := fold(group); g != ""; {
		if l.schema.closed[g] {
			return true
		}
		i := strings.LastIndexByte(g, '/')
		if i < 0 {
			return false
		}
		g = g[:i]
	}
	return false
}

// namesIn lists what may stand in a group; "" is the top of the file.
func (l *loader) namesIn(group string) []string {
	var names []string
	if group != "" {
		group += "/"
	}
	for _, s := range l.schema.Sections() {
		if rest, ok := strings.CutPrefix(s.Path, group); ok {
			name, _, _ := strings.Cut(rest, "/")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// spelling warns of a name whose case differs from the schema's, which IIS
// would not recognize.
func (l *loader) spelling(e *etree.Element, written, declared, section string) {
	if written != declared {
		l.warnf(l.doc.Pos(e), section, "<%s> is spelled %s; IIS tells upper and lower case apart here", written, declared)
	}
}

// section validates one occurrence of a section and enters it.
func (l *loader) section(e *etree.Element, section *ElementSchema, at place) {
	n := &node{e, l.doc}
	if at.site != "" {
		if reason := l.locationForbidden(section); reason != "" {
			l.errorf(n.pos(), section.Path, "%s", reason)
			return
		}
	}
	l.registration(n, section)
	l.element(n, section, section.Path)
	if other := l.cfg.enter(section, at, n); other != nil {
		where := "at the server level"
		if at.site != "" {
			where = fmt.Sprintf("for location %q", at.site+at.path)
		}
		l.errorf(n.pos(), section.Path, "the section stands here a second time %s; the first is at %s", where, other.pos())
	}
}

// sortLocations puts shallow locations before deep ones.
func (l *loader) sortLocations() {
	for _, o := range l.cfg.sections {
		for _, site := range o.sites {
			slices.SortStableFunc(site.sorted, func(a, b *LocationSection) int {
				return strings.Count(a.Path, "/") - strings.Count(b.Path, "/")
			})
		}
	}
}
