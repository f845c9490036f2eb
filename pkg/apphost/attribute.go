package apphost

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is the type of an attribute, by its name in the schema language.
type Type string

// The attribute types.
const (
	Bool     Type = "bool"
	Enum     Type = "enum"
	Flags    Type = "flags"
	Uint     Type = "uint"
	Int      Type = "int"
	Int64    Type = "int64"
	String   Type = "string"
	TimeSpan Type = "timeSpan"
)

// known reports whether there is such a type.
func (t Type) known() bool {
	switch t {
	case Bool, Enum, Flags, Uint, Int, Int64, String, TimeSpan:
		return true
	}
	return false
}

// Word is a name with a number: of an enum or a flag.
type Word struct {
	Name  string
	Value int64
	Doc   string
}

// AttributeSchema describes one attribute.
type AttributeSchema struct {
	Name string
	Type Type
	Doc  string
	// Default is the value of an absent attribute; HasDefault tells a declared
	// one from the zero of the type.
	Default    string
	HasDefault bool
	Required   bool
	// Key marks the attributes that tell the entries of a collection apart.
	Key           bool
	CaseSensitive bool
	// Encrypted values may be written as [enc:PROVIDER:PAYLOAD:enc].
	Encrypted bool
	// Expanded values may hold %Name% variables.
	Expanded bool
	// Runtime attributes are state, not configuration: accepted and ignored.
	Runtime bool
	// Words are the names of an enum or of flags.
	Words []Word
	// Validator and Parameter are the schema's validationType and
	// validationParameter.
	Validator, Parameter string
	AllowInfinite        bool
	TimeSpanFormat       string

	limits *limits
	absent parsed // the default as parsed
}

// limits are the range of a number or, in seconds, of a time span.
type limits struct {
	min, max    int64
	exclude     bool  // the range is what is forbidden
	granularity int64 // 0 is any
}

// Range returns the bounds that integerRange or timeSpanRange sets; exclude
// means that the values from min to max are the forbidden ones.
func (a *AttributeSchema) Range() (lowest, highest int64, exclude, ok bool) {
	if a.limits == nil {
		return 0, 0, false, false
	}
	return a.limits.min, a.limits.max, a.limits.exclude, true
}

// readRange reads the validation parameter of the two range validators.
func (a *AttributeSchema) readRange() error {
	if a.Validator != "integerRange" && a.Validator != "timeSpanRange" {
		return nil
	}
	l := &limits{}
	parts := strings.Split(a.Parameter, ",")
	if last := len(parts) - 1; strings.TrimSpace(parts[last]) == "exclude" {
		l.exclude, parts = true, parts[:last]
	}
	var numbers []int64
	for _, p := range parts {
		n, err := strconv.ParseInt(strings.TrimSpace(p), 10, 64)
		if err != nil {
			return fmt.Errorf("validationParameter %q is not a range", a.Parameter)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) < 2 {
		return fmt.Errorf("validationParameter %q is not a range", a.Parameter)
	}
	l.min, l.max = numbers[0], numbers[1]
	if len(numbers) > 2 {
		l.granularity = numbers[2]
	}
	a.limits = l
	return nil
}
