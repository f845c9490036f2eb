package xmldoc

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// scanner finds the elements' spans and refuses early what the tree builder
// would accept silently or at great cost.
type scanner struct {
	text  []byte
	spans []span
	open  []int // indexes of spans that wait for their end tag
	nodes int
}

// scanError is an error at an offset of the text.
type scanError struct {
	offset int
	msg    string
}

func (e *scanError) Error() string { return e.msg }

func fail(offset int, format string, args ...any) error {
	return &scanError{offset, fmt.Sprintf(format, args...)}
}

// scan returns the spans of all elements in document order.
func scan(text []byte) ([]span, error) {
	s := &scanner{text: text}
	for at := 0; at < len(text); {
		i := bytes.IndexByte(text[at:], '<')
		if i < 0 {
			i = len(text) - at
		}
		if err := s.between(at, at+i); err != nil {
			return nil, err
		}
		at += i
		if at == len(text) {
			break
		}
		next, err := s.markup(at)
		if err != nil {
			return nil, err
		}
		at = next
	}
	if len(s.open) > 0 {
		first := s.spans[s.open[len(s.open)-1]]
		return nil, fail(len(text), "the file ends inside <%s>, which was opened %s and never closed", clip(s.name(first)), opened(text, first))
	}
	if len(s.spans) == 0 {
		return nil, fail(0, "there is no element: the file is empty or not XML")
	}
	return s.spans, nil
}

// count bounds the number of nodes and the length of one.
func (s *scanner) count(from, to int) error {
	if s.nodes++; s.nodes > MaxNodes {
		return fail(from, "more than %d elements, attributes and texts: the file is not a configuration", MaxNodes)
	}
	if to-from > MaxToken {
		return fail(from, "a name, value, text or comment is longer than %d MiB", MaxToken>>20)
	}
	return nil
}

// between refuses text outside the root element.
func (s *scanner) between(from, to int) error {
	if from == to {
		return nil
	}
	if len(s.open) > 0 {
		return s.count(from, to)
	}
	if i := bytes.IndexFunc(s.text[from:to], func(r rune) bool { return !unicode.IsSpace(r) }); i >= 0 {
		return fail(from+i, "there is text outside the root element")
	}
	return s.count(from, to)
}

// markup reads one piece that begins with "<" and returns where it ends.
func (s *scanner) markup(at int) (int, error) {
	rest := s.text[at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.skip(at, "<!--", "-->", "comment")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.skip(at, "<![CDATA[", "]]>", "CDATA section")
	case bytes.HasPrefix(rest, []byte("<!")):
		return 0, fail(at, "document type definitions and entities are not accepted")
	case bytes.HasPrefix(rest, []byte("<?xml")) && nameLength(rest[2:]) == len("xml") && at > 0:
		return 0, fail(at, "an XML declaration stands only at the very start of a file; a second document seems to be pasted in here")
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.skip(at, "<?", "?>", "processing instruction")
	case bytes.HasPrefix(rest, []byte("</")):
		return s.endTag(at)
	default:
		return s.startTag(at)
	}
}

func (s *scanner) skip(at int, begin, end, what string) (int, error) {
	inner := at + len(begin)
	i := bytes.Index(s.text[inner:], []byte(end))
	if i < 0 {
		return 0, fail(at, "this %s never ends: %q is missing", what, end)
	}
	return inner + i + len(end), s.count(at, inner+i)
}

func (s *scanner) startTag(at int) (int, error) {
	nameEnd := at + 1 + nameLength(s.text[at+1:])
	switch {
	case nameEnd == at+1:
		return 0, fail(at, `"<" begins a tag; inside text and values write "&lt;"`)
	case len(s.open) == 0 && len(s.spans) > 0:
		return 0, fail(at, "a second root element <%s>: a file has one", clip(s.text[at+1:nameEnd]))
	case len(s.open) >= MaxDepth:
		return 0, fail(at, "elements are nested deeper than %d", MaxDepth)
	}
	if err := s.count(at, nameEnd); err != nil {
		return 0, err
	}
	tagEnd, err := s.attributes(at, nameEnd)
	if err != nil {
		return 0, err
	}
	if s.text[tagEnd-2] != '/' {
		s.open = append(s.open, len(s.spans))
	}
	s.spans = append(s.spans, span{int32(at), int32(tagEnd)}) //nolint:gosec // MaxSize fits
	return tagEnd, nil
}

// attributes walks a start tag to behind its ">" and refuses an attribute
// that is given twice, of which the tree would silently keep the last.
func (s *scanner) attributes(at, nameEnd int) (int, error) {
	var seen [16][]byte
	names := seen[:0]
	tag := func() string { return clip(s.text[at+1 : nameEnd]) }
	for a := range attributesOf(s.text, nameEnd) {
		if a.err != "" {
			return 0, fail(a.key.from, "<%s>: %s", tag(), a.err)
		}
		if a.end > 0 {
			return a.end, nil
		}
		key := s.text[a.key.from:a.key.to]
		for _, n := range names {
			if bytes.Equal(n, key) {
				return 0, fail(a.key.from, "<%s>: attribute %s is given twice", tag(), clip(key))
			}
		}
		if len(names) >= maxAttributes {
			return 0, fail(a.key.from, "<%s>: more than %d attributes", tag(), maxAttributes)
		}
		if err := s.count(a.key.from, a.value.to); err != nil {
			return 0, err
		}
		names = append(names, key)
	}
	return 0, fail(at, "the tag <%s never ends: %q is missing", tag(), ">")
}

func (s *scanner) endTag(at int) (int, error) {
	nameEnd := at + 2 + nameLength(s.text[at+2:])
	name := s.text[at+2 : nameEnd]
	shut := skipSpace(s.text, nameEnd)
	if shut >= len(s.text) || s.text[shut] != '>' {
		return 0, fail(at, "the end tag </%s never ends: %q is missing", clip(name), ">")
	}
	if len(s.open) == 0 {
		return 0, fail(at, "</%s> closes nothing", clip(name))
	}
	top := len(s.open) - 1
	el := &s.spans[s.open[top]]
	if open := s.name(*el); !bytes.Equal(open, name) {
		return 0, fail(at, "</%s> stands where </%s> must close the element opened %s", clip(name), clip(open), opened(s.text, *el))
	}
	s.open = s.open[:top]
	el.end = int32(shut) + 1 //nolint:gosec // MaxSize fits
	return shut + 1, nil
}

func opened(text []byte, el span) string {
	return fmt.Sprintf("in line %d", 1+bytes.Count(text[:el.start], []byte{'\n'}))
}

// name is the name of an element in its start tag.
func (s *scanner) name(el span) []byte {
	rest := s.text[el.start+1:]
	return rest[:nameLength(rest)]
}

// nameLength is the length of the XML name at the start of b. Whether each
// character may stand in a name is left to the tree builder.
func nameLength(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n', '/', '>', '=', '<', '"', '\'', '?', '!':
			return i
		}
	}
	return len(b)
}

// firstInvalid is the offset of the first byte that is not UTF-8 or is NUL,
// or -1.
func firstInvalid(text []byte) int {
	nul := bytes.IndexByte(text, 0)
	if utf8.Valid(text) {
		return nul
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if text[i] == 0 || (r == utf8.RuneError && size == 1) {
			return i
		}
		i += size
	}
	return -1
}
