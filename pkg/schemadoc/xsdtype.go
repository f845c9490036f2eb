package schemadoc

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// xsdAttribute declares one attribute. Encrypted defaults are left out: they
// stand for an empty secret and nobody wants to see one completed.
func xsdAttribute(a *apphost.AttributeSchema) *etree.Element {
	x := xs("attribute", "name", a.Name)
	switch {
	case a.Required:
		x.CreateAttr("use", "required")
	case a.HasDefault && !a.Encrypted && a.Default != "":
		x.CreateAttr("default", a.Default)
	}
	if a.Doc != "" {
		x.AddChild(annotation(a.Doc))
	}
	if name := xsdTypeName(a); name != "" {
		x.CreateAttr("type", name)
	} else {
		x.AddChild(xsdType(a))
	}
	return x
}

// xsdTypeName is the named type of an attribute, or "" when it needs one of
// its own.
func xsdTypeName(a *apphost.AttributeSchema) string {
	_, _, _, ranged := a.Range()
	switch {
	case a.Runtime:
		return "xs:string" // ignored, so anything will do
	case a.Type == apphost.Bool:
		return "bool"
	case a.Type == apphost.TimeSpan && a.TimeSpanFormat == "string" && !a.AllowInfinite:
		return "timeSpan" // a range of time spans cannot be said
	case a.Type == apphost.Uint && !ranged:
		return "xs:unsignedInt"
	case a.Type == apphost.Int && !ranged:
		return "xs:int"
	case a.Type == apphost.Int64 && !ranged:
		return "xs:long"
	case a.Type == apphost.String && a.Validator == "nonEmptyString":
		return "nonEmptyString"
	case a.Type == apphost.String && stringPattern(a.Validator) == "":
		return "xs:string"
	}
	return ""
}

func xsdType(a *apphost.AttributeSchema) *etree.Element {
	switch a.Type {
	case apphost.Enum:
		return words(a.Words, wordPattern(a.Words, false))
	case apphost.Flags:
		word := `\s*(` + wordPattern(a.Words, true) + `)\s*`
		return words(a.Words, `\s*|`+word+`(,`+word+`)*`)
	case apphost.Uint:
		return numberType(a, "xs:unsignedInt", 0, math.MaxUint32)
	case apphost.Int:
		return numberType(a, "xs:int", math.MinInt32, math.MaxInt32)
	case apphost.Int64:
		return numberType(a, "xs:long", math.MinInt64, math.MaxInt64)
	case apphost.TimeSpan:
		return timeSpanType(a)
	case apphost.String:
		return restriction("xs:string", "pattern", stringPattern(a.Validator))
	case apphost.Bool:
	}
	return restriction("xs:string")
}

// words is an enumeration of names, which editors offer, or whatever else the
// pattern takes.
func words(list []apphost.Word, pattern string) *etree.Element {
	names := restriction("xs:string")
	for _, w := range list {
		e := xs("enumeration", "value", w.Name)
		if w.Doc != "" {
			e.AddChild(annotation(w.Doc))
		}
		names.ChildElements()[0].AddChild(e)
	}
	return union(names, restriction("xs:string", "pattern", pattern))
}

// wordPattern takes the names in any case and their numbers; for flags also
// None and sums.
func wordPattern(list []apphost.Word, flags bool) string {
	var alternatives []string
	for _, w := range list {
		alternatives = append(alternatives, anyCase(w.Name))
		if !flags {
			alternatives = append(alternatives, strconv.FormatInt(w.Value, 10))
		}
	}
	if flags {
		alternatives = append(alternatives, anyCase("None"), "[0-9]+")
	}
	return strings.Join(alternatives, "|")
}

// anyCase is a pattern for a name in upper and lower case.
func anyCase(name string) string {
	var b strings.Builder
	for _, r := range name {
		if lower, upper := unicode.ToLower(r), unicode.ToUpper(r); lower != upper {
			b.WriteString("[" + string(upper) + string(lower) + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// numberType is the numbers of a base type that a range lets through.
func numberType(a *apphost.AttributeSchema, base string, lowest, highest int64) *etree.Element {
	lo, hi, exclude, _ := a.Range()
	between := func(from, to int64) *etree.Element {
		return restriction(base, "minInclusive", strconv.FormatInt(from, 10), "maxInclusive", strconv.FormatInt(to, 10))
	}
	switch {
	case !exclude:
		return between(lo, hi)
	case lo <= lowest:
		return between(hi+1, highest)
	case hi >= highest:
		return between(lowest, lo-1)
	}
	return union(between(lowest, lo-1), between(hi+1, highest))
}

func timeSpanType(a *apphost.AttributeSchema) *etree.Element {
	plain := restriction("timeSpan")
	if a.TimeSpanFormat != "string" {
		plain = restriction("xs:int")
	}
	if !a.AllowInfinite {
		return plain
	}
	return union(plain, restriction("xs:string", "pattern", anyCase("Infinite")))
}

// stringPattern is what a validator of strings lets through; "" is anything.
func stringPattern(validator string) string {
	switch validator {
	case "siteName":
		return "[^/?]+"
	case "applicationPath", "virtualDirectoryPath":
		return "/|/.*[^/]"
	case "requireTrimmedString":
		return `|\S|\S.*\S`
	}
	return ""
}

func union(members ...*etree.Element) *etree.Element {
	t := xs("simpleType")
	u := t.CreateElement("xs:union")
	for _, m := range members {
		u.AddChild(m)
	}
	return t
}

// restriction is a type with facets, given as names and values.
func restriction(base string, facets ...string) *etree.Element {
	t := xs("simpleType")
	r := xs("restriction", "base", base)
	t.AddChild(r)
	for pair := range slices.Chunk(facets, 2) {
		r.AddChild(xs(pair[0], "value", pair[1]))
	}
	return t
}
