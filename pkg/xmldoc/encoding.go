package xmldoc

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// form is how a document's text is written as bytes.
type form struct {
	bom  []byte
	enc  encoding.Encoding // nil is UTF-8
	name string
	// ascii is a file that declares itself so: what is written into it is.
	ascii bool
}

const utf16Name = "UTF-16"

// holds reports whether a character can be written as itself.
func (f *form) holds(r rune) bool {
	switch {
	case r < utf8.RuneSelf, f.name == utf16Name:
		return true
	case f.enc != nil:
		_, err := f.enc.NewEncoder().String(string(r))
		return err == nil
	}
	return !f.ascii
}

// decode turns bytes into UTF-8 text: by byte order mark first, then by the
// shape of the first bytes, then by the XML declaration.
func decode(data []byte) ([]byte, form, error) {
	utf16le := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16be := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	var f form
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		f = form{bom: data[:3], name: "UTF-8"}
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		f = form{bom: data[:2], enc: utf16le, name: utf16Name}
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		f = form{bom: data[:2], enc: utf16be, name: utf16Name}
	case bytes.HasPrefix(data, []byte{'<', 0}):
		f = form{enc: utf16le, name: utf16Name}
	case bytes.HasPrefix(data, []byte{0, '<'}):
		f = form{enc: utf16be, name: utf16Name}
	default:
		var err error
		if f, err = declared(data); err != nil {
			return nil, f, err
		}
	}
	text := data[len(f.bom):]
	if f.enc == nil {
		return text, f, nil
	}
	text, err := f.enc.NewDecoder().Bytes(text)
	if err != nil {
		return nil, f, fmt.Errorf("the file is not text in %s: %w", f.name, err)
	}
	return text, f, nil
}

// declared reads the encoding of the XML declaration.
func declared(data []byte) (form, error) {
	name := declaredName(data)
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8":
		return form{name: "UTF-8"}, nil
	case "us-ascii", "ascii":
		return form{name: "UTF-8", ascii: true}, nil
	case "utf-16", "utf-16le", "utf-16be":
		return form{}, fmt.Errorf("the file declares encoding %q, but its bytes are not UTF-16", clip([]byte(name)))
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return form{}, fmt.Errorf("the file declares encoding %q, which is not known here; save it as UTF-8", clip([]byte(name)))
	}
	return form{enc: enc, name: name}, nil
}

// maxDeclaration is how far an XML declaration is looked for, in bytes.
const maxDeclaration = 1024

// declaredName is the value of encoding in <?xml ... ?>, or "".
func declaredName(data []byte) string {
	if !bytes.HasPrefix(data, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(data[:min(len(data), maxDeclaration)], []byte("?>"))
	if end < 0 {
		return ""
	}
	for a := range attributesOf(append(bytes.Clone(data[:end]), '>'), len("<?xml")) {
		if a.err == "" && string(data[a.key.from:min(a.key.to, end)]) == "encoding" {
			return string(data[a.value.from:a.value.to])
		}
	}
	return ""
}

// encode turns text back into the bytes of the original form.
func (f form) encode(text []byte) ([]byte, error) {
	if f.enc != nil {
		var err error
		if text, _, err = transform.Bytes(f.enc.NewEncoder(), text); err != nil {
			return nil, fmt.Errorf("the new text cannot be written as %s: %w", f.name, err)
		}
	}
	return append(bytes.Clone(f.bom), text...), nil
}
