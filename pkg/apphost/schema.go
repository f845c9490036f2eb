package apphost

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Schema says which sections there are and what may stand in them. It is
// read from documents in IIS's schema language and is fixed afterwards.
type Schema struct {
	sections map[string]*ElementSchema // by folded path
	groups   map[string]string         // path of each group above a section, by folded path
	closed   map[string]bool           // groups in which every section is known
}

// ElementSchema describes a section, an element within one, or the entries of
// a collection.
type ElementSchema struct {
	// Name is the element's name; for a section the last part of its path.
	Name string
	// Path leads to the element: section path, then element names.
	Path string
	// Doc is a sentence or two for the reference page and for XML editors.
	Doc string
	// Attributes, Elements and Collections are in the order of the schema.
	Attributes  []*AttributeSchema
	Elements    []*ElementSchema
	Collections []*CollectionSchema
	// AllowUnrecognizedAttributes and AllowUnrecognizedElements accept, and
	// skip, what the schema does not describe.
	AllowUnrecognizedAttributes, AllowUnrecognizedElements bool
	// ServerOnly sections cannot stand in a location.
	ServerOnly bool

	merges bool   // a collection is here or below
	plans  *plans // how the elements of this schema were decoded before
}

// CollectionSchema describes a collection: the names of its directives and
// what its entries look like.
type CollectionSchema struct {
	// Add, Remove and Clear are element names; Remove and Clear may be "".
	Add, Remove, Clear string
	// AllowDuplicates accepts two entries with one key.
	AllowDuplicates bool
	// Prepend puts the entries of deeper levels first; most collections
	// append them.
	Prepend bool
	// Entry describes the element that adds an entry.
	Entry *ElementSchema
}

// ParseSchema reads schema documents. Several may extend one section, as
// IIS's own do.
func ParseSchema(docs ...*xmldoc.Document) (*Schema, error) {
	s := &Schema{sections: map[string]*ElementSchema{}, groups: map[string]string{}, closed: map[string]bool{}}
	var problems ErrorList
	for _, doc := range docs {
		r := &schemaReader{doc: doc, schema: s}
		r.document()
		problems = append(problems, r.problems...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	remembered := &plans{}
	for path, section := range s.sections {
		section.finish(section.Path, remembered)
		for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
			s.groups[path[:at]] = section.Path[:at]
		}
	}
	return s, nil
}

// Section returns a section by its path, or nil.
func (s *Schema) Section(path string) *ElementSchema { return s.sections[fold(path)] }

// Sections returns all sections, sorted by path.
func (s *Schema) Sections() []*ElementSchema {
	list := make([]*ElementSchema, 0, len(s.sections))
	for _, section := range s.sections {
		list = append(list, section)
	}
	slices.SortFunc(list, func(a, b *ElementSchema) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

// Attribute returns an attribute by name, or nil: exactly as spelled, else
// without regard to case.
func (e *ElementSchema) Attribute(name string) *AttributeSchema {
	for _, a := range e.Attributes {
		if a.Name == name {
			return a
		}
	}
	for _, a := range e.Attributes {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// Element returns a child element by name, or nil, as Attribute does.
func (e *ElementSchema) Element(name string) *ElementSchema {
	for _, c := range e.Elements {
		if c.Name == name {
			return c
		}
	}
	for _, c := range e.Elements {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}

// Collection returns the collection whose entries are added by name, or nil.
func (e *ElementSchema) Collection(add string) *CollectionSchema {
	for _, c := range e.Collections {
		if strings.EqualFold(c.Add, add) {
			return c
		}
	}
	return nil
}

// Keys are the attributes that tell entries apart.
func (e *ElementSchema) Keys() []*AttributeSchema {
	var keys []*AttributeSchema
	for _, a := range e.Attributes {
		if a.Key {
			keys = append(keys, a)
		}
	}
	return keys
}

// finish sets what follows from the rest.
func (e *ElementSchema) finish(path string, remembered *plans) {
	e.Path, e.plans = path, remembered
	for _, c := range e.Elements {
		c.finish(path+"/"+c.Name, remembered)
		e.merges = e.merges || c.merges
	}
	for _, c := range e.Collections {
		c.Entry.finish(path+"/"+c.Add, remembered)
		e.merges = true
	}
}

// schemaReader reads one schema document.
type schemaReader struct {
	doc      *xmldoc.Document
	schema   *Schema
	problems ErrorList
}

func (r *schemaReader) fail(e *etree.Element, format string, args ...any) {
	r.problems = append(r.problems, &Error{Pos: r.doc.Pos(e), Section: "schema", Msg: fmt.Sprintf(format, args...)})
}

func (r *schemaReader) document() {
	root := r.doc.Root()
	if root.Tag != "configSchema" {
		r.fail(root, "the root element is <%s>; a schema document has <configSchema>", root.Tag)
		return
	}
	for _, e := range root.ChildElements() {
		name := e.SelectAttrValue("name", "")
		switch {
		case e.Tag == "sectionGroup" && name != "":
			// A group of which all sections are known: an unknown name in it
			// is a mistake and not somebody else's section.
			r.schema.closed[fold(name)] = true
		case e.Tag == "sectionSchema" && name != "":
			r.section(e, name)
		default:
			r.fail(e, "<%s> is not a named sectionSchema or sectionGroup", e.Tag)
		}
	}
}

func (r *schemaReader) section(e *etree.Element, path string) {
	section := r.schema.sections[fold(path)]
	if section == nil {
		section = &ElementSchema{Name: path[strings.LastIndexByte(path, '/')+1:], Path: path}
		r.schema.sections[fold(path)] = section
	}
	if e.SelectAttrValue("allowDefinition", "") == appHostOnly {
		section.ServerOnly = true
	}
	r.element(e, section)
}

// element reads what e says into el, beside what other documents said.
func (r *schemaReader) element(e *etree.Element, el *ElementSchema) {
	el.Doc = cmp.Or(e.SelectAttrValue("documentation", ""), el.Doc)
	el.AllowUnrecognizedAttributes = el.AllowUnrecognizedAttributes || e.SelectAttrValue("allowUnrecognizedAttributes", "") == "true"
	el.AllowUnrecognizedElements = el.AllowUnrecognizedElements || e.SelectAttrValue("allowUnrecognizedElements", "") == "true"
	for _, c := range e.ChildElements() {
		name := c.SelectAttrValue("name", "")
		switch c.Tag {
		case "attribute":
			r.attribute(c, el, name)
		case "element":
			if name == "" {
				r.fail(c, "an element needs a name")
				continue
			}
			child := el.Element(name)
			if child == nil {
				child = &ElementSchema{Name: name}
				el.Elements = append(el.Elements, child)
			}
			r.element(c, child)
		case "collection":
			r.collection(c, el)
		case "method": // of IIS's own documents: what management tools may call
		default:
			r.fail(c, "<%s> has no meaning here", c.Tag)
		}
	}
}

func (r *schemaReader) collection(e *etree.Element, el *ElementSchema) {
	add := e.SelectAttrValue("addElement", "")
	if add == "" {
		r.fail(e, "a collection needs addElement")
		return
	}
	c := el.Collection(add)
	if c == nil {
		c = &CollectionSchema{Add: add, Entry: &ElementSchema{Name: add}}
		el.Collections = append(el.Collections, c)
	}
	c.Remove = cmp.Or(e.SelectAttrValue("removeElement", ""), c.Remove)
	c.Clear = cmp.Or(e.SelectAttrValue("clearElement", ""), c.Clear)
	c.AllowDuplicates = c.AllowDuplicates || e.SelectAttrValue("allowDuplicates", "") == "true"
	c.Prepend = c.Prepend || e.SelectAttrValue("mergeAppend", "") == "false"
	r.element(e, c.Entry)
}

func (r *schemaReader) attribute(e *etree.Element, el *ElementSchema, name string) {
	a, err := newAttribute(e, name)
	if err != nil {
		r.fail(e, "attribute %s: %v", name, err)
		return
	}
	if old := el.Attribute(name); old != nil {
		r.fail(e, "attribute %s is declared twice", name)
		return
	}
	el.Attributes = append(el.Attributes, a)
}

// newAttribute reads one attribute declaration and makes sure that its
// default obeys it.
func newAttribute(e *etree.Element, name string) (*AttributeSchema, error) {
	is := func(key string) bool { return e.SelectAttrValue(key, "") == "true" }
	a := &AttributeSchema{
		Name: name, Type: Type(e.SelectAttrValue("type", "")),
		Doc:      e.SelectAttrValue("documentation", ""),
		Required: is("required"), Key: is("isUniqueKey") || is("isCombinedKey"),
		CaseSensitive: is("caseSensitive"), Encrypted: is("encrypted"), Expanded: is("expanded"),
		Runtime: is("runtime"), AllowInfinite: is("allowInfinite"),
		TimeSpanFormat: e.SelectAttrValue("timeSpanFormat", "string"),
		Validator:      e.SelectAttrValue("validationType", ""), Parameter: e.SelectAttrValue("validationParameter", ""),
	}
	for _, v := range e.ChildElements() {
		n, err := strconv.ParseInt(v.SelectAttrValue("value", ""), 10, 64)
		if err != nil || (v.Tag != "enum" && v.Tag != "flag") {
			return nil, fmt.Errorf("<%s> is not an enum or flag with a number", v.Tag)
		}
		a.Words = append(a.Words, Word{v.SelectAttrValue("name", ""), n, v.SelectAttrValue("documentation", "")})
	}
	if name == "" {
		return nil, errors.New("the name is missing")
	}
	if !a.Type.known() {
		return nil, fmt.Errorf("type %q is not one of the schema language", a.Type)
	}
	if err := a.readRange(); err != nil {
		return nil, err
	}
	a.Default = zeroOf(a.Type)
	if d := e.SelectAttr("defaultValue"); d != nil {
		a.Default, a.HasDefault = d.Value, true
		var err error
		if a.absent, err = a.parse(a.Default); err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
	}
	return a, nil
}

// zeroOf is what an attribute without a default is when it is absent.
func zeroOf(t Type) string {
	switch t {
	case Bool:
		return "false"
	case Int, Uint, Int64:
		return "0"
	case TimeSpan:
		return "00:00:00"
	case Enum, Flags, String:
		return ""
	}
	return ""
}
