package apphost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Schema says which sections there are and what may stand in them. It is
// read from documents in IIS's schema language and is fixed afterwards.
type Schema struct {
	sections map[string]*ElementSchema // by folded path
	groups   map[string]string         // path of each group above a section, by folded path
	closed   map[string]bool           // groups in which every section is known
	print    uint64                    // of the documents, for Fingerprints
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
	text := newPrinter()
	for _, doc := range docs {
		text.add(xmldoc.Pos{}, doc.Bytes())
		r := &schemaReader{doc: doc, schema: s}
		r.document()
		problems = append(problems, r.problems...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	s.print = text.sum().Text
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
