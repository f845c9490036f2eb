package xmldoc

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Bounds on what is read at all, so that a hostile file costs little.
const (
	// MaxSize is the largest document in bytes.
	MaxSize = 256 << 20
	// MaxDepth is how deep elements may nest; IIS's deepest path has nine.
	MaxDepth = 64
)

// span is where an element stands in the text.
type span struct {
	start   int // of "<"
	tagEnd  int // behind the ">" of the start tag
	end     int // behind the ">" of the end tag; tagEnd when self-closing
	endTag  int // of "</"; equal to end when self-closing
	nameEnd int // behind the name
}

// scanner finds the elements' spans and refuses early what the tree builder
// would accept silently or at great cost.
type scanner struct {
	text  []byte
	spans []span
	open  []int // indexes of spans that wait for their end tag
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
		return nil, fail(len(text), "the file ends inside <%s>, which was opened %s and never closed", s.name(first), opened(text, first.start))
	}
	if len(s.spans) == 0 {
		return nil, fail(0, "there is no element: the file is empty or not XML")
	}
	return s.spans, nil
}

// between refuses text outside the root element.
func (s *scanner) between(from, to int) error {
	if len(s.open) > 0 {
		return nil
	}
	if i := bytes.IndexFunc(s.text[from:to], func(r rune) bool { return !unicode.IsSpace(r) }); i >= 0 {
		return fail(from+i, "there is text outside the root element")
	}
	return nil
}

// markup reads one piece that begins with "<" and returns where it ends.
func (s *scanner) markup(at int) (int, error) {
	rest := s.text[at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.skip(at, "-->", "comment")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.skip(at, "]]>", "CDATA section")
	case bytes.HasPrefix(rest, []byte("<!")):
		return 0, fail(at, "document type definitions and entities are not accepted")
	case bytes.HasPrefix(rest, []byte("<?xml")) && at > 0:
		return 0, fail(at, "an XML declaration stands only at the very start of a file; a second document seems to be pasted in here")
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.skip(at, "?>", "processing instruction")
	case bytes.HasPrefix(rest, []byte("</")):
		return s.endTag(at)
	default:
		return s.startTag(at)
	}
}

func (s *scanner) skip(at int, end, what string) (int, error) {
	i := bytes.Index(s.text[at:], []byte(end))
	if i < 0 {
		return 0, fail(at, "this %s never ends: %q is missing", what, end)
	}
	return at + i + len(end), nil
}

func (s *scanner) startTag(at int) (int, error) {
	nameEnd := at + 1 + nameLength(s.text[at+1:])
	if nameEnd == at+1 {
		return 0, fail(at, `"<" begins a tag; inside text and values write "&lt;"`)
	}
	if len(s.open) == 0 && len(s.spans) > 0 {
		return 0, fail(at, "a second root element <%s>: a file has one", s.text[at+1:nameEnd])
	}
	if len(s.open) >= MaxDepth {
		return 0, fail(at, "elements are nested deeper than %d", MaxDepth)
	}
	tagEnd, err := s.attributes(at, nameEnd)
	if err != nil {
		return 0, err
	}
	el := span{start: at, nameEnd: nameEnd, tagEnd: tagEnd, end: tagEnd, endTag: tagEnd}
	if s.text[tagEnd-2] != '/' {
		s.open = append(s.open, len(s.spans))
	}
	s.spans = append(s.spans, el)
	return tagEnd, nil
}

// attributes walks a start tag to behind its ">" and refuses an attribute
// that is given twice, of which the tree would silently keep the last.
func (s *scanner) attributes(at, nameEnd int) (int, error) {
	var seen [16][]byte
	names := seen[:0]
	for a := range attributesOf(s.text, nameEnd) {
		if a.err != "" {
			return 0, fail(a.key.from, "<%s>: %s", s.text[at+1:nameEnd], a.err)
		}
		if a.end > 0 {
			return a.end, nil
		}
		key := s.text[a.key.from:a.key.to]
		for _, n := range names {
			if bytes.Equal(n, key) {
				return 0, fail(a.key.from, "<%s>: attribute %s is given twice", s.text[at+1:nameEnd], key)
			}
		}
		if len(names) >= maxAttributes {
			return 0, fail(a.key.from, "<%s>: more than %d attributes", s.text[at+1:nameEnd], maxAttributes)
		}
		names = append(names, key)
	}
	return 0, fail(at, "the tag <%s never ends: %q is missing", s.text[at+1:nameEnd], ">")
}

// maxAttributes bounds the search for doubles; the richest element of IIS has
// about thirty.
const maxAttributes = 512

func (s *scanner) endTag(at int) (int, error) {
	nameEnd := at + 2 + nameLength(s.text[at+2:])
	i := bytes.IndexByte(s.text[nameEnd:], '>')
	if i < 0 {
		return 0, fail(at, "this end tag never ends: %q is missing", ">")
	}
	name := s.text[at+2 : nameEnd]
	if len(s.open) == 0 {
		return 0, fail(at, "</%s> closes nothing", name)
	}
	top := len(s.open) - 1
	el := &s.spans[s.open[top]]
	if open := s.name(*el); !bytes.Equal(open, name) {
		return 0, fail(at, "</%s> stands where </%s> must close the element opened %s", name, open, opened(s.text, el.start))
	}
	s.open = s.open[:top]
	el.endTag, el.end = at, nameEnd+i+1
	return el.end, nil
}

func opened(text []byte, offset int) string {
	return fmt.Sprintf("in line %d", 1+bytes.Count(text[:offset], []byte{'\n'}))
}

func (s *scanner) name(el span) []byte { return s.text[el.start+1 : el.nameEnd] }

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
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c == 0 {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
