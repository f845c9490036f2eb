package extendedlog_test

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/integration/extendedlog"
)

const header = "#Software: x\r\n#Version: 1.0\r\n#Date: 2024-01-01 00:00:00\r\n#Fields: date time c-ip cs-method sc-status\r\n"

func TestParse(t *testing.T) {
	const line = "2024-01-01 00:00:01 192.0.2.1 USER 331\r\n"
	f, err := extendedlog.Parse(header + line + line + "2024-01-0\r\n" + header + "2024-01-01 00:00:01 - - -\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Headers) != 2 || len(f.Entries) != 3 || len(f.Torn) != 1 || f.Entries[0]["cs-method"] != "USER" {
		t.Errorf("%+v", f)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "empty",
		"2024-01-01 00:00:01 - - -\r\n":        "above all directives",
		header + "2024-01-01 00:00:01 - -\r\n": "line 5: 4 values for 5 fields",
		header + "2024-01-01 00:00:01 - -  -\r\n":        "6 values",
		header + "2024-01-01 00:00:01  - -\r\n":          "empty value",
		header + "2024-01-01 00:00:01 - - -\n":           "CRLF",
		header + "2024-01-01 00:00:01 - - -":             "CRLF",
		header + "2024-01-01 00:00:01 - a\tb -\r\n":      "control character",
		header + "2024-01-01 00:00:01 host - -\r\n":      "c-ip",
		header + "2024-01-01 00:00:01 - - -1\r\n":        "not an integer",
		header + "2024-13-01 00:00:01 - - -\r\n":         "date",
		header + "2024-01-01 00:00:01\r\n" + header[15:]: "2 values",
		"#Version: 1\r\n":                                "integer.integer",
		"#Fields: Date\r\n":                              "no identifier",
		"#Nonsense: 1\r\n":                               "unknown directive",
		"#Fields: date\r\n2024-01-01\r\n":                "without #Version",
	} {
		_, err := extendedlog.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
