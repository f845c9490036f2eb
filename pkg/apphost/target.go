package apphost

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// Target names an element: a section, where it stands, and the way down from
// it.
type Target struct {
	// Location is "" for the server level, else "Site" or "Site/a/b".
	Location string
	Section  string
	Path     []Step
}

// Step leads from an element to one in it: to the child called Name, or, when
// that is "", to the first entry of its collection that has all the values.
type Step struct {
	Name   string
	Values []Setting
}

// Setting is an attribute with a value.
type Setting struct{ Name, Value string }

// Errors of changes, beside *UnknownError and *ValueError.
var (
	// ErrNoElement means that no entry of a collection has the values.
	ErrNoElement = errors.New("no element of the collection has these values")
	// ErrServerOnly means a location for a section that stands at the server
	// level only.
	ErrServerOnly = errors.New("the section stands at the server level only, not in a location")
)

// UnknownError is a name that the schema does not have.
type UnknownError struct {
	// Kind is section, element or attribute.
	Kind, Name string
	// Hint says what may be meant; it begins with "; " or is "".
	Hint string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no %s %q%s", e.Kind, clip(e.Name), e.Hint)
}

// ValueError is a value that an attribute cannot have.
type ValueError struct {
	Attribute string
	Err       error
}

func (e *ValueError) Error() string { return e.Attribute + ": " + e.Err.Error() }

// Unwrap returns what is wrong with the value.
func (e *ValueError) Unwrap() error { return e.Err }

// DuplicateError is an entry with the key of another one.
type DuplicateError struct {
	// Key has the values of the key attributes.
	Key []Setting
}

func (e *DuplicateError) Error() string {
	var parts []string
	for _, s := range e.Key {
		parts = append(parts, s.Name+"="+quote(s.Value))
	}
	return "there is an entry with " + strings.Join(parts, " ") + " already"
}

// child describes a child element. What the schema leaves open may have any.
func (e *ElementSchema) child(name string, there bool) (*ElementSchema, error) {
	if c := e.Element(name); c != nil {
		return c, nil
	}
	if e.AllowUnrecognizedElements && (there || len(e.Elements)+len(e.Collections)+len(e.Attributes) == 0) {
		return &ElementSchema{Name: name, Path: e.Path + "/" + name, AllowUnrecognizedAttributes: true, AllowUnrecognizedElements: true}, nil
	}
	if e.Attribute(name) != nil {
		return nil, &UnknownError{Kind: "element", Name: name, Hint: "; it is an attribute"}
	}
	return nil, &UnknownError{Kind: "element", Name: name, Hint: suggest(name, e.childNames()) + misplaced(e.Path, name)}
}

// canonical is an attribute's declared name and a value as it is written.
func (e *ElementSchema) canonical(s Setting, there bool) (Setting, error) {
	declared := e.Attribute(s.Name)
	switch {
	case declared != nil:
		value, err := declared.Canonical(s.Value)
		if err != nil {
			return s, &ValueError{declared.Name, err}
		}
		return Setting{declared.Name, value}, nil
	case e.AllowUnrecognizedAttributes && (there || len(e.Attributes) == 0):
		return s, nil
	case e.Element(s.Name) != nil:
		return s, &UnknownError{Kind: "attribute", Name: s.Name, Hint: "; it is an element: name an attribute of it"}
	}
	return s, &UnknownError{Kind: "attribute", Name: s.Name, Hint: suggest(s.Name, e.attributeNames()) + misplaced(e.Path, "@"+s.Name)}
}

// collectionFor is the collection whose entries have such attributes.
func (e *ElementSchema) collectionFor(values []Setting) (*CollectionSchema, error) {
	var unknown error
	for _, c := range e.Collections {
		ok := true
		for _, v := range values {
			if c.Entry.Attribute(v.Name) == nil {
				ok = false
				if unknown == nil {
					unknown = &UnknownError{Kind: "attribute", Name: v.Name, Hint: suggest(v.Name, c.Entry.attributeNames())}
				}
			}
		}
		if ok {
			return c, nil
		}
	}
	if unknown == nil {
		unknown = &UnknownError{Kind: "element", Name: e.Name, Hint: "; it is no collection"}
	}
	return nil, unknown
}

// matches reports whether a node has all the values of a step, compared as keys
// are.
func (c *CollectionSchema) matches(e *Element, values []Setting) bool {
	for _, v := range values {
		declared := c.Entry.Attribute(v.Name)
		if declared == nil {
			return false
		}
		want, err := declared.parse(v.Value)
		have := e.value(declared).parsed()
		switch {
		case err != nil:
			return false
		case declared.Type != String:
			if want.n != have.n {
				return false
			}
		case declared.CaseSensitive:
			if want.text != have.text {
				return false
			}
		case fold(want.text) != fold(have.text):
			return false
		}
	}
	return true
}

// Find follows steps down from an effective element. The error is ErrNoElement
// or an *UnknownError.
func (e *Element) Find(steps ...Step) (*Element, error) {
	for _, s := range steps {
		if s.Name != "" {
			schema, err := e.schema.child(s.Name, len(e.childLayers(s.Name)) > 0)
			if err != nil {
				return nil, err
			}
			e = e.child(schema)
			continue
		}
		c, err := e.schema.collectionFor(s.Values)
		if err != nil {
			return nil, err
		}
		var found *Element
		for _, entry := range e.entries(c) {
			if c.matches(entry, s.Values) {
				found = entry
				break
			}
		}
		if found == nil {
			return nil, ErrNoElement
		}
		e = found
	}
	return e, nil
}

// directives are the elements of one collection in an element.
func (e *ElementSchema) directives(el *etree.Element, c *CollectionSchema, kinds ...directive) []*etree.Element {
	var list []*etree.Element
	for _, child := range el.ChildElements() {
		of, d := e.directive(child.Tag)
		if of != c {
			continue
		}
		for _, k := range kinds {
			if d == k {
				list = append(list, child)
			}
		}
	}
	return list
}
