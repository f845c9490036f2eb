package apphost

import (
	"strconv"
	"strings"
)

// Canonical checks a value and returns it as IIS writes it: true and false in
// lower case, names of enums and flags instead of numbers, flags in the order
// of the schema. The error says what is expected; it does not name the
// attribute.
func (a *AttributeSchema) Canonical(text string) (string, error) {
	p, err := a.parse(text)
	if err != nil {
		return "", err
	}
	switch a.Type {
	case Bool:
		return strconv.FormatBool(p.n != 0), nil
	case Enum:
		if w, ok := a.word(text); ok {
			return w.Name, nil
		}
	case Flags:
		return a.flagNames(p.n), nil
	case Uint, Int, Int64:
		return strconv.FormatInt(p.n, 10), nil
	case String, TimeSpan:
	}
	return text, nil
}

// flagNames joins the names of flags; one that stands for several comes before
// these.
func (a *AttributeSchema) flagNames(sum int64) string {
	var names []string
	rest := sum
	for _, w := range a.Words {
		if w.Value == sum && sum == 0 {
			return w.Name
		}
		if w.Value != 0 && rest&w.Value == w.Value {
			names = append(names, w.Name)
			rest &^= w.Value
		}
	}
	return strings.Join(names, ", ")
}
