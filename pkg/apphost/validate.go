package apphost

import (
	"strings"

	"github.com/beevik/etree"
)

// lockAttributes may stand on any element; they concern files below this one,
// of which there are none for FTP.
func lockAttribute(key string) bool {
	switch key {
	case "lockAttributes", "lockAllAttributesExcept", "lockElements", "lockAllElementsExcept", "lockItem":
		return true
	}
	return false
}

// element validates a node of a section and everything below it.
func (l *loader) element(n *node, schema *ElementSchema, section string) {
	l.attributes(n, schema, section)
	seen := map[*ElementSchema]*etree.Element{}
	for _, child := range n.e.Child {
		switch c := child.(type) {
		case *etree.Element:
			l.child(n, &node{c, n.doc}, schema, section, seen)
		case *etree.CharData:
			if strings.TrimSpace(c.Data) != "" && !schema.AllowUnrecognizedElements {
				l.warnf(n.pos(), section, "<%s> has text in it, which means nothing", n.e.Tag)
			}
		}
	}
}

func (l *loader) attributes(n *node, schema *ElementSchema, section string) {
	for _, a := range n.e.Attr {
		declared := schema.Attribute(a.Key)
		switch {
		case a.Space != "" || a.Key == "xmlns" || lockAttribute(a.Key) || a.Key == "configBuilders":
		case declared != nil:
			l.attribute(n, schema, declared, a, section)
		case a.Key == "configSource":
			l.errorf(n.doc.AttrPos(n.e, a.Key), section, "configSource is not supported: put the content of %s here", quote(a.Value))
		default:
			l.unrecognizedAttribute(n, schema, a, section)
		}
	}
	for _, declared := range schema.Attributes {
		if _, ok := n.attr(declared.Name); declared.Required && !ok {
			l.errorf(n.pos(), section, "<%s> has no attribute %s, which is required", n.e.Tag, declared.Name)
		}
	}
}

// unrecognizedAttribute is an error, or, where others may add their own, a
// warning when it looks like a slip.
func (l *loader) unrecognizedAttribute(n *node, schema *ElementSchema, a etree.Attr, section string) {
	if l.full(schema.AllowUnrecognizedAttributes) {
		return
	}
	pos := n.doc.AttrPos(n.e, a.FullKey())
	meant := suggest(a.Key, schema.attributeNames())
	switch {
	case !schema.AllowUnrecognizedAttributes:
		l.errorf(pos, section, "unrecognized attribute %q on <%s>%s%s", clip(a.Key), n.e.Tag, meant, misplaced(schema.Path, "@"+a.Key))
	case meant != "":
		l.warnf(pos, section, "attribute %q on <%s> has no effect%s", clip(a.Key), n.e.Tag, meant)
	}
}

func (e *ElementSchema) attributeNames() []string {
	names := make([]string, len(e.Attributes))
	for i, a := range e.Attributes {
		names[i] = a.Name
	}
	return names
}

func (l *loader) attribute(n *node, schema *ElementSchema, declared *AttributeSchema, a etree.Attr, section string) {
	if declared.Runtime {
		return
	}
	if declared.Name != a.Key {
		l.warnf(n.doc.AttrPos(n.e, a.Key), section, "attribute %s is spelled %s; IIS tells upper and lower case apart here", a.Key, declared.Name)
	}
	if _, err := declared.parse(a.Value); err != nil && !l.full(false) {
		l.errorf(n.doc.AttrPos(n.e, a.Key), section, "%s %s", declared.Name, err.Error())
		return
	}
	if provider, payload, ok := encrypted(a.Value); ok && declared.Encrypted && payload != "" {
		l.warnf(n.doc.AttrPos(n.e, a.Key), section,
			"%s is encrypted with the keys of another machine (%s) and cannot be read here; write a new value where it is needed", declared.Name, provider)
	}
}

// child validates one element below n: a directive of a collection or a
// declared element.
func (l *loader) child(n, c *node, schema *ElementSchema, section string, seen map[*ElementSchema]*etree.Element) {
	if collection, d := schema.directive(c.e.Tag); d != noDirective {
		l.directive(c, collection, d, section)
		return
	}
	declared := schema.Element(c.e.Tag)
	if declared == nil {
		if l.full(schema.AllowUnrecognizedElements) {
			return
		}
		meant := suggest(c.e.Tag, schema.childNames())
		switch {
		case !schema.AllowUnrecognizedElements:
			l.errorf(c.pos(), section, "unrecognized element <%s> in <%s>%s%s", clip(c.e.Tag), n.e.Tag, meant, misplaced(schema.Path, c.e.Tag))
		case meant != "":
			l.warnf(c.pos(), section, "<%s> in <%s> has no effect%s", clip(c.e.Tag), n.e.Tag, meant)
		}
		return
	}
	l.spelling(c.e, c.e.Tag, declared.Name, section)
	if first := seen[declared]; first != nil && !l.full(false) {
		l.errorf(c.pos(), section, "<%s> stands here a second time; the first is at %s", c.e.Tag, n.doc.Pos(first))
		return
	}
	seen[declared] = c.e
	l.element(c, declared, section)
}

func (l *loader) directive(c *node, collection *CollectionSchema, d directive, section string) {
	switch d {
	case addDirective:
		l.spelling(c.e, c.e.Tag, collection.Add, section)
		l.element(c, collection.Entry, section)
	case removeDirective:
		keys := &ElementSchema{
			Path: collection.Entry.Path, Attributes: optional(collection.Entry.Keys()),
			AllowUnrecognizedAttributes: collection.Entry.AllowUnrecognizedAttributes,
		}
		l.attributes(c, keys, section)
	case clearDirective:
		l.attributes(c, &ElementSchema{Path: collection.Entry.Path}, section)
	case noDirective:
	}
}

// optional are key attributes as remove takes them: a missing one stands for
// its default.
func optional(keys []*AttributeSchema) []*AttributeSchema {
	list := make([]*AttributeSchema, len(keys))
	for i, k := range keys {
		free := *k
		free.Required, free.Validator = false, ""
		list[i] = &free
	}
	return list
}

func (e *ElementSchema) childNames() []string {
	var names []string
	for _, c := range e.Elements {
		names = append(names, c.Name)
	}
	for _, c := range e.Collections {
		names = append(names, c.Add)
	}
	return names
}

// directive is what an element does to a collection.
type directive int

const (
	noDirective directive = iota
	addDirective
	removeDirective
	clearDirective
)

// directive finds the collection an element name belongs to.
func (e *ElementSchema) directive(tag string) (*CollectionSchema, directive) {
	for _, c := range e.Collections {
		switch {
		case strings.EqualFold(tag, c.Add):
			return c, addDirective
		case c.Remove != "" && strings.EqualFold(tag, c.Remove):
			return c, removeDirective
		case c.Clear != "" && strings.EqualFold(tag, c.Clear):
			return c, clearDirective
		}
	}
	return nil, noDirective
}

// attr finds an attribute of a node by the declared name: exactly as spelled,
// else without regard to case.
func (n *node) attr(name string) (*etree.Attr, bool) {
	for i := range n.e.Attr {
		if a := &n.e.Attr[i]; a.Key == name && a.Space == "" {
			return a, true
		}
	}
	for i := range n.e.Attr {
		if a := &n.e.Attr[i]; a.Space == "" && strings.EqualFold(a.Key, name) {
			return a, true
		}
	}
	return nil, false
}
