package apphost

import (
	"cmp"
	"maps"
	"strings"
	"sync"

	"github.com/beevik/etree"
)

// checkMerged runs the directives of every collection once, so that a double
// entry is found at load time and not by the first request. A location looks
// its keys up in what it inherits and does not repeat it: the time is that of
// the directives, not of what is in force below them.
func (l *loader) checkMerged() {
	var all sync.WaitGroup
	var parts []*loader
	for section, o := range l.cfg.sections {
		if section.merges {
			part := &loader{schema: l.schema, cfg: l.cfg}
			parts = append(parts, part)
			all.Go(func() { part.checkSection(section, o) })
		}
	}
	all.Wait()
	for _, part := range parts {
		for _, problem := range part.problems {
			l.tell(problem)
		}
	}
}

// checkSection is checkMerged for one section.
func (l *loader) checkSection(section *ElementSchema, o *occurrences) {
	c := &keyCheck{loader: l, section: section.Path}
	var server *level
	if o.server != nil {
		server = c.element(o.server, section, nil, nil)
	}
	for _, site := range o.sites {
		levels := map[string]*level{}
		for _, at := range site.sorted {
			path, inherited := foldPath(at.Path), server
			for prefix := range prefixes(path) {
				inherited = cmp.Or(levels[prefix], inherited)
			}
			levels[path] = c.element(at.Element.layers[0], section, inherited, nil)
		}
	}
}

// level is what one layer of an element adds and removes, above what it
// inherits.
type level struct {
	inherited *level
	sets      map[string]*keySet // by the name that adds
	children  map[string]*level  // by element name
}

// keySet are the keys of one collection at one level.
type keySet struct {
	cleared bool
	added   map[string]*node
	removed map[string]bool
}

// find returns the entry with a key that is in force, or nil.
func (v *level) find(add, key string) *node {
	for ; v != nil; v = v.inherited {
		s := v.sets[add]
		switch {
		case s == nil:
		case s.added[key] != nil:
			return s.added[key]
		case s.cleared || s.removed[key]:
			return nil
		}
	}
	return nil
}

func (v *level) child(name string) *level {
	for ; v != nil; v = v.inherited {
		if c := v.children[name]; c != nil {
			return c
		}
	}
	return nil
}

func (v *level) set(add string) *keySet {
	s := v.sets[add]
	if s == nil {
		s = &keySet{added: map[string]*node{}, removed: map[string]bool{}}
		if v.sets == nil {
			v.sets = map[string]*keySet{}
		}
		v.sets[add] = s
	}
	return s
}

// keyCheck reports double entries and removals of nothing in one section.
type keyCheck struct {
	loader  *loader
	section string
}

// element checks a node and what is in it. Defaults are the levels that the
// elements named *Defaults around it give to entries, by the name that adds
// them.
func (c *keyCheck) element(n *node, schema *ElementSchema, inherited *level, defaults map[string]*level) *level {
	v := &level{inherited: inherited, children: map[string]*level{}}
	inner := defaults
	for _, child := range schema.Elements {
		if !child.merges {
			continue
		}
		add, isDefaults := strings.CutSuffix(child.Name, defaultsSuffix)
		below := inherited.child(child.Name)
		if isDefaults {
			below = cmp.Or(below, defaults[add])
		}
		for _, t := range n.appendChildren(nil, child.Name) {
			v.children[child.Name] = c.element(t, child, below, defaults)
		}
		if isDefaults {
			inner = with(inner, add, v.child(child.Name))
		}
	}
	for _, t := range n.e.Child {
		if e, ok := t.(*etree.Element); ok {
			c.directive(&node{e, n.doc}, schema, v, inner)
		}
	}
	return v
}

// with is m and one level more, when there is one.
func with(m map[string]*level, add string, v *level) map[string]*level {
	if v == nil {
		return m
	}
	more := make(map[string]*level, len(m)+1)
	maps.Copy(more, m)
	more[add] = v
	return more
}

func (c *keyCheck) directive(n *node, schema *ElementSchema, v *level, defaults map[string]*level) {
	collection, d := schema.directive(n.e.Tag)
	switch d {
	case clearDirective:
		s := v.set(collection.Add)
		s.cleared = true
		clear(s.added)
	case addDirective:
		key := keyOf(collection, n)
		if first := v.find(collection.Add, key); first != nil && !collection.AllowDuplicates && !c.loader.full(false) {
			c.loader.errorf(n.pos(), c.section, "<%s> with %s is there already, at %s", n.e.Tag, keyText(collection, n), first.pos())
		}
		v.set(collection.Add).added[key] = n
		if collection.Entry.merges {
			c.element(n, collection.Entry, defaults[collection.Add], defaults)
		}
	case removeDirective:
		key := keyOf(collection, n)
		if v.find(collection.Add, key) == nil && !c.loader.full(true) {
			c.loader.warnf(n.pos(), c.section, "<%s> removes nothing: no inherited entry has these keys", n.e.Tag)
		}
		s := v.set(collection.Add)
		delete(s.added, key)
		s.removed[key] = true
	case noDirective:
	}
}

// appendChildren appends the elements of one name in a node.
func (n *node) appendChildren(list []*node, name string) []*node {
	for _, t := range n.e.Child {
		if c, ok := t.(*etree.Element); ok && (c.Tag == name || strings.EqualFold(c.Tag, name)) {
			list = append(list, &node{c, n.doc})
		}
	}
	return list
}
