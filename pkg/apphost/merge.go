package apphost

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// entries runs the directives of a collection, layer by layer: add appends,
// remove drops the entry with the same key, clear drops everything so far.
// That no key comes twice was checked when the files were loaded.
func (e *Element) entries(c *CollectionSchema) []*Element {
	scope := e.entryScope()
	m := &merging{element: e, collection: c, scope: scope, defaults: scope[c.Add]}
	for _, n := range e.layers {
		if c.Prepend {
			m.before, m.list = append(m.list, m.before...), nil
		}
		for _, t := range n.e.Child {
			if el, ok := t.(*etree.Element); ok {
				m.run(&node{el, n.doc})
			}
		}
	}
	list := append(m.list, m.before...)
	if len(m.removed) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(x *Element) bool { return m.removed[x] })
}

// merging is the state of a collection while its directives run.
type merging struct {
	element    *Element
	collection *CollectionSchema
	scope      map[string][]*node
	defaults   []*node
	list       []*Element
	before     []*Element          // entries of outer levels that come last
	keys       map[string]*Element // nil until a key is looked for
	removed    map[*Element]bool
}

func (m *merging) run(n *node) {
	collection, d := m.element.schema.directive(n.e.Tag)
	if collection != m.collection {
		return
	}
	switch d {
	case clearDirective:
		m.list, m.before, m.keys, m.removed = nil, nil, nil, nil
	case addDirective:
		layers := append(slices.Clip(m.defaults), n)
		entry := &Element{schema: m.collection.Entry, layers: layers, scope: m.scope}
		m.list = append(m.list, entry)
		if m.keys != nil {
			m.keys[keyOf(m.collection, n)] = entry
		}
	case removeDirective:
		m.remove(keyOf(m.collection, n))
	case noDirective:
	}
}

func (m *merging) remove(key string) {
	if m.keys == nil {
		m.keys, m.removed = map[string]*Element{}, map[*Element]bool{}
		for _, x := range slices.Concat(m.before, m.list) {
			m.keys[keyOf(m.collection, x.layers[len(x.layers)-1])] = x
		}
	}
	if entry := m.keys[key]; entry != nil {
		m.removed[entry] = true
		delete(m.keys, key)
	}
}

// defaultsSuffix ends the name of an element that gives values to all entries
// of a collection: siteDefaults to each site.
const defaultsSuffix = "Defaults"

// entryScope adds to the scope what e's own elements named *Defaults say:
// siteDefaults beside the sites, and applicationDefaults beside the sites and
// in each site, lie below the entries they are named after.
func (e *Element) entryScope() map[string][]*node {
	scope := e.scope
	for _, child := range e.schema.Elements {
		name, ok := strings.CutSuffix(child.Name, defaultsSuffix)
		if !ok {
			continue
		}
		if layers := e.childLayers(child.Name); len(layers) > 0 {
			scope = maps.Clone(scope)
			if scope == nil {
				scope = map[string][]*node{}
			}
			scope[name] = append(slices.Clip(scope[name]), layers...)
		}
	}
	return scope
}

// keyOf tells an entry apart from others of its collection: the values of its
// key attributes, numbers where they have them, folded where case does not
// matter. Only what the directive itself says counts, as remove has no more.
func keyOf(c *CollectionSchema, n *node) string {
	var b strings.Builder
	e := Element{schema: c.Entry, layers: []*node{n}}
	for _, a := range c.Entry.Attributes {
		if !a.Key {
			continue
		}
		switch p := e.value(a).parsed(); {
		case a.Type != String:
			b.WriteString(strconv.FormatInt(p.n, 10))
		case a.CaseSensitive:
			b.WriteString(p.text)
		default:
			b.WriteString(fold(p.text))
		}
		b.WriteByte(0)
	}
	return b.String()
}

// keyText is the key for people.
func keyText(c *CollectionSchema, n *node) string {
	var parts []string
	e := Element{schema: c.Entry, layers: []*node{n}}
	for _, a := range c.Entry.Keys() {
		parts = append(parts, a.Name+"="+quote(e.value(a).Text))
	}
	return strings.Join(parts, " ")
}
