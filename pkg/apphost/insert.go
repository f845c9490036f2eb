package apphost

import (
	"strings"

	"github.com/beevik/etree"
)

// create makes what is missing on the way to a spot.
func (d *Draft) create(s *spot) error {
	first := s.missing[0]
	last := first
	for _, next := range s.missing[1:] {
		last.AddChild(next)
		last = next
	}
	edit := d.doc.Edit()
	if before := d.behindNew(s.at, first); before != nil {
		edit.InsertBefore(before, first)
	} else {
		edit.Append(s.at, first)
	}
	if err := d.apply(edit); err != nil {
		return err
	}
	return d.register(s.section)
}

// behindNew is the element that a new child is put before: groups of sections
// stand before locations. It is nil when the new one comes last.
func (d *Draft) behindNew(parent, child *etree.Element) *etree.Element {
	if parent != d.doc.Root() || child.Tag == locationTag {
		return nil
	}
	for _, c := range parent.ChildElements() {
		if strings.EqualFold(c.Tag, locationTag) {
			return c
		}
	}
	return nil
}

// insert puts a directive into the collection of a spot.
func (d *Draft) insert(s *spot, c *CollectionSchema, fragment *etree.Element, position int) error {
	if !s.there() {
		s.missing[len(s.missing)-1].AddChild(fragment)
		return d.create(s)
	}
	edit := d.doc.Edit()
	adds := s.schema.directives(s.at, c, addDirective)
	all := s.schema.directives(s.at, c, addDirective, removeDirective, clearDirective)
	switch before := defaultsIn(s.at); {
	case position >= 0 && position < len(adds):
		edit.InsertBefore(adds[position], fragment)
	case len(all) > 0:
		edit.InsertAfter(all[len(all)-1], fragment)
	case before != nil:
		edit.InsertBefore(before, fragment)
	default:
		edit.Append(s.at, fragment)
	}
	return d.apply(edit)
}

// defaultsIn is the first element that has defaults for entries: these come
// before it.
func defaultsIn(e *etree.Element) *etree.Element {
	for _, c := range e.ChildElements() {
		if strings.HasSuffix(c.Tag, defaultsSuffix) {
			return c
		}
	}
	return nil
}

const locationTag = "location"

// containers are the elements that have sections for a place: the document and
// locations without a path, or the locations with that path.
func (d *Draft) containers(at place) []*etree.Element {
	root := d.doc.Root()
	var list []*etree.Element
	if at.site == "" {
		list = append(list, root)
	}
	for _, c := range root.ChildElements() {
		if !strings.EqualFold(c.Tag, locationTag) {
			continue
		}
		other := placeOf(c.SelectAttrValue("path", ""))
		if fold(other.site) == fold(at.site) && foldPath(other.path) == foldPath(at.path) {
			list = append(list, c)
		}
	}
	return list
}

// findSection looks for a section at a place; if it is not there, missing has
// what is to be made of the way to it.
func (d *Draft) findSection(section *ElementSchema, at place) (deepest *etree.Element, missing []*etree.Element) {
	parts := strings.Split(section.Path, "/")
	containers := d.containers(at)
	for _, c := range containers {
		if e := sectionIn(c, parts); e != nil {
			return e, nil
		}
	}
	for _, c := range containers {
		// One that locks what is in it is left to its own sections.
		if c != d.doc.Root() && (c.SelectAttr("overrideMode") != nil || c.SelectAttr("allowOverride") != nil || c.SelectAttr("inheritInChildApplications") != nil) {
			continue
		}
		deepest = c
		break
	}
	if deepest == nil {
		location := etree.NewElement(locationTag)
		location.CreateAttr("path", at.site+at.path)
		deepest, missing = d.doc.Root(), []*etree.Element{location}
	}
	for i, part := range parts {
		next := (*etree.Element)(nil)
		if len(missing) == 0 && i < len(parts)-1 {
			next = childCalled(deepest, part)
		}
		if next != nil {
			deepest = next
			continue
		}
		missing = append(missing, etree.NewElement(part))
	}
	return deepest, missing
}

// sectionIn finds a section below a container; a group may stand there more
// than once.
func sectionIn(container *etree.Element, parts []string) *etree.Element {
	for _, c := range container.ChildElements() {
		if !strings.EqualFold(c.Tag, parts[0]) {
			continue
		}
		if len(parts) == 1 {
			return c
		}
		if e := sectionIn(c, parts[1:]); e != nil {
			return e
		}
	}
	return nil
}

// register enters a new section into configSections, if the file has that and
// does not know the section, because IIS would refuse the file.
func (d *Draft) register(section *ElementSchema) error {
	root := d.doc.Root()
	at := childCalled(root, "configSections")
	if at == nil {
		return nil
	}
	parts := strings.Split(section.Path, "/")
	name := parts[len(parts)-1]
	for i, part := range parts[:len(parts)-1] {
		next := named(at, "sectionGroup", part)
		if next == nil {
			group := etree.NewElement("sectionGroup")
			group.CreateAttr("name", part)
			inner := group
			for _, p := range parts[i+1 : len(parts)-1] {
				inner = inner.CreateElement("sectionGroup")
				inner.CreateAttr("name", p)
			}
			inner.AddChild(registrationOf(section, name))
			return d.appendTo(at, group)
		}
		at = next
	}
	if named(at, "section", name) != nil {
		return nil
	}
	return d.appendTo(at, registrationOf(section, name))
}

func (d *Draft) appendTo(parent, fragment *etree.Element) error {
	edit := d.doc.Edit()
	edit.Append(parent, fragment)
	return d.apply(edit)
}

func named(parent *etree.Element, tag, name string) *etree.Element {
	for _, c := range parent.ChildElements() {
		if c.Tag == tag && strings.EqualFold(c.SelectAttrValue("name", ""), name) {
			return c
		}
	}
	return nil
}

// registrationOf is the line that IIS has for a section of FTP.
func registrationOf(section *ElementSchema, name string) *etree.Element {
	e := etree.NewElement("section")
	e.CreateAttr("name", name)
	e.CreateAttr("overrideModeDefault", "Deny")
	if section.ServerOnly {
		e.CreateAttr("allowDefinition", appHostOnly)
	}
	return e
}
