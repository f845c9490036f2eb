package schemadoc

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// frame is the part of the XML Schema that no section changes: the root,
// locations, configSections, and types that many attributes have.
//
//go:embed frame.xsd
var frame []byte

// sharedGroup is the group into which others put sections as well; in the
// other groups every section is ours.
const sharedGroup = "system.applicationHost"

// XSD returns an XML Schema 1.0 for files with the sections of s. It accepts
// what the loader accepts as spelled in the schema; in collections and shared
// groups it accepts a little more, since XML Schema cannot say everything.
func XSD(s *apphost.Schema) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(frame); err != nil {
		return nil, err
	}
	w := &xsdWriter{root: doc.Root(), types: map[string]string{}}
	tree := groups(s.Sections())
	for _, section := range tree.sections {
		w.root.AddChild(w.element(section))
	}
	for _, g := range tree.groups {
		w.root.AddChild(w.group(g))
	}
	doc.Indent(2)
	return doc.WriteToBytes()
}

// xsdWriter collects the types of a schema. A type is written once, however
// many elements have it.
type xsdWriter struct {
	root  *etree.Element
	types map[string]string // definition → name
}

// group declares a section group. A group that others use has any content,
// held to the global declarations; ours are listed.
func (w *xsdWriter) group(g *group) *etree.Element {
	e := xs("element", "name", g.name)
	e.AddChild(annotation("Group of sections."))
	complexType := e.CreateElement("xs:complexType")
	choice := repeated(complexType)
	shared := g.name == sharedGroup
	if shared {
		choice.AddChild(xs("any", "processContents", "lax"))
	}
	for _, section := range g.sections {
		if shared {
			w.root.AddChild(w.element(section))
		} else {
			choice.AddChild(w.element(section))
		}
	}
	for _, inner := range g.groups {
		choice.AddChild(w.group(inner))
	}
	complexType.AddChild(xs("anyAttribute", "namespace", "##other", "processContents", "lax"))
	return e
}

// element declares a section, an element or the entries of a collection.
func (w *xsdWriter) element(e *apphost.ElementSchema) *etree.Element {
	x := xs("element", "name", e.Name, "type", w.complexType(e))
	if e.Doc != "" {
		x.AddChild(annotation(e.Doc))
	}
	for _, c := range e.Collections {
		if c.Remove != "" || c.Clear != "" || c.AllowDuplicates {
			continue // an entry may stand a second time after it was removed
		}
		unique := x.CreateElement("xs:unique")
		unique.CreateAttr("name", typeName(c.Entry.Path)+".key")
		unique.AddChild(xs("selector", "xpath", c.Add))
		for _, key := range c.Entry.Keys() {
			unique.AddChild(xs("field", "xpath", "@"+key.Name))
		}
	}
	return x
}

// complexType returns the name of the type of e, and writes it when there is
// none of the same content yet.
func (w *xsdWriter) complexType(e *apphost.ElementSchema) string {
	t := etree.NewElement("xs:complexType")
	w.content(t, e)
	w.attributes(t, e)
	return w.define(t, typeName(e.Path))
}

func (w *xsdWriter) define(t *etree.Element, name string) string {
	definition := text(t)
	if known, ok := w.types[definition]; ok {
		return known
	}
	w.types[definition] = name
	named := xs("complexType", "name", name)
	for _, a := range t.Attr {
		named.CreateAttr(a.FullKey(), a.Value)
	}
	for _, c := range t.ChildElements() {
		named.AddChild(c)
	}
	w.root.AddChild(named)
	return name
}

// content writes what may stand in an element. Elements that occur once
// stand in any order; beside a collection they are not counted.
func (w *xsdWriter) content(t *etree.Element, e *apphost.ElementSchema) {
	switch {
	case len(e.Collections) > 0:
		choice := repeated(t)
		for _, c := range e.Collections {
			w.directives(choice, c)
		}
		for _, c := range e.Elements {
			choice.AddChild(w.element(c))
		}
	case len(e.Elements) > 0:
		all := t.CreateElement("xs:all")
		for _, c := range e.Elements {
			x := w.element(c)
			x.CreateAttr("minOccurs", "0")
			all.AddChild(x)
		}
	case e.AllowUnrecognizedElements:
		t.CreateAttr("mixed", "true")
		repeated(t).AddChild(xs("any", "processContents", "skip"))
	}
}

// directives declares the elements that add to a collection, remove from it
// and clear it.
func (w *xsdWriter) directives(choice *etree.Element, c *apphost.CollectionSchema) {
	choice.AddChild(w.element(c.Entry))
	if c.Remove != "" {
		t := etree.NewElement("xs:complexType")
		for _, key := range c.Entry.Keys() {
			free := *key
			free.Required, free.Validator, free.HasDefault = false, "", false
			t.AddChild(xsdAttribute(&free))
		}
		finish(t, false)
		x := xs("element", "name", c.Remove, "type", w.define(t, typeName(c.Entry.Path)+"."+c.Remove))
		x.AddChild(annotation("Removes the entry that has these keys; a key left out stands for its default."))
		choice.AddChild(x)
	}
	if c.Clear != "" {
		t := etree.NewElement("xs:complexType")
		finish(t, false)
		x := xs("element", "name", c.Clear, "type", w.define(t, "clear"))
		x.AddChild(annotation("Removes all entries that are inherited or stand above."))
		choice.AddChild(x)
	}
}

func (w *xsdWriter) attributes(t *etree.Element, e *apphost.ElementSchema) {
	for _, a := range e.Attributes {
		t.AddChild(xsdAttribute(a))
	}
	finish(t, e.AllowUnrecognizedAttributes)
}

// finish adds the attributes that may stand on every element.
func finish(t *etree.Element, unrecognized bool) {
	t.AddChild(xs("attributeGroup", "ref", "locking"))
	namespace := "##other"
	if unrecognized {
		namespace = "##any"
	}
	t.AddChild(xs("anyAttribute", "namespace", namespace, "processContents", "lax"))
}

// repeated adds a choice that may be made any number of times.
func repeated(t *etree.Element) *etree.Element {
	choice := xs("choice", "minOccurs", "0", "maxOccurs", "unbounded")
	t.AddChild(choice)
	return choice
}

// xs makes an element of XML Schema with attributes.
func xs(tag string, attributes ...string) *etree.Element {
	e := etree.NewElement("xs:" + tag)
	for pair := range slices.Chunk(attributes, 2) {
		e.CreateAttr(pair[0], pair[1])
	}
	return e
}

func annotation(doc string) *etree.Element {
	e := xs("annotation")
	e.CreateElement("xs:documentation").SetText(doc)
	return e
}

// typeName is a path as the name of a type.
func typeName(path string) string { return strings.ReplaceAll(path, "/", ".") }

// text is an element as XML, to compare it.
func text(e *etree.Element) string {
	doc := etree.NewDocumentWithRoot(e.Copy())
	s, err := doc.WriteToString()
	if err != nil {
		return "" // a string builder does not fail
	}
	return s
}
