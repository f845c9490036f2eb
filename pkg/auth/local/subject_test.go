package local

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
)

// encode makes the subject of a certificate, part by part.
func encode(t testing.TB, parts ...[]pkix.AttributeTypeAndValue) []byte {
	t.Helper()
	var name pkix.RDNSequence
	for _, p := range parts {
		name = append(name, p)
	}
	raw, err := asn1.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func attribute(value any, oid ...int) []pkix.AttributeTypeAndValue {
	return []pkix.AttributeTypeAndValue{{Type: oid, Value: value}}
}

func TestSubjects(t *testing.T) {
	country, organization := attribute("NL", 2, 5, 4, 6), attribute("Harbour, Inc.", 2, 5, 4, 10)
	unit, name := attribute("Pilots", 2, 5, 4, 11), attribute("Jörg  Kai", 2, 5, 4, 3)
	mail := attribute("jo@harbour.example", 1, 2, 840, 113549, 1, 9, 1)
	both := append(attribute("Jo", 2, 5, 4, 3), attribute("jo7", 0, 9, 2342, 19200300, 100, 1, 1)...)
	full := encode(t, country, organization, unit, name)
	for _, c := range []struct {
		name    string
		raw     []byte
		written string
		same    bool
	}{
		{"openssl", full, `C = NL, O = "Harbour, Inc.", OU = Pilots, CN = J\C3\B6rg  Kai`, true},
		{"openssl 3", full, `C=NL, O=Harbour\, Inc., OU=Pilots, CN=Jörg Kai`, true},
		{"RFC 2253", full, `CN=J\C3\B6rg  Kai,OU=Pilots,O=Harbour\, Inc.,C=NL`, true},
		{"Windows", full, `CN=Jörg Kai, OU=Pilots, O="Harbour, Inc.", C=NL`, true},
		{"case", full, `cn=JÖRG KAI,ou=PILOTS,o="harbour, inc.",c=nl`, true},
		{"numbers", full, `2.5.4.3=Jörg Kai, OID.2.5.4.11=Pilots, O="Harbour, Inc.", C=NL`, true},
		{"encoded", full, `CN=#0C0A4AC3B6726720204B6169,OU=Pilots,O=Harbour\, Inc.,C=NL`, true},
		{"a part missing", full, `CN=Jörg Kai, OU=Pilots, O="Harbour, Inc."`, false},
		{"another order", full, `OU=Pilots, CN=Jörg Kai, O="Harbour, Inc.", C=NL`, false},
		{"another value", full, `CN=Jörg Kai, OU=Pilots, O="Harbour, Inc.", C=BE`, false},
		{"value in another attribute", full, `CN=Jörg Kai, O=Pilots, OU="Harbour, Inc.", C=NL`, false},
		{"a comma that parts", encode(t, attribute("a", 2, 5, 4, 3), attribute("b", 2, 5, 4, 10)), `CN=a\,O=b`, false},
		{"a value that looks like two parts", encode(t, attribute("a, O=b", 2, 5, 4, 3)), `CN=a, O=b`, false},
		{"a value with marks", encode(t, attribute(`a"+2.5.4.10="b`, 2, 5, 4, 3)), `CN=a+O=b`, false},
		{"Windows doubles marks", encode(t, attribute(`the "a"`, 2, 5, 4, 3)), `CN="the ""a"""`, true},
		{"e-mail of openssl", encode(t, name, mail), `CN=Jörg Kai, emailAddress=jo@harbour.example`, true},
		{"e-mail of Windows", encode(t, name, mail), `E=JO@harbour.example, CN=Jörg Kai`, true},
		{"two in one part", encode(t, country, both), `C = NL, CN = Jo + UID = jo7`, true},
		{"two in one part, turned", encode(t, country, both), `UID=jo7+CN=Jo, C=NL`, true},
		{"two parts instead", encode(t, country, both), `C=NL, CN=Jo, UID=jo7`, false},
		{"empty value", encode(t, attribute("", 2, 5, 4, 3)), `CN=`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			written, err := parseSubject(c.written)
			if err != nil {
				t.Fatal(err)
			}
			read, ok := subjectOf(c.raw)
			if !ok {
				t.Fatal("the subject cannot be read")
			}
			if (written == read) != c.same {
				t.Errorf("written %s, read %s, want the same: %v", written, read, c.same)
			}
		})
	}
}

func TestSubjectsThatNothingNames(t *testing.T) {
	for name, raw := range map[string][]byte{
		"empty":      encode(t),
		"no text":    encode(t, attribute(7, 2, 5, 4, 3)),
		"empty part": {0x30, 0x02, 0x31, 0x00},
		"cut":        {0x30, 0x05, 0x31},
		"nothing":    nil,
		"more":       append(encode(t, attribute("a", 2, 5, 4, 3)), 0),
	} {
		if got, ok := subjectOf(raw); ok {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSubjectMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":               `"" has no attribute before an equals sign`,
		"Jo":             `"Jo" has no attribute before an equals sign`,
		"CN=Jo, Harbour": `"Harbour" has no attribute before an equals sign`,
		"CN=Jo,":         `"" has no attribute before an equals sign`,
		"=Jo":            `"=Jo" has no attribute before an equals sign`,
		"XY=Jo":          `there is no attribute "XY"; write its number, as in 2.5.4.3`,
		"7=Jo":           `there is no attribute "7"`,
		"2..3=Jo":        `there is no attribute "2..3"`,
		`CN="Jo`:         "a quotation mark is not closed",
		`CN=Jo\`:         "it ends with a backslash",
		"CN=#0":          `"#0" is not # and hexadecimal digits`,
		"CN=#020107":     `"#020107" is not the encoding of a text`,
		"/C=NL/CN=Jo":    `there is no attribute "/C"`,
	} {
		got, err := parseSubject(text)
		if err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %s", text, got, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), `subject "`+text+`" is not a name such as CN=Jo, O=Harbour: `) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzSubject reads whatever stands in a configuration; what it takes it
// takes the same way whatever the case.
func FuzzSubject(f *testing.F) {
	f.Add(`C = NL, O = "Harbour, Inc.", OU = Pilots, CN = J\C3\B6rg`)
	f.Add(`CN="the ""a"""+UID=#0C0161;2.5.4.10=x\,`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		got, err := parseSubject(text)
		if err == nil && !strings.Contains(text, "=") {
			t.Errorf("%q is %s", text, got)
		}
	})
}

// FuzzSubjectOf reads whatever a client sends as its subject.
func FuzzSubjectOf(f *testing.F) {
	f.Add(encode(f, attribute("NL", 2, 5, 4, 6), attribute("Jo", 2, 5, 4, 3)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if name, ok := subjectOf(raw); ok && name == "" {
			t.Error("an empty name")
		}
	})
}
