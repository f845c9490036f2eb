package cert

import (
	"errors"
	"testing"
)

func TestParseThumbprint(t *testing.T) {
	const clean = "57686F6120447564652C2049495320526F636B73"
	for _, c := range []struct {
		text   string
		tidied bool
		ok     bool
	}{
		{clean, false, true},
		{"57686f6120447564652c2049495320526f636b73", false, true},
		{"\u200e57 68 6f 61 20 44 75 64 65 2c 20 49 49 53 20 52 6f 63 6b 73", true, true},
		{"57:68:6F:61:20:44:75:64:65:2C:20:49:49:53:20:52:6F:63:6B:73", true, true},
		{"", false, false},
		{clean[1:], false, false},
		{clean + "00", false, false},
		{"G" + clean[1:], false, false},
	} {
		got, tidied, err := ParseThumbprint(c.text)
		if c.ok && (got != clean || tidied != c.tidied || err != nil) {
			t.Errorf("%q: %s, tidied %v, %v", c.text, got, tidied, err)
		}
		if !c.ok && !errors.Is(err, ErrLength) {
			t.Errorf("%q: %s, %v; want ErrLength", c.text, got, err)
		}
	}
}
