package apphost

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Draft is a document while it is changed. A change touches the bytes it must
// and no others; one that fails changes nothing. Whether the whole makes sense
// is found by loading it. The document may have errors meanwhile: then what is
// inherited is not known, and only what an element itself says counts.
type Draft struct {
	schema *Schema
	doc    *xmldoc.Document
	cfg    *Configuration
	wrong  ErrorList
	loaded bool
}

// NewDraft starts changing a document.
func NewDraft(s *Schema, doc *xmldoc.Document) *Draft { return &Draft{schema: s, doc: doc} }

// Text is the document as it is now; do not change it.
func (d *Draft) Text() []byte { return d.doc.Bytes() }

// Schema is what the document is held against.
func (d *Draft) Schema() *Schema { return d.schema }

// Configuration is what the document says now; nil when it has errors.
func (d *Draft) Configuration() *Configuration {
	cfg, _ := d.Load()
	return cfg
}

// Load is Load of the document as it is now.
func (d *Draft) Load() (*Configuration, ErrorList) {
	if !d.loaded {
		d.cfg, d.wrong = Load(d.schema, d.doc)
		d.loaded = true
	}
	return d.cfg, d.wrong
}

// apply makes the changes of an edit.
func (d *Draft) apply(edit *xmldoc.Edit) error {
	text, err := edit.Apply()
	if err != nil {
		return fmt.Errorf("changing %s: %w", d.doc.Name(), err)
	}
	doc, err := xmldoc.Parse(d.doc.Name(), text)
	if err != nil {
		return fmt.Errorf("changing %s: %w", d.doc.Name(), err)
	}
	d.doc, d.cfg, d.loaded = doc, nil, false
	return nil
}

// spot is where a target is in the document, as far as it is there.
type spot struct {
	schema *ElementSchema
	// at is the deepest element of the way that is there, missing what is not.
	at      *etree.Element
	missing []*etree.Element
	section *ElementSchema
}

func (s *spot) there() bool { return len(s.missing) == 0 }

// find looks for a target.
func (d *Draft) find(t Target) (*spot, error) {
	if root := d.doc.Root(); !strings.EqualFold(root.Tag, "configuration") {
		return nil, fmt.Errorf("%s: the root element is <%s>, not <configuration>", d.doc.Pos(root), clip(root.Tag))
	}
	section := d.schema.Section(t.Section)
	if section == nil {
		return nil, &UnknownError{Kind: "section", Name: t.Section, Hint: suggest(t.Section, d.sectionPaths())}
	}
	at := placeOf(t.Location)
	if at.site != "" && d.forbidden(section) {
		return nil, ErrServerOnly
	}
	s := &spot{schema: section, section: section}
	s.at, s.missing = d.findSection(section, at)
	for _, step := range t.Path {
		if err := d.step(s, step); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (d *Draft) sectionPaths() []string {
	var paths []string
	for _, s := range d.schema.Sections() {
		paths = append(paths, s.Path)
	}
	return paths
}

// forbidden reports whether a section cannot stand in a location of a site.
func (d *Draft) forbidden(section *ElementSchema) bool {
	l := &loader{schema: d.schema, doc: d.doc}
	for i, e := range d.doc.Root().ChildElements() {
		if strings.EqualFold(e.Tag, "configSections") {
			l.configSections(e, i)
		}
	}
	return l.locationForbidden(section) != ""
}

// step goes one step further.
func (d *Draft) step(s *spot, step Step) error {
	if step.Name == "" {
		return d.stepEntry(s, step)
	}
	var next *etree.Element
	if s.there() {
		next = childCalled(s.at, step.Name)
	}
	schema, err := s.schema.child(step.Name, next != nil)
	if err != nil {
		return err
	}
	s.schema = schema
	if next != nil {
		s.at = next
		return nil
	}
	s.missing = append(s.missing, etree.NewElement(schema.Name))
	return nil
}

func (d *Draft) stepEntry(s *spot, step Step) error {
	c, err := s.schema.collectionFor(step.Values)
	if err != nil {
		return err
	}
	el := d.ownEntry(s, c, step.Values)
	if el == nil {
		return ErrNoElement
	}
	s.at, s.schema = el, c.Entry
	return nil
}

// ownEntry is the first entry at this place that has all the values.
func (d *Draft) ownEntry(s *spot, c *CollectionSchema, values []Setting) *etree.Element {
	if !s.there() {
		return nil
	}
	for _, el := range s.schema.directives(s.at, c, addDirective) {
		if c.matches(&Element{schema: c.Entry, layers: []*node{{el, d.doc}}}, values) {
			return el
		}
	}
	return nil
}

func childCalled(e *etree.Element, name string) *etree.Element {
	var like *etree.Element
	for _, c := range e.ChildElements() {
		if c.Tag == name {
			return c
		}
		if like == nil && strings.EqualFold(c.Tag, name) {
			like = c
		}
	}
	return like
}

// Set gives an attribute of the target a value. What is missing on the way to
// it is made, but for entries of collections, which have to be there. One that
// is inherited is replaced by its like, since it cannot be changed from here.
func (d *Draft) Set(t Target, name, value string) error {
	s, err := d.find(t)
	if errors.Is(err, ErrNoElement) {
		if err := d.takeOver(t); err != nil {
			return err
		}
		s, err = d.find(t)
	}
	if err != nil {
		return err
	}
	_, there := (&node{e: s.at}).attr(name)
	setting, err := s.schema.canonical(Setting{name, value}, there && s.there())
	if err != nil {
		return err
	}
	if !s.there() {
		s.missing[len(s.missing)-1].CreateAttr(setting.Name, setting.Value)
		return d.create(s)
	}
	key := setting.Name
	if a, ok := (&node{e: s.at}).attr(key); ok {
		key = a.FullKey()
	}
	edit := d.doc.Edit()
	edit.SetAttr(s.at, key, setting.Value)
	return d.apply(edit)
}

// Unset takes an attribute, or a child element, away from the target, so that
// what is inherited counts. What is not there is no error.
func (d *Draft) Unset(t Target, name string) error {
	s, err := d.find(t)
	if err != nil {
		return err
	}
	if s.schema.Attribute(name) == nil && s.schema.Element(name) == nil {
		if _, err := s.schema.canonical(Setting{Name: name}, true); err != nil {
			return err
		}
	}
	if !s.there() {
		return nil
	}
	edit := d.doc.Edit()
	if a, ok := (&node{e: s.at}).attr(name); ok {
		edit.RemoveAttr(s.at, a.FullKey())
	} else if c := childCalled(s.at, name); c != nil {
		edit.Remove(c)
	}
	return d.apply(edit)
}
