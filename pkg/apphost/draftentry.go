package apphost

import (
	"fmt"
	"slices"

	"github.com/beevik/etree"
)

// Last is the position behind all entries of a collection.
const Last = -1

// Add adds the entry that the last step of the target describes, with further
// elements in it when entry is not nil, before the entry with the number
// position, or Last. The error is a *DuplicateError when its key is taken.
func (d *Draft) Add(t Target, entry *Tree, position int) error {
	t, values, err := t.ofEntry("added")
	if err != nil {
		return err
	}
	s, err := d.find(t)
	if err != nil {
		return err
	}
	c, err := s.schema.collectionFor(values)
	if err != nil && entry == nil {
		return err
	}
	if entry != nil {
		if c = s.schema.Collection(entry.Name); c == nil {
			return &UnknownError{Kind: "element", Name: entry.Name}
		}
	}
	fragment := etree.NewElement(c.Add)
	if entry != nil {
		entry.into(fragment)
	}
	for _, v := range values {
		v, err := c.Entry.canonical(v, entry != nil)
		if err != nil {
			return err
		}
		fragment.CreateAttr(v.Name, v.Value)
	}
	if err := d.unused(s, t, c, fragment); err != nil {
		return err
	}
	return d.insert(s, c, fragment, position)
}

// unused makes sure that no entry has the key of a new one.
func (d *Draft) unused(s *spot, t Target, c *CollectionSchema, fragment *etree.Element) error {
	if c.AllowDuplicates {
		return nil
	}
	key := keyOf(c, &node{e: fragment, doc: d.doc})
	var keys []string
	if e := d.effective(t); e != nil {
		for _, x := range e.entries(c) {
			keys = append(keys, keyOf(c, x.layers[len(x.layers)-1]))
		}
	} else if s.there() {
		for _, el := range s.schema.directives(s.at, c, addDirective) {
			keys = append(keys, keyOf(c, &node{el, d.doc}))
		}
	}
	if !slices.Contains(keys, key) {
		return nil
	}
	duplicate := &DuplicateError{}
	for _, a := range c.Entry.Keys() {
		e := Element{schema: c.Entry, layers: []*node{{fragment, d.doc}}}
		duplicate.Key = append(duplicate.Key, Setting{a.Name, e.value(a).Text})
	}
	return duplicate
}

// effective is the target with all that is inherited; nil when that is not
// known.
func (d *Draft) effective(t Target) *Element {
	cfg := d.Configuration()
	if cfg == nil {
		return nil
	}
	e := cfg.Section(t.Section, t.Location)
	if e == nil {
		return nil
	}
	e, err := e.Find(t.Path...)
	if err != nil {
		return nil
	}
	return e
}

// ofEntry takes off the last step, which describes an entry, and returns what it
// says of that. done is what is to be done with the entry.
func (t Target) ofEntry(done string) (parent Target, values []Setting, err error) {
	last := len(t.Path) - 1
	if last < 0 || t.Path[last].Name != "" {
		return t, nil, fmt.Errorf("an element of a collection is %s, not one by name", done)
	}
	values = t.Path[last].Values
	t.Path = t.Path[:last]
	return t, values, nil
}

// Remove takes the entry that the last step of the target describes out of its
// collection. One that is inherited gets an element that removes it here.
func (d *Draft) Remove(t Target) error {
	t, values, err := t.ofEntry("removed")
	if err != nil {
		return err
	}
	s, err := d.find(t)
	if err != nil {
		return err
	}
	c, err := s.schema.collectionFor(values)
	if err != nil {
		return err
	}
	if el := d.ownEntry(s, c, values); el != nil {
		edit := d.doc.Edit()
		edit.Remove(el)
		return d.apply(edit)
	}
	entry := d.inherited(t, c, values)
	if entry == nil {
		return ErrNoElement
	}
	return d.insert(s, c, removalOf(c, entry), Last)
}

// inherited is the entry that has all the values and can be removed here, or
// nil.
func (d *Draft) inherited(parent Target, c *CollectionSchema, values []Setting) *Element {
	e := d.effective(parent)
	if e == nil || c.Remove == "" {
		return nil
	}
	for _, entry := range e.entries(c) {
		if c.matches(entry, values) {
			return entry
		}
	}
	return nil
}

// removalOf is the element that removes an entry.
func removalOf(c *CollectionSchema, entry *Element) *etree.Element {
	removal := etree.NewElement(c.Remove)
	for _, a := range c.Entry.Keys() {
		removal.CreateAttr(a.Name, entry.value(a).Text)
	}
	return removal
}

// takeOver replaces the first inherited entry on the way to a target by its
// like. The error is ErrNoElement when there is none.
func (d *Draft) takeOver(t Target) error {
	for i, step := range t.Path {
		if step.Name != "" {
			continue
		}
		parent := t
		parent.Path = t.Path[:i]
		s, err := d.find(parent)
		if err != nil {
			return err
		}
		c, err := s.schema.collectionFor(step.Values)
		if err != nil {
			return err
		}
		if d.ownEntry(s, c, step.Values) != nil {
			continue
		}
		entry := d.inherited(parent, c, step.Values)
		if entry == nil {
			return ErrNoElement
		}
		if err := d.insert(s, c, removalOf(c, entry), Last); err != nil {
			return err
		}
		if s, err = d.find(parent); err != nil {
			return err
		}
		like := etree.NewElement(c.Add)
		entry.AsWritten().into(like)
		return d.insert(s, c, like, Last)
	}
	return ErrNoElement
}

// Clear empties the collection of the target: what is written here goes, and
// what is inherited is cleared.
func (d *Draft) Clear(t Target) error {
	s, err := d.find(t)
	if err != nil {
		return err
	}
	if len(s.schema.Collections) == 0 {
		return &UnknownError{Kind: "element", Name: s.schema.Name, Hint: "; it is no collection"}
	}
	c := s.schema.Collections[0]
	if s.there() {
		edit := d.doc.Edit()
		for _, el := range s.schema.directives(s.at, c, addDirective, removeDirective, clearDirective) {
			edit.Remove(el)
		}
		if err := d.apply(edit); err != nil {
			return err
		}
	}
	e := d.effective(t)
	if e == nil || len(e.entries(c)) == 0 || c.Clear == "" {
		return nil
	}
	if s, err = d.find(t); err != nil {
		return err
	}
	return d.insert(s, c, etree.NewElement(c.Clear), Last)
}
