package apphost_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
)

func TestValues(t *testing.T) {
	s := smallSchema(t)
	const bad = math.MinInt64 // stands for an error
	for _, c := range []struct {
		attr, text string
		want       int64
		msg        string // of an error
	}{
		{attr: "bool", text: "true", want: 1},
		{attr: "bool", text: "False", want: 0},
		{attr: "bool", text: "TRUE", want: 1},
		{attr: "bool", text: "yes", want: bad, msg: `bool "yes" is not true or false`},
		{attr: "bool", text: "1", want: bad, msg: `"1" is not true or false`},
		{attr: "bool", text: "", want: bad, msg: `"" is not true or false`},
		{attr: "enum", text: "two", want: 2},
		{attr: "enum", text: "2", want: 2},
		{attr: "enum", text: "3", want: bad, msg: `enum "3" is not one of One, Two`},
		{attr: "enum", text: "", want: bad, msg: `enum "" is not one of`},
		{attr: "flags", text: "", want: 0},
		{attr: "flags", text: "None", want: 0},
		{attr: "flags", text: "c , A,a", want: 5},
		{attr: "flags", text: "6", want: 6},
		{attr: "flags", text: "A,4", want: 5},
		{attr: "flags", text: "8", want: bad, msg: `flags "8" has "8", which is not one of A, B, C`},
		{attr: "flags", text: "-1", want: bad, msg: `has "-1"`},
		{attr: "int", text: "-2147483648", want: math.MinInt32},
		{attr: "int", text: "2147483648", want: bad, msg: "int 2147483648 is not between -2147483648 and 2147483647"},
		{attr: "int", text: "1.5", want: bad, msg: `int "1.5" is not a whole number`},
		{attr: "uint", text: "4294967295", want: math.MaxUint32},
		{attr: "uint", text: "-1", want: bad, msg: "uint -1 is not between 0 and 4294967295"},
		{attr: "uint", text: "99999999999999999999", want: bad, msg: "is not between 0 and 4294967295"},
		{attr: "int64", text: "9223372036854775807", want: math.MaxInt64},
		{attr: "span", text: "00:02:00", want: int64(2 * time.Minute)},
		{attr: "span", text: "1.00:00:00", want: int64(24 * time.Hour)},
		{attr: "span", text: "0:0:7.9", want: int64(7 * time.Second)},
		{attr: "span", text: "24:00:00", want: bad, msg: `span "24:00:00" is not a time span like 00:02:00 or 1.00:00:00`},
		{attr: "span", text: "00:60:00", want: bad, msg: "is not a time span"},
		{attr: "span", text: "120", want: bad, msg: "is not a time span"},
		{attr: "span", text: "-00:00:01", want: bad, msg: "is not a time span"},
		{attr: "span", text: "Infinite", want: bad, msg: "is not a time span"},
		{attr: "seconds", text: "90", want: int64(90 * time.Second)},
		{attr: "seconds", text: "00:01:30", want: bad, msg: `is not a number of seconds`},
		{attr: "minutes", text: "2", want: int64(2 * time.Minute)},
		{attr: "minutes", text: "infinite", want: math.MaxInt64},
		{attr: "range", text: "1", want: 1},
		{attr: "range", text: "11", want: bad, msg: "range 11 is not between 1 and 10"},
		{attr: "excluded", text: "0", want: 0},
		{attr: "excluded", text: "1024", want: 1024},
		{attr: "excluded", text: "21", want: bad, msg: "excluded 21 is not allowed: values from 1 to 1023 are not supported"},
		{attr: "spanRange", text: "00:00:20", want: int64(20 * time.Second)},
		{attr: "spanRange", text: "00:02:00", want: bad, msg: "spanRange 00:02:00 is not between 10 and 60"},
		{attr: "spanRange", text: "00:00:15", want: bad, msg: "spanRange 00:00:15 is not a multiple of 10"},
		{attr: "nonEmpty", text: "", want: bad, msg: "nonEmpty must not be empty"},
		{attr: "trimmed", text: " x", want: bad, msg: `trimmed " x" must not begin or end with a space`},
		{attr: "vdir", text: "/a/b", want: 0},
		{attr: "vdir", text: "a", want: bad, msg: `vdir "a" must begin with "/"`},
	} {
		cfg, problems := apphost.Load(s, document(t, "a", wrap(fmt.Sprintf("<ftp><types %s=\"%s\" /></ftp>", c.attr, c.text))))
		switch {
		case c.want == bad && (cfg != nil || !strings.Contains(problems.Error(), c.msg)):
			t.Errorf("%s=%q: %v, want %q", c.attr, c.text, problems, c.msg)
		case c.want != bad && cfg == nil:
			t.Errorf("%s=%q: %v", c.attr, c.text, problems)
		case c.want != bad:
			v := cfg.Section("ftp/types", "").Attr(c.attr)
			if got := v.Int(); got != c.want || v.Text != c.text || !v.Set {
				t.Errorf("%s=%q is %d, want %d", c.attr, c.text, got, c.want)
			}
		}
	}
}

func TestDefaultsOfValues(t *testing.T) {
	e := load(t, "<ftp><types state='whatever' /></ftp>").Section("ftp/types", "")
	for attr, want := range map[string]string{
		"bool": "false", "enum": "One", "flags": "", "int": "0", "string": "d", "span": "00:02:00", "seconds": "00:00:00", "state": "", "trimmed": "",
	} {
		v := e.Attr(attr)
		if v.Text != want || v.Set || v.Origin() != "default" {
			t.Errorf("%s is %q from %s, want %q", attr, v.Text, v.Origin(), want)
		}
	}
	if e.Attr("bool").Bool() || e.Attr("enum").Int() != 1 || e.Attr("span").Duration() != 2*time.Minute {
		t.Error("a default was not typed")
	}
}
