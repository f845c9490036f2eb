package apphost

import (
	"fmt"
	"math"
	"reflect"
	"sync"
	"time"
)

// tagName is the struct tag that names an attribute, a child element, or the
// entries of a collection.
const tagName = "config"

// ownCollection is the tag of a slice that holds the entries of the element's
// own first collection.
const ownCollection = ",collection"

// Decode copies an element into the struct that dst points to. Fields carry
// the tag config:"name": an attribute goes into a string, bool, number or
// time.Duration (enums and flags into a number), a child element into a
// struct, or into a slice that takes the entries of its collection;
// config:",collection" is the element's own collection, and a slice named
// after an add directive takes the entries of that one. A field that does not
// fit the schema is an error, and the program's mistake.
func Decode(e *Element, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decoding into %T: a pointer to a struct is needed", dst)
	}
	plan, err := planFor(e.schema, v.Elem().Type())
	if err != nil {
		return err
	}
	plan.run(e, v.Elem())
	return nil
}

// plan is how an element of one schema goes into a struct of one type.
type plan struct {
	fields []fieldPlan
	// absent is the struct of an element that stands nowhere.
	absent reflect.Value
}

type fieldPlan struct {
	index      int
	attribute  *AttributeSchema
	child      *ElementSchema
	collection *CollectionSchema // of the element, or of child when that is set
	inner      *plan
}

type planKey struct {
	schema *ElementSchema
	typ    reflect.Type
}

// plans remembers what was worked out for one schema. It lives as long as the
// schema does, for a program reads its schema again with each configuration.
type plans struct{ byKey sync.Map }

func planFor(schema *ElementSchema, typ reflect.Type) (*plan, error) {
	key := planKey{schema, typ}
	if p, ok := schema.plans.byKey.Load(key); ok {
		return p.(*plan), nil //nolint:forcetypeassert // only plans are stored
	}
	p := &plan{}
	for i := range typ.NumField() {
		name, ok := typ.Field(i).Tag.Lookup(tagName)
		if !ok {
			continue
		}
		f, err := fieldFor(schema, typ.Field(i), name)
		if err != nil {
			return nil, fmt.Errorf("decoding %s into %s.%s: %w", schema.Path, typ, typ.Field(i).Name, err)
		}
		f.index = i
		p.fields = append(p.fields, f)
	}
	absent := reflect.New(typ).Elem()
	p.fill(&Element{schema: schema}, absent)
	p.absent = absent
	schema.plans.byKey.Store(key, p)
	return p, nil
}

func fieldFor(schema *ElementSchema, field reflect.StructField, name string) (fieldPlan, error) {
	var f fieldPlan
	switch kind := field.Type.Kind(); {
	case kind == reflect.Slice && name == ownCollection && len(schema.Collections) > 0:
		f.collection = schema.Collections[0]
	case kind == reflect.Slice && schema.Collection(name) != nil:
		f.collection = schema.Collection(name)
	case kind == reflect.Slice && schema.Element(name) != nil && len(schema.Element(name).Collections) > 0:
		f.child = schema.Element(name)
		f.collection = f.child.Collections[0]
	case kind == reflect.Struct && schema.Element(name) != nil:
		f.child = schema.Element(name)
	case schema.Attribute(name) != nil:
		f.attribute = schema.Attribute(name)
		return f, fits(f.attribute, field.Type)
	default:
		return f, fmt.Errorf("the schema has no %q for a %s", name, field.Type)
	}
	inner, typ := f.child, field.Type
	if f.collection != nil {
		inner, typ = f.collection.Entry, field.Type.Elem()
	}
	var err error
	f.inner, err = planFor(inner, typ)
	return f, err
}

// fits makes sure that every value of an attribute has room in a field.
func fits(a *AttributeSchema, t reflect.Type) error {
	ok := false
	switch a.Type {
	case String:
		ok = t.Kind() == reflect.String
	case Bool:
		ok = t.Kind() == reflect.Bool
	case TimeSpan:
		ok = t == reflect.TypeFor[time.Duration]()
	case Enum, Flags, Int, Uint, Int64:
		lowest, highest := a.bounds()
		zero := reflect.New(t).Elem()
		switch {
		case zero.CanInt():
			ok = !zero.OverflowInt(lowest) && !zero.OverflowInt(highest)
		case zero.CanUint() && lowest >= 0:
			ok = !zero.OverflowUint(uint64(highest)) //nolint:gosec // not negative
		}
	}
	if !ok {
		return fmt.Errorf("a %s does not hold every %s", t, a.Type)
	}
	return nil
}

// bounds are the smallest and largest number an attribute can have.
func (a *AttributeSchema) bounds() (lowest, highest int64) {
	switch a.Type {
	case Enum, Flags:
		for _, w := range a.Words {
			if a.Type == Flags {
				highest |= w.Value
			}
			lowest, highest = min(lowest, w.Value), max(highest, w.Value)
		}
		return lowest, highest
	case Uint:
		lowest, highest = 0, math.MaxUint32
	case Int:
		lowest, highest = math.MinInt32, math.MaxInt32
	case Int64, Bool, String, TimeSpan:
		lowest, highest = math.MinInt64, math.MaxInt64
	}
	if a.limits != nil && !a.limits.exclude {
		lowest, highest = max(lowest, a.limits.min), min(highest, a.limits.max)
	}
	return lowest, highest
}

func (p *plan) run(e *Element, dst reflect.Value) {
	if !e.Present() {
		dst.Set(p.absent)
		return
	}
	p.fill(e, dst)
}

func (p *plan) fill(e *Element, dst reflect.Value) {
	for i := range p.fields {
		f := &p.fields[i]
		field := dst.Field(f.index)
		switch {
		case f.attribute != nil:
			set(field, e.value(f.attribute).parsed())
		case f.collection != nil:
			at := e
			if f.child != nil {
				at = e.child(f.child)
			}
			entries := at.entries(f.collection)
			list := reflect.MakeSlice(field.Type(), len(entries), len(entries))
			for j, entry := range entries {
				f.inner.run(entry, list.Index(j))
			}
			field.Set(list)
		default:
			f.inner.run(e.child(f.child), field)
		}
	}
}

func set(field reflect.Value, p parsed) {
	switch {
	case field.Kind() == reflect.String:
		field.SetString(p.text)
	case field.Kind() == reflect.Bool:
		field.SetBool(p.n != 0)
	case field.CanInt():
		field.SetInt(p.n)
	case field.CanUint():
		field.SetUint(uint64(p.n)) //nolint:gosec // fits was asked
	}
}

// CheckStruct holds a struct type against the schema it is decoded from. It
// returns the paths of attributes, elements and collections below schema that
// no field takes. Fields that the schema does not have are Decode's error.
func CheckStruct(schema *ElementSchema, t reflect.Type) ([]string, error) {
	if _, err := planFor(schema, t); err != nil {
		return nil, err
	}
	return missing(schema, t), nil
}

// missing are the paths that no field of t takes. The plan for t was made, so
// the fields it has are right.
func missing(schema *ElementSchema, t reflect.Type) []string {
	var paths []string
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		if name, ok := t.Field(i).Tag.Lookup(tagName); ok {
			fields[name] = t.Field(i).Type
		}
	}
	take := func(path string, t reflect.Type, inner *ElementSchema) {
		switch {
		case t == nil:
			paths = append(paths, path)
		case t.Kind() == reflect.Slice:
			paths = append(paths, missing(inner, t.Elem())...)
		case inner != nil:
			paths = append(paths, missing(inner, t)...)
		}
	}
	for _, a := range schema.Attributes {
		take(schema.Path+"/@"+a.Name, fields[a.Name], nil)
	}
	for _, c := range schema.Elements {
		t, inner := fields[c.Name], c
		if t != nil && t.Kind() == reflect.Slice {
			inner = c.Collections[0].Entry
		}
		take(c.Path, t, inner)
	}
	for i, c := range schema.Collections {
		t := fields[c.Add]
		if t == nil && i == 0 {
			t = fields[ownCollection]
		}
		take(c.Entry.Path, t, c.Entry)
	}
	return paths
}
