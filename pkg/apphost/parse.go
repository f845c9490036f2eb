package apphost

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

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
