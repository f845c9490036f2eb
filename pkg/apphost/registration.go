package apphost

import (
	"strings"

	"github.com/beevik/etree"
)

// appHostOnly is the allowDefinition of sections that stand at the server
// level only.
const appHostOnly = "AppHostOnly"

// registration is what configSections says of one section.
type registration struct {
	allowDefinition string
	allowLocation   bool
}

// configSections reads the registrations of a document; index is its place
// among the children of the root.
func (l *loader) configSections(e *etree.Element, index int) {
	switch {
	case l.registered != nil:
		l.errorf(l.doc.Pos(e), "configSections", "configSections stands here a second time; a file has one")
		return
	case index > 0:
		l.errorf(l.doc.Pos(e), "configSections", "configSections must be the first element of the file")
	}
	l.registered = map[string]registration{}
	l.register(e, "")
}

func (l *loader) register(e *etree.Element, group string) {
	for _, c := range e.ChildElements() {
		path := c.SelectAttrValue("name", "")
		if path == "" && (c.Tag == "section" || c.Tag == "sectionGroup") {
			l.errorf(l.doc.Pos(c), "configSections", "<%s> has no name", c.Tag)
			continue
		}
		if group != "" {
			path = group + "/" + path
		}
		switch c.Tag {
		case "sectionGroup":
			l.register(c, path)
		case "section":
			l.registered[fold(path)] = registration{
				allowDefinition: c.SelectAttrValue("allowDefinition", "Everywhere"),
				allowLocation:   !strings.EqualFold(c.SelectAttrValue("allowLocation", "true"), "false"),
			}
		default:
			l.errorf(l.doc.Pos(c), "configSections", "unrecognized element <%s>; here stand section and sectionGroup", c.Tag)
		}
	}
}

func (l *loader) isRegistered(path string) bool {
	path = fold(path)
	for name := range l.registered {
		if name == path || strings.HasPrefix(name, path+"/") {
			return true
		}
	}
	return false
}

// registration warns of a section that the file's own configSections forgot:
// IIS would refuse the file.
func (l *loader) registration(n *node, section *ElementSchema) {
	if l.registered == nil || section.Path == "configProtectedData" {
		return
	}
	if _, ok := l.registered[fold(section.Path)]; !ok {
		l.warnf(n.pos(), section.Path, "the section is not registered in configSections; IIS would refuse the file")
	}
}

// locationForbidden says why a section cannot stand in a location of a site.
func (l *loader) locationForbidden(section *ElementSchema) string {
	r, ok := l.registered[fold(section.Path)]
	switch {
	case section.ServerOnly || (ok && (r.allowDefinition == appHostOnly || strings.HasPrefix(r.allowDefinition, "Machine"))):
		return "the section stands at the server level only, not in a location"
	case ok && !r.allowLocation:
		return "the section is registered with allowLocation=\"false\" and cannot stand in a location"
	}
	return ""
}
