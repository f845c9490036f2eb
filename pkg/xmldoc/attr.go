package xmldoc

import "iter"

// piece is a stretch of the text.
type piece struct{ from, to int }

// attribute is one attribute as it stands in a start tag, or the end of the
// tag, or what is wrong.
type attribute struct {
	key   piece
	value piece // between the quotes
	quote byte
	end   int    // not 0: the tag ends here, behind its ">"
	err   string // not "": what is wrong at key.from
}

// attributesOf walks a start tag from behind its name. The last thing yielded
// is the tag's end or an error.
func attributesOf(text []byte, at int) iter.Seq[attribute] {
	return func(yield func(attribute) bool) {
		for {
			at = skipSpace(text, at)
			if at >= len(text) {
				return
			}
			if text[at] == '>' {
				yield(attribute{end: at + 1})
				return
			}
			if text[at] == '/' && at+1 < len(text) && text[at+1] == '>' {
				yield(attribute{end: at + 2})
				return
			}
			a := readAttribute(text, at)
			if !yield(a) || a.err != "" {
				return
			}
			at = a.value.to + 1
		}
	}
}

func readAttribute(text []byte, at int) attribute {
	a := attribute{key: piece{at, at + nameLength(text[at:])}}
	if a.key.to == at {
		a.err = "an attribute or the end of the tag is expected here"
		return a
	}
	eq := skipSpace(text, a.key.to)
	if eq >= len(text) || text[eq] != '=' {
		a.err = "attribute " + clip(text[a.key.from:a.key.to]) + ` has no value; write name="value"`
		return a
	}
	open := skipSpace(text, eq+1)
	if open >= len(text) || (text[open] != '"' && text[open] != '\'') {
		a.err = "the value of attribute " + clip(text[a.key.from:a.key.to]) + " is not in quotes"
		return a
	}
	a.quote = text[open]
	for i := open + 1; i < len(text); i++ {
		switch text[i] {
		case a.quote:
			a.value = piece{open + 1, i}
			return a
		case '<':
			a.err = "the value of attribute " + clip(text[a.key.from:a.key.to]) + ` has a "<" in it: a quote is missing, or write "&lt;"`
			return a
		}
	}
	a.err = "the value of attribute " + clip(text[a.key.from:a.key.to]) + " never ends: a quote is missing"
	return a
}

func skipSpace(text []byte, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		default:
			return at
		}
	}
	return at
}
