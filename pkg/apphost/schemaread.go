package apphost

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

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
