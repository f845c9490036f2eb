package apphost

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
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

// parsed is a typed value: a number for bool, enum, flags, numbers and time
// spans (nanoseconds), a text for strings.
type parsed struct {
	n    int64
	text string
}

// infinite is the number of an endless time span.
const infinite = math.MaxInt64

// parse checks a text against type and validators. The error names the value
// and what is expected; the caller names the attribute and the place.
func (a *AttributeSchema) parse(text string) (parsed, error) {
	p := parsed{text: text}
	var err error
	switch a.Type {
	case Bool:
		p.n, err = parseBool(text)
	case Enum:
		p.n, err = a.parseEnum(text)
	case Flags:
		p.n, err = a.parseFlags(text)
	case Uint:
		p.n, err = a.parseNumber(text, 0, math.MaxUint32)
	case Int:
		p.n, err = a.parseNumber(text, math.MinInt32, math.MaxInt32)
	case Int64:
		p.n, err = a.parseNumber(text, math.MinInt64, math.MaxInt64)
	case TimeSpan:
		p.n, err = a.parseTimeSpan(text)
	case String:
		p.text = a.plain(text)
		if _, _, sealed := encrypted(p.text); a.Encrypted && sealed {
			break // what is inside cannot be judged
		}
		if err = a.checkString(p.text); err != nil && a.Encrypted {
			err = fmt.Errorf("(a secret, not shown) does not obey %s", a.Validator)
		}
	default:
		err = fmt.Errorf("type %q is not one of the schema language", a.Type)
	}
	return p, err
}

// plain is the value that a text stands for: an encrypted empty string is an
// empty string.
func (a *AttributeSchema) plain(text string) string {
	if a.Encrypted {
		if _, payload, ok := encrypted(text); ok && payload == "" {
			return ""
		}
	}
	return text
}

// quote repeats a value in a message, but not a book.
func quote(text string) string { return strconv.Quote(clip(text)) }

func clip(text string) string {
	const longest = 80
	if len(text) <= longest {
		return text
	}
	return text[:longest] + "..."
}

func parseBool(text string) (int64, error) {
	switch strings.ToLower(text) {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	return 0, fmt.Errorf("%s is not true or false", quote(text))
}

// parseEnum takes a name in any case, or the number that management tools
// write for it.
func (a *AttributeSchema) parseEnum(text string) (int64, error) {
	if w, ok := a.word(text); ok {
		return w.Value, nil
	}
	return 0, fmt.Errorf("%s is not one of %s%s", quote(text), a.names(), suggest(text, a.wordNames()))
}

func (a *AttributeSchema) word(text string) (Word, bool) {
	text = strings.TrimSpace(text)
	n, numeric := number(text)
	for _, w := range a.Words {
		if strings.EqualFold(w.Name, text) || (numeric && n == w.Value) {
			return w, true
		}
	}
	return Word{}, false
}

// number reads the numeric spelling of an enum or flags.
func number(text string) (int64, bool) {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false // a name, without asking for an error
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseFlags takes names with commas, None, the empty string, or a sum.
func (a *AttributeSchema) parseFlags(text string) (int64, error) {
	var sum, all int64
	for _, w := range a.Words {
		all |= w.Value
	}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" || strings.EqualFold(part, "None") {
			continue
		}
		if n, numeric := number(part); numeric && n&^all == 0 {
			sum |= n
			continue
		}
		w, ok := a.word(part)
		if !ok {
			return 0, fmt.Errorf("%s has %s, which is not one of %s%s", quote(text), quote(part), a.names(), suggest(part, a.wordNames()))
		}
		sum |= w.Value
	}
	return sum, nil
}

func (a *AttributeSchema) wordNames() []string {
	names := make([]string, len(a.Words))
	for i, w := range a.Words {
		names[i] = w.Name
	}
	return names
}

func (a *AttributeSchema) names() string { return strings.Join(a.wordNames(), ", ") }

func (a *AttributeSchema) parseNumber(text string, lowest, highest int64) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%s is not a whole number", quote(text))
	}
	if err != nil || n < lowest || n > highest {
		return 0, fmt.Errorf("%s is not between %d and %d", clip(text), lowest, highest)
	}
	return n, a.checkRange(n, clip(text))
}

func (a *AttributeSchema) checkRange(n int64, text string) error {
	l := a.limits
	switch inside := l != nil && n >= l.min && n <= l.max; {
	case l == nil:
		return nil
	case l.exclude && inside:
		return fmt.Errorf("%s is not allowed: values from %d to %d are not supported", text, l.min, l.max)
	case !l.exclude && !inside:
		return fmt.Errorf("%s is not between %d and %d", text, l.min, l.max)
	case l.granularity > 1 && n%l.granularity != 0:
		return fmt.Errorf("%s is not a multiple of %d", text, l.granularity)
	}
	return nil
}

// parseTimeSpan takes [d.]hh:mm:ss, fractions of seconds dropped, or plain
// seconds or minutes where the schema says so.
func (a *AttributeSchema) parseTimeSpan(text string) (int64, error) {
	if a.AllowInfinite && strings.EqualFold(text, "Infinite") {
		return infinite, nil
	}
	var d time.Duration
	switch a.TimeSpanFormat {
	case "seconds", "minutes":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%s is not a number of %s", quote(text), a.TimeSpanFormat)
		}
		d = time.Duration(n) * time.Second
		if a.TimeSpanFormat == "minutes" {
			d *= 60
		}
	default:
		var ok bool
		if d, ok = clock(text); !ok {
			return 0, fmt.Errorf("%s is not a time span like 00:02:00 or 1.00:00:00", quote(text))
		}
	}
	return int64(d), a.checkRange(int64(d/time.Second), text)
}

// clock reads [d.]hh:mm:ss[.fraction].
func clock(text string) (time.Duration, bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	days, hours, hasDays := strings.Cut(parts[0], ".")
	if !hasDays {
		days, hours = "0", parts[0]
	}
	seconds, _, _ := strings.Cut(parts[2], ".")
	var total int64
	for _, p := range []struct {
		text        string
		below, unit int64
	}{{days, 1 << 20, 86400}, {hours, 24, 3600}, {parts[1], 60, 60}, {seconds, 60, 1}} {
		n, err := strconv.ParseUint(p.text, 10, 31)
		if err != nil || int64(n) >= p.below {
			return 0, false
		}
		total += int64(n) * p.unit
	}
	return time.Duration(total) * time.Second, true
}

// checkString applies the validators of strings. Validators that concern web
// settings only are not checked.
func (a *AttributeSchema) checkString(s string) error {
	switch a.Validator {
	case "nonEmptyString":
		if s == "" {
			return errors.New("must not be empty")
		}
	case "requireTrimmedString":
		if s != strings.TrimSpace(s) {
			return fmt.Errorf("%s must not begin or end with a space", quote(s))
		}
	case "siteName":
		if s == "" || strings.ContainsAny(s, "/?") {
			return fmt.Errorf(`%s is not a site name: it must not be empty or contain "/" or "?"`, quote(s))
		}
	case "applicationPath", "virtualDirectoryPath":
		return checkPath(s)
	}
	return nil
}

func checkPath(s string) error {
	if !strings.HasPrefix(s, "/") {
		return fmt.Errorf(`%s must begin with "/"`, quote(s))
	}
	if s != "/" && strings.HasSuffix(s, "/") {
		return fmt.Errorf(`%s must not end with "/"`, quote(s))
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf(`%s must not have the segment %q`, quote(s), segment)
		}
	}
	return nil
}

// encrypted takes [enc:PROVIDER:PAYLOAD:enc] apart.
func encrypted(text string) (provider, payload string, ok bool) {
	inner, ok := strings.CutPrefix(text, "[enc:")
	if !ok {
		return "", "", false
	}
	if inner, ok = strings.CutSuffix(inner, ":enc]"); !ok {
		return "", "", false
	}
	provider, payload, ok = strings.Cut(inner, ":")
	return provider, payload, ok
}
