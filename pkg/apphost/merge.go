package apphost

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// complaints are told what is wrong while the directives of a collection run;
// nil runs them silently, as they were checked when the files were loaded.
type complaints interface {
	duplicate(first, second *Element)
	nothingToRemove(at *node)
}

// entries runs the directives of a collection, layer by layer: add appends,
// remove drops the entry with the same key, clear drops everything so far.
func (e *Element) entries(c *CollectionSchema, tell complaints) []*Element {
	scope := e.entryScope()
	m := &merging{element: e, collection: c, scope: scope, defaults: scope[c.Add], tell: tell}
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
	return append(m.list, m.before...)
}

// merging is the state of a collection while its directives run.
type merging struct {
	element    *Element
	collection *CollectionSchema
	scope      map[string][]*node
	defaults   []*node
	list       []*Element
	before     []*Element // entries of outer levels that come last
	keys       map[string]*Element
	tell       complaints
}

func (m *merging) run(n *node) {
	collection, d := m.element.schema.directive(n.e.Tag)
	if collection != m.collection {
		return
	}
	switch d {
	case clearDirective:
		m.list, m.before, m.keys = nil, nil, nil
	case addDirective:
		m.add(n)
	case removeDirective:
		m.remove(n)
	case noDirective:
	}
}

func (m *merging) add(n *node) {
	layers := append(slices.Clip(m.defaults), n)
	entry := &Element{schema: m.collection.Entry, layers: layers, scope: m.scope}
	if m.tell != nil || m.keys != nil {
		if first := m.index()[entry.key()]; first != nil && m.tell != nil && !m.collection.AllowDuplicates {
			m.tell.duplicate(first, entry)
		}
		m.keys[entry.key()] = entry
	}
	m.list = append(m.list, entry)
}

func (m *merging) remove(n *node) {
	key := (&Element{schema: m.collection.Entry, layers: []*node{n}}).key()
	entry := m.index()[key]
	if entry == nil {
		if m.tell != nil {
			m.tell.nothingToRemove(n)
		}
		return
	}
	delete(m.keys, key)
	same := func(x *Element) bool { return x == entry }
	m.list, m.before = slices.DeleteFunc(m.list, same), slices.DeleteFunc(m.before, same)
}

// index is made when the first directive needs it: most collections are only
// added to.
func (m *merging) index() map[string]*Element {
	if m.keys == nil {
		m.keys = map[string]*Element{}
		for _, x := range slices.Concat(m.list, m.before) {
			m.keys[x.key()] = x
		}
	}
	return m.keys
}

// entryScope adds to the scope what e's own elements named *Defaults say:
// siteDefaults beside the sites, and applicationDefaults beside the sites and
// in each site, lie below the entries they are named after.
func (e *Element) entryScope() map[string][]*node {
	scope := e.scope
	for _, child := range e.schema.Elements {
		name, ok := strings.CutSuffix(child.Name, "Defaults")
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

// key tells an entry apart from others of its collection: the values of its
// key attributes, numbers where they have them, folded where case does not
// matter.
func (e *Element) key() string {
	var b strings.Builder
	for _, a := range e.schema.Attributes {
		if !a.Key {
			continue
		}
		v := e.value(a)
		switch p := v.parsed(); {
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
func (e *Element) keyText() string {
	var parts []string
	for _, a := range e.schema.Keys() {
		parts = append(parts, a.Name+`="`+e.value(a).Text+`"`)
	}
	return strings.Join(parts, " ")
}

// mergeCheck runs all collections of a section and reports double entries
// and removals of nothing.
type mergeCheck struct {
	loader  *loader
	section string
	told    map[*etree.Element]bool
}

func (c *mergeCheck) element(e *Element) {
	if !e.Present() || !e.schema.merges {
		return
	}
	for _, child := range e.schema.Elements {
		if child.merges {
			c.element(e.child(child))
		}
	}
	for _, collection := range e.schema.Collections {
		for _, entry := range e.entries(collection, c) {
			c.element(entry)
		}
	}
}

// once keeps what every location inherits from being told for each of them.
func (c *mergeCheck) once(n *node) bool {
	if c.told == nil {
		c.told = map[*etree.Element]bool{}
	}
	first := !c.told[n.e]
	c.told[n.e] = true
	return first
}

func (c *mergeCheck) duplicate(first, second *Element) {
	n := second.layers[len(second.layers)-1]
	if c.once(n) {
		c.loader.errorf(n.pos(), c.section, "<%s> with %s is there already, at %s", n.e.Tag, second.keyText(), first.Pos())
	}
}

func (c *mergeCheck) nothingToRemove(n *node) {
	if c.once(n) {
		c.loader.warnf(n.pos(), c.section, "<%s> removes nothing: no inherited entry has these keys", n.e.Tag)
	}
}
