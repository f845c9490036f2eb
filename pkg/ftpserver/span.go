package ftpserver

import (
	"math"
	"strings"
)

// span is a part of a file in bytes: from an offset up to but not including
// another, where 0 means the end of the file.
type span struct{ from, to int64 }

// within returns where the span begins in a file and how much of the file it
// has. One that begins beyond the end is refused, as IIS does with REST.
func (p span) within(size int64) (offset, n int64, err error) {
	if p.from > size {
		return 0, 0, fileRefused(win32InvalidParameter, nil)
	}
	to := size
	if p.to > 0 && p.to < size {
		to = p.to
	}
	return p.from, to - p.from, nil
}

// parseRange reads the argument of RANG: the first and the last byte
// (draft-bryan-ftp-range). "1 0" means the whole file again.
func parseRange(arg string) (span, error) {
	first, last, _ := strings.Cut(arg, " ")
	from, err := parseCount(first)
	if err != nil {
		return span{}, err
	}
	to, err := parseCount(last)
	switch {
	case err != nil:
		return span{}, err
	case from == 1 && to == 0:
		return span{}, nil
	case from > to, to == math.MaxInt64:
		return span{}, errArgument
	}
	return span{from, to + 1}, nil
}

// part is a file, by the name that a client gave, and what of it is meant.
type part struct {
	name string
	span span
}

// parseParts reads "path [start [end]]", the argument of XCRC and its like. A
// path may stand in quotes. Without them numbers at its end may belong to the
// name: the meanings are returned in the order in which to try them.
func parseParts(arg string) ([]part, error) {
	if strings.HasPrefix(arg, `"`) {
		name, rest, ok := unquote(arg)
		numbers := strings.Fields(rest)
		if !ok || len(numbers) > 2 {
			return nil, errArgument
		}
		p, err := parseSpan(numbers)
		return []part{{name, p}}, err
	}
	parts := []part{{name: arg}}
	rest, numbers := arg, []string(nil)
	for range 2 {
		i := strings.LastIndexByte(rest, ' ')
		if i <= 0 {
			break
		}
		numbers = append([]string{rest[i+1:]}, numbers...)
		rest = rest[:i]
		p, err := parseSpan(numbers)
		if err != nil {
			break
		}
		parts = append(parts, part{rest, p})
	}
	return parts, nil
}

// parseSpan reads up to two numbers, of which the second is where to stop.
func parseSpan(numbers []string) (p span, err error) {
	ends := []*int64{&p.from, &p.to}
	for i, text := range numbers {
		if *ends[i], err = parseCount(text); err != nil {
			return span{}, err
		}
	}
	if p.to != 0 && p.to < p.from {
		return span{}, errArgument
	}
	return p, nil
}

// unquote takes a text in quotes, quotes inside doubled, off arg.
func unquote(arg string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(arg); i++ {
		if arg[i] != '"' {
			b.WriteByte(arg[i])
			continue
		}
		if i+1 < len(arg) && arg[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		rest = arg[i+1:]
		return b.String(), rest, b.Len() > 0 && (rest == "" || rest[0] == ' ')
	}
	return "", "", false
}

// words reads names between spaces; those in quotes may contain some.
func words(arg string) (names []string, ok bool) {
	for arg = strings.TrimLeft(arg, " "); arg != ""; arg = strings.TrimLeft(arg, " ") {
		var name string
		if arg[0] != '"' {
			name, arg, _ = strings.Cut(arg, " ")
		} else if name, arg, ok = unquote(arg); !ok {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
