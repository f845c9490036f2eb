package accounts

import (
	"fmt"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// draft is a change being made to the text of one file.
type draft struct {
	*content
	edit *xmldoc.Edit

	removed map[*etree.Element]bool
	joined  map[string]bool // folded group and user
}

// user returns the element of an account.
func (d *draft) user(name string) (*etree.Element, error) {
	return d.find("users", "add", "user", name)
}

// group returns the element of a group.
func (d *draft) group(name string) (*etree.Element, error) {
	return d.find("groups", "group", "group", name)
}

func (d *draft) find(list, tag, what, name string) (*etree.Element, error) {
	if found := named(d.list(list), tag, "name", name); len(found) > 0 {
		return found[0], nil // a file with two is one with errors
	}
	return nil, fmt.Errorf("%s %q: %w", what, name, ErrNotFound)
}

// free returns an ErrExists when a user or group has the name.
func (d *draft) free(what, name string) error {
	if holder, taken := d.names[auth.Fold(name)]; taken {
		return fmt.Errorf("%s %q: %w by a %s", what, name, ErrExists, holder)
	}
	return nil
}

// join makes user a member of group unless it is one.
func (d *draft) join(group, user string) error {
	e, err := d.group(group)
	if err != nil {
		return err
	}
	key := auth.Fold(group) + "\\" + auth.Fold(user)
	if d.joined[key] || len(named(e, "add", "user", user)) > 0 {
		return nil
	}
	d.joined[key] = true
	d.edit.Append(e, element("add", "user", user))
	return nil
}

// leave takes user out of the group's element, and reports whether it was in.
func (d *draft) leave(group *etree.Element, user string) bool {
	members := named(group, "add", "user", user)
	for _, member := range members {
		d.remove(member)
	}
	return len(members) > 0
}

func (d *draft) remove(e *etree.Element) {
	if !d.removed[e] {
		d.removed[e] = true
		d.edit.Remove(e)
	}
}

// append adds an entry to users or groups, and the list itself when the file
// has none yet.
func (d *draft) append(list string, entry *etree.Element) {
	if e := d.list(list); e != nil {
		d.edit.Append(e, entry)
		return
	}
	wrapped := etree.NewElement(list)
	wrapped.AddChild(entry)
	root := d.doc.Root()
	if e := root.SelectElement(section); e != nil {
		d.edit.Append(e, wrapped)
		return
	}
	outer := etree.NewElement(section)
	outer.AddChild(wrapped)
	d.edit.Append(root, outer)
}

// list returns the users or groups element, nil when there is none.
func (d *draft) list(name string) *etree.Element {
	if e := d.doc.Root().SelectElement(section); e != nil {
		return e.SelectElement(name)
	}
	return nil
}

// named returns the children of parent, which may be nil, with the tag and a
// name in the attribute.
func named(parent *etree.Element, tag, attr, name string) []*etree.Element {
	if parent == nil {
		return nil
	}
	var found []*etree.Element
	for _, e := range parent.SelectElements(tag) {
		if auth.Fold(e.SelectAttrValue(attr, "")) == auth.Fold(name) {
			found = append(found, e)
		}
	}
	return found
}

// element returns an element with attributes, given as keys and values.
func element(tag string, attrs ...string) *etree.Element {
	e := etree.NewElement(tag)
	for i := 0; i+1 < len(attrs); i += 2 {
		e.CreateAttr(attrs[i], attrs[i+1])
	}
	return e
}
