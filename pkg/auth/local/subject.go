package local

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/auth"
)

// rdn is one part of a distinguished name in the form in which parts are
// compared.
type rdn string

// join makes one text of a name. Windows prints the parts from the last to
// the first, openssl from the first to the last; both come to the same here.
func join(parts []rdn) string {
	forward := fmt.Sprintf("%q", parts)
	slices.Reverse(parts)
	return min(forward, fmt.Sprintf("%q", parts))
}

// canonical is one attribute in the form in which attributes are compared.
func canonical(oid, value string) string {
	return oid + "=" + strconv.Quote(auth.Fold(strings.Join(strings.Fields(value), " ")))
}

// attributes are the names that openssl and Windows print for attributes of
// a subject. Others are printed as numbers.
func attributes() map[string]string {
	return map[string]string{
		"cn": "2.5.4.3", "sn": "2.5.4.4", "serialnumber": "2.5.4.5", "c": "2.5.4.6", "l": "2.5.4.7", "st": "2.5.4.8", "s": "2.5.4.8",
		"street": "2.5.4.9", "o": "2.5.4.10", "ou": "2.5.4.11", "title": "2.5.4.12", "t": "2.5.4.12", "description": "2.5.4.13",
		"businesscategory": "2.5.4.15", "postalcode": "2.5.4.17", "phone": "2.5.4.20", "gn": "2.5.4.42", "g": "2.5.4.42",
		"givenname": "2.5.4.42", "initials": "2.5.4.43", "i": "2.5.4.43", "generationqualifier": "2.5.4.44", "dnqualifier": "2.5.4.46",
		"pseudonym": "2.5.4.65", "organizationidentifier": "2.5.4.97", "uid": "0.9.2342.19200300.100.1.1",
		"dc": "0.9.2342.19200300.100.1.25", "e": "1.2.840.113549.1.9.1", "email": "1.2.840.113549.1.9.1",
		"emailaddress": "1.2.840.113549.1.9.1", "unstructuredname": "1.2.840.113549.1.9.2", "jurisdictionl": "1.3.6.1.4.1.311.60.2.1.1",
		"jurisdictionst": "1.3.6.1.4.1.311.60.2.1.2", "jurisdictionc": "1.3.6.1.4.1.311.60.2.1.3",
	}
}

// subjectOf reads the subject of a certificate. It reports false when the
// subject is empty or has values that are no text: nothing can name it then.
func subjectOf(raw []byte) (string, bool) {
	var name []asn1.RawValue
	if rest, err := asn1.Unmarshal(raw, &name); err != nil || len(rest) > 0 || len(name) == 0 {
		return "", false
	}
	parts := make([]rdn, 0, len(name))
	for _, set := range name {
		part, ok := partOf(set.FullBytes)
		if !ok {
			return "", false
		}
		parts = append(parts, part)
	}
	return join(parts), true
}

// partOf reads one part, a set of attributes, of which there is mostly one.
func partOf(raw []byte) (rdn, bool) {
	var set []struct {
		Type  asn1.ObjectIdentifier
		Value any
	}
	if rest, err := asn1.UnmarshalWithParams(raw, &set, "set"); err != nil || len(rest) > 0 || len(set) == 0 {
		return "", false
	}
	var list []string
	for _, a := range set {
		text, ok := a.Value.(string)
		if !ok {
			return "", false
		}
		list = append(list, canonical(a.Type.String(), text))
	}
	return newPart(list), true
}

// newPart is the part that has these attributes; their order means nothing.
func newPart(attributes []string) rdn {
	slices.Sort(attributes)
	return rdn(strings.Join(attributes, "+"))
}

// parseSubject reads a distinguished name as openssl and Windows print it.
func parseSubject(text string) (string, error) {
	known, rest := attributes(), text
	var parts []rdn
	for more := true; more; {
		var list []string
		for plus := true; plus; {
			var attribute string
			var end byte
			var err error
			if attribute, end, rest, err = nextAttribute(rest, known); err != nil {
				return "", fmt.Errorf(`subject "%s" is not a name such as CN=Jo, O=Harbour: %w`, text, err)
			}
			list = append(list, attribute)
			plus, more = end == '+', end != 0
		}
		parts = append(parts, newPart(list))
	}
	return join(parts), nil
}

// nextAttribute takes the first attribute off text, and the sign behind it: a
// comma or semicolon, a plus, or 0 at the end.
func nextAttribute(text string, known map[string]string) (attribute string, end byte, rest string, err error) {
	name, rest, ok := strings.Cut(text, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return "", 0, "", fmt.Errorf(`"%s" has no attribute before an equals sign`, strings.TrimSpace(text))
	}
	oid, ok := known[strings.ToLower(name)]
	if !ok {
		if oid, err = parseOID(name); err != nil {
			return "", 0, "", err
		}
	}
	value, end, rest, err := nextValue(strings.TrimLeft(rest, " "))
	return canonical(oid, value), end, rest, err
}

// parseOID reads an attribute's number, which Windows writes as OID.1.2.3.
func parseOID(name string) (string, error) {
	number := strings.TrimPrefix(strings.ToUpper(name), "OID.")
	for digits := range strings.SplitSeq(number, ".") {
		if _, err := strconv.ParseUint(digits, 10, 63); err != nil || !strings.Contains(number, ".") {
			return "", fmt.Errorf(`there is no attribute "%s"; write its number, as in 2.5.4.3`, name)
		}
	}
	return number, nil
}

// nextValue takes a value off text: plain with escapes, in quotation marks, or
// # and the hexadecimal digits of its encoding.
func nextValue(text string) (value string, end byte, rest string, err error) {
	var b []byte
	quoted := false
	i := 0
scan:
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			char, n, ok := escaped(text[i+1:])
			if !ok {
				return "", 0, "", errors.New("it ends with a backslash")
			}
			b, i = append(b, char), i+n
		case c == '"':
			if quoted && strings.HasPrefix(text[i+1:], `"`) {
				b, i = append(b, '"'), i+1 // Windows writes a mark in marks twice
				continue
			}
			quoted = !quoted
		case !quoted && (c == ',' || c == ';' || c == '+'):
			end = c
			break scan
		default:
			b = append(b, c)
		}
	}
	if quoted {
		return "", 0, "", errors.New("a quotation mark is not closed")
	}
	if end != 0 {
		rest = text[i+1:]
	}
	if digits, ok := strings.CutPrefix(text[:i], "#"); ok {
		value, err = encoded(strings.TrimSpace(digits))
		return value, end, rest, err
	}
	return string(b), end, rest, nil
}

// escaped reads what stands behind a backslash, and how long that is.
func escaped(text string) (char byte, length int, ok bool) {
	if len(text) >= 2 {
		if raw, err := hex.DecodeString(text[:2]); err == nil {
			return raw[0], 2, true
		}
	}
	if text == "" {
		return 0, 0, false
	}
	return text[0], 1, true
}

// encoded reads a value given as its encoding.
func encoded(digits string) (string, error) {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return "", fmt.Errorf(`"#%s" is not # and hexadecimal digits`, digits)
	}
	var value any
	rest, err := asn1.Unmarshal(raw, &value)
	text, ok := value.(string)
	if err != nil || len(rest) > 0 || !ok {
		return "", fmt.Errorf(`"#%s" is not the encoding of a text`, digits)
	}
	return text, nil
}
