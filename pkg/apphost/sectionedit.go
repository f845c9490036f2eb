package apphost

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// RemoveSection takes a section away from a location, and the groups and the
// location when nothing else is in them. It reports whether there was one.
func (d *Draft) RemoveSection(location, section string) (bool, error) {
	s, err := d.find(Target{Location: location, Section: section})
	if err != nil || !s.there() {
		return false, err
	}
	el := s.at
	for parent := el.Parent(); parent != nil && parent != d.doc.Root(); parent = parent.Parent() {
		locks := parent.Tag == locationTag && (parent.SelectAttr("overrideMode") != nil || parent.SelectAttr("allowOverride") != nil)
		if len(parent.Child) > 1 || locks {
			break
		}
		el = parent
	}
	edit := d.doc.Edit()
	edit.Remove(el)
	return true, d.apply(edit)
}

// Words of SetOverrideMode.
const (
	OverrideAllow = "Allow"
	OverrideDeny  = "Deny"
)

// SetOverrideMode says whether files below a location may give a section: at
// the server level in its registration, else in the location, which is made if
// it is not there. For FTP there are no such files.
func (d *Draft) SetOverrideMode(location, section, mode string) error {
	s, err := d.find(Target{Location: location, Section: section})
	if err != nil {
		return err
	}
	edit := d.doc.Edit()
	if placeOf(location).site == "" {
		if err := d.register(s.section); err != nil {
			return err
		}
		registered := d.registrationElement(s.section)
		if registered == nil {
			return fmt.Errorf("%s has no configSections, where %s would be locked and unlocked", d.doc.Name(), s.section.Path)
		}
		edit = d.doc.Edit()
		edit.SetAttr(registered, "overrideModeDefault", mode)
		return d.apply(edit)
	}
	if !s.there() {
		if err := d.create(s); err != nil {
			return err
		}
		if s, err = d.find(Target{Location: location, Section: section}); err != nil {
			return err
		}
		edit = d.doc.Edit()
	}
	at := s.at
	for at != nil && !strings.EqualFold(at.Tag, locationTag) {
		at = at.Parent()
	}
	edit.RemoveAttr(at, "allowOverride")
	edit.SetAttr(at, "overrideMode", mode)
	return d.apply(edit)
}

func (d *Draft) registrationElement(section *ElementSchema) *etree.Element {
	at := childCalled(d.doc.Root(), "configSections")
	parts := strings.Split(section.Path, "/")
	for i, part := range parts {
		if at == nil {
			return nil
		}
		tag := "sectionGroup"
		if i == len(parts)-1 {
			tag = "section"
		}
		at = named(at, tag, part)
	}
	return at
}
