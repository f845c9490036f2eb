package apphost

import (
	"strings"

	"github.com/beevik/etree"
)

// Tree is an element to be shown or added: names, values, nothing else.
type Tree struct {
	Name       string
	Attributes []Setting
	Children   []*Tree
}

// Written is what is written of an element, on all levels that count for it:
// no defaults of the schema, and of an entry of a collection only what stands
// in itself.
func (e *Element) Written() *Tree {
	t := &Tree{Name: e.schema.Name}
	for _, a := range e.schema.Attributes {
		if v := e.value(a); v.Set {
			t.Attributes = append(t.Attributes, Setting{a.Name, v.shown()})
		}
	}
	for _, c := range e.schema.Collections {
		for _, entry := range e.entries(c) {
			t.Children = append(t.Children, entry.AsWritten())
		}
	}
	for _, c := range e.schema.Elements {
		if child := e.child(c); child.Present() {
			t.Children = append(t.Children, child.Written())
		}
	}
	e.foreign(t)
	return t
}

// AsWritten is what the most specific layer of an element says, with the
// directives of collections; values are as IIS would write them.
func (e *Element) AsWritten() *Tree {
	if len(e.layers) == 0 {
		return &Tree{Name: e.schema.Name}
	}
	return treeBy(e.layers[len(e.layers)-1].e, e.schema)
}

// treeBy is TreeOf for an element that a schema describes; it may be nil.
func treeBy(e *etree.Element, schema *ElementSchema) *Tree {
	if schema == nil {
		return TreeOf(e)
	}
	t := &Tree{Name: e.Tag}
	for _, a := range e.Attr {
		s := Setting{a.FullKey(), a.Value}
		if declared := schema.Attribute(a.Key); declared != nil {
			if text, err := declared.Canonical(a.Value); err == nil {
				s.Value = text
			}
		}
		t.Attributes = append(t.Attributes, s)
	}
	for _, c := range e.ChildElements() {
		inner := schema.Element(c.Tag)
		if of, d := schema.directive(c.Tag); d != noDirective {
			inner = of.Entry
		}
		t.Children = append(t.Children, treeBy(c, inner))
	}
	return t
}

// All is an element with every attribute and child the schema knows, whether
// written, inherited or default.
func (e *Element) All() *Tree {
	t := &Tree{Name: e.schema.Name}
	for _, a := range e.schema.Attributes {
		if v := e.value(a); !a.Runtime && (v.Set || a.HasDefault || a.Type != String) {
			t.Attributes = append(t.Attributes, Setting{a.Name, v.shown()})
		}
	}
	for _, c := range e.schema.Collections {
		for _, entry := range e.entries(c) {
			t.Children = append(t.Children, entry.All())
		}
	}
	for _, c := range e.schema.Elements {
		if !strings.HasSuffix(c.Name, defaultsSuffix) || e.child(c).Present() {
			t.Children = append(t.Children, e.child(c).All())
		}
	}
	e.foreign(t)
	return t
}

// foreign adds what the schema leaves open.
func (e *Element) foreign(t *Tree) {
	if len(e.layers) == 0 {
		return
	}
	last := e.layers[len(e.layers)-1].e
	if e.schema.AllowUnrecognizedAttributes {
		for _, a := range last.Attr {
			if a.Space == "" && e.schema.Attribute(a.Key) == nil && !lockAttribute(a.Key) {
				t.Attributes = append(t.Attributes, Setting{a.Key, a.Value})
			}
		}
	}
	if e.schema.AllowUnrecognizedElements {
		for _, c := range last.ChildElements() {
			if of, _ := e.schema.directive(c.Tag); of == nil && e.schema.Element(c.Tag) == nil {
				t.Children = append(t.Children, TreeOf(c))
			}
		}
	}
}

// shown is a value as IIS would write it.
func (v Value) shown() string {
	if v.schema != nil {
		if text, err := v.schema.Canonical(v.Text); err == nil {
			return text
		}
	}
	return v.Text
}

// Shown is a value as IIS would write it: names instead of numbers.
func (v Value) Shown() string { return v.shown() }

// TreeOf is an element of a document as it is written, without comments.
func TreeOf(e *etree.Element) *Tree {
	t := &Tree{Name: e.Tag}
	for _, a := range e.Attr {
		t.Attributes = append(t.Attributes, Setting{a.FullKey(), a.Value})
	}
	for _, c := range e.ChildElements() {
		t.Children = append(t.Children, TreeOf(c))
	}
	return t
}

// into writes a tree into an element of its name.
func (t *Tree) into(e *etree.Element) {
	for _, a := range t.Attributes {
		e.CreateAttr(a.Name, a.Value)
	}
	for _, c := range t.Children {
		c.into(e.CreateElement(c.Name))
	}
}

// Attribute is the value of an attribute, "" when it is not there.
func (t *Tree) Attribute(name string) string {
	for _, a := range t.Attributes {
		if strings.EqualFold(a.Name, name) {
			return a.Value
		}
	}
	return ""
}
