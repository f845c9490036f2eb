package cert

import (
	"strings"
	"testing"
)

// FuzzLoad gives the loader whatever bytes a file may have, with a key or
// password beside it.
func FuzzLoad(f *testing.F) {
	a := issue(f, nil, nil, "a.example.com")
	f.Add("a.pem", []byte(testdata(f, "bag-attributes.pem")), []byte{})
	f.Add("a.pem", []byte(testdata(f, "encrypted-pkcs8.pem")), []byte{})
	f.Add("a.cer", a.leaf.Raw, []byte(a.cert()))
	for _, name := range []string{"legacy-rc2.pfx", "legacy-3des.pfx", "modern-aes.pfx", "no-key.pfx"} {
		f.Add("a.pfx", []byte(testdata(f, name)), []byte("geheim"))
	}
	f.Add("a.crl", []byte(crl(f, authority(f, "Root", nil), 1, 0, nil, a)), []byte{})
	f.Fuzz(func(t *testing.T, name string, data, beside []byte) {
		if strings.HasSuffix(name, ".crl") {
			if lists, err := parseLists(data, name); err == nil && len(lists) == 0 {
				t.Error("neither lists nor an error")
			}
			return
		}
		held := &content{}
		var err error
		if isPFX(name) {
			if costly(data) {
				t.Skip("it asks for more rounds than a fuzz run has time for")
			}
			err = held.addPFX(data, "", []string{string(beside)})
		} else if err = held.add(data); err == nil && len(held.keys) == 0 {
			err = held.add(beside)
		}
		if err != nil || len(held.certs) == 0 {
			return
		}
		certs, err := held.certificates(name, "")
		if err == nil && len(certs) == 0 {
			t.Error("neither certificates nor an error")
		}
		for _, c := range certs {
			c.Covers("a.example.com")
			if c.missing(c) != nil || len(c.Thumbprint) != thumbprintLength || len(c.TLS.Certificate) == 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

// costly tells whether data has a number that may be one of rounds, of more
// than a few: an INTEGER of 3 to 8 bytes. Who puts such a file into the
// folder waits.
func costly(data []byte) bool {
	for i := range max(0, len(data)-2) {
		if data[i] == 2 && data[i+1] >= 3 && data[i+1] <= 8 {
			return true
		}
	}
	return false
}

// FuzzParseThumbprint: what is accepted is one spelling and stays it.
func FuzzParseThumbprint(f *testing.F) {
	f.Add(fixture)
	f.Add("\u200e57 68 6f 61 20 44 75 64 65 2c 20 49 49 53 20 52 6f 63 6b 73")
	f.Add("SHA1 Fingerprint=AB:CD")
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := ParseThumbprint(text)
		if err != nil {
			return
		}
		again, tidied, err := ParseThumbprint(got)
		if again != got || tidied || err != nil || len(got) != thumbprintLength || strings.ContainsFunc(got, notHex) {
			t.Errorf("%q is %q, again %q, %v, %v", text, got, again, tidied, err)
		}
	})
}
