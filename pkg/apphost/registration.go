package apphost

import (
	"strings"

	"github.com/beevik/etree"
)

// appHostOnly is the allowDefinition of sections that stand at the server
// level only.
const appHostOnly = "AppHostOnly"

// locationAllowed reports whether a section with this allowDefinition may
// stand in a location, which is as deep as an application, and whether there
// is such a word. Microsoft's pages have two spellings of one.
func locationAllowed(allowDefinition string) (allowed, known bool) {
	switch strings.ToLower(allowDefinition) {
	case "everywhere", "machinetoapplication":
		return true, true
	case "apphostonly", "machineonly", "machinetowebroot", "machinetorootweb":
		return false, true
	}
	return true, false
}

// registration is what configSections says of one section.
type registration struct{ serverOnly, allowLocation bool }

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
		case "remove", "clear": // of .NET files
		case "section":
			l.registerSection(c, path)
		default:
			l.errorf(l.doc.Pos(c), "configSections", "unrecognized element <%s>; here stand section and sectionGroup", c.Tag)
		}
	}
}

// registerSection reads one registration. overrideModeDefault locks a section
// against lower files, never against a location of this one, so it is checked
// and has no effect.
func (l *loader) registerSection(c *etree.Element, path string) {
	if _, twice := l.registered[fold(path)]; twice {
		l.errorf(l.doc.Pos(c), "configSections", "section %q is registered twice", clip(path))
	}
	definition := c.SelectAttrValue("allowDefinition", "Everywhere")
	allowed, known := locationAllowed(definition)
	if !known {
		l.warnf(l.doc.AttrPos(c, "allowDefinition"), "configSections", "allowDefinition %s is not one of Everywhere, MachineOnly, MachineToWebRoot, MachineToApplication, AppHostOnly", quote(definition))
	}
	if mode := c.SelectAttrValue("overrideModeDefault", "Allow"); !containsFold([]string{"Allow", "Deny"}, mode) {
		l.warnf(l.doc.AttrPos(c, "overrideModeDefault"), "configSections", "overrideModeDefault %s is not one of Allow, Deny", quote(mode))
	}
	l.registered[fold(path)] = registration{
		serverOnly: !allowed, allowLocation: !strings.EqualFold(c.SelectAttrValue("allowLocation", "true"), "false"),
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
	case section.ServerOnly || (ok && r.serverOnly):
		return "the section stands at the server level only, not in a location"
	case ok && !r.allowLocation:
		return "the section is registered with allowLocation=\"false\" and cannot stand in a location"
	}
	return ""
}
