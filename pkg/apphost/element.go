package apphost

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Element is a section, a child element or a collection entry as it is in
// force: a view over the layers that say something about it, from the most
// general to the most specific. Nothing is copied.
type Element struct {
	schema *ElementSchema
	layers []*node
	// scope holds the layers that elements named *Defaults around this one give
	// to entries, by the name that adds them.
	scope map[string][]*node
}

// Schema describes the element.
func (e *Element) Schema() *ElementSchema { return e.schema }

// Present reports whether the element stands anywhere; otherwise everything
// about it is default.
func (e *Element) Present() bool { return len(e.layers) > 0 }

// Pos is where the most specific layer stands; the zero Pos when there is
// none.
func (e *Element) Pos() xmldoc.Pos {
	if len(e.layers) == 0 {
		return xmldoc.Pos{}
	}
	return e.layers[len(e.layers)-1].pos()
}

// Value is an attribute's effective value.
type Value struct {
	// Text is the value as written, or the default.
	Text string
	// Set is false for a default.
	Set bool

	schema *AttributeSchema
	node   *node
	key    string
}

// Pos is where the value is written; the zero Pos for a default.
func (v Value) Pos() xmldoc.Pos {
	if v.node == nil {
		return xmldoc.Pos{}
	}
	return v.node.doc.AttrPos(v.node.e, v.key)
}

// Origin is the place as file:line:col, or "default".
func (v Value) Origin() string {
	if !v.Set {
		return "default"
	}
	return v.Pos().String()
}

// Encrypted reports whether the value is a secret that cannot be read here.
// Its Text must not be shown.
func (v Value) Encrypted() bool {
	_, payload, ok := encrypted(v.Text)
	return ok && payload != "" && v.schema != nil && v.schema.Encrypted
}

// Attr returns an attribute's effective value; the zero Value when the schema
// does not declare it.
func (e *Element) Attr(name string) Value {
	schema := e.schema.Attribute(name)
	if schema == nil {
		return Value{}
	}
	return e.value(schema)
}

func (e *Element) value(schema *AttributeSchema) Value {
	for i := len(e.layers) - 1; i >= 0 && !schema.Runtime; i-- {
		if a, ok := e.layers[i].attr(schema.Name); ok {
			return Value{Text: schema.plain(a.Value), Set: true, schema: schema, node: e.layers[i], key: a.FullKey()}
		}
	}
	return Value{Text: schema.plain(schema.Default), schema: schema}
}

// Expanded reports whether %Name% in the value stands for a variable. The
// caller knows the variables.
func (v Value) Expanded() bool { return v.schema != nil && v.schema.Expanded }

// Secret reports whether the value is a password or the like, encrypted or
// not, and must not be shown.
func (v Value) Secret() bool { return v.schema != nil && v.schema.Encrypted }

// parsed is the value in its type. Load has checked what is written.
func (v Value) parsed() parsed {
	if !v.Set || v.schema == nil {
		if v.schema == nil {
			return parsed{}
		}
		return v.schema.absent
	}
	p, err := v.schema.parse(v.Text)
	if err != nil {
		return v.schema.absent
	}
	return p
}

// Bool is the value of a bool attribute.
func (v Value) Bool() bool { return v.parsed().n != 0 }

// Int is the value of a number, enum or flags attribute.
func (v Value) Int() int64 { return v.parsed().n }

// Duration is the value of a timeSpan attribute.
func (v Value) Duration() time.Duration { return time.Duration(v.parsed().n) }

// Child returns a child element; nil when the schema does not declare it.
func (e *Element) Child(name string) *Element {
	schema := e.schema.Element(name)
	if schema == nil {
		return nil
	}
	return e.child(schema)
}

func (e *Element) child(schema *ElementSchema) *Element {
	return &Element{schema: schema, layers: e.childLayers(schema.Name), scope: e.scope}
}

// childLayers are the elements of one name in all layers.
func (e *Element) childLayers(name string) []*node {
	var layers []*node
	for _, n := range e.layers {
		layers = n.appendChildren(layers, name)
	}
	return layers
}

// Entries returns the entries of the element's first collection with all
// directives run.
func (e *Element) Entries() []*Element {
	if len(e.schema.Collections) == 0 {
		return nil
	}
	return e.entries(e.schema.Collections[0])
}

// EntriesOf returns the entries of the collection that is added to by the
// given name.
func (e *Element) EntriesOf(add string) []*Element {
	if c := e.schema.Collection(add); c != nil {
		return e.entries(c)
	}
	return nil
}

// Own returns what the most specific layer itself says to the element's
// first collection: whether it clears what is inherited, what it adds after
// that, and what it removes.
func (e *Element) Own() (cleared bool, added, removed []*Element) {
	if len(e.layers) == 0 || len(e.schema.Collections) == 0 {
		return false, nil, nil
	}
	last := e.layers[len(e.layers)-1]
	for _, t := range last.e.Child {
		c, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		collection, d := e.schema.directive(c.Tag)
		entry := func() *Element {
			return &Element{schema: collection.Entry, layers: []*node{{c, last.doc}}, scope: e.scope}
		}
		switch d {
		case clearDirective:
			cleared, added, removed = true, nil, nil
		case addDirective:
			added = append(added, entry())
		case removeDirective:
			removed = append(removed, entry())
		case noDirective:
		}
	}
	return cleared, added, removed
}
