package logging_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/logging"
)

// TestNothingSplitsALine: what clients send is one line of the log, in either
// form, and moves no cursor.
func TestNothingSplitsALine(t *testing.T) {
	evil := []string{"a\nINF fake", "a\r\nb", "\x1b[2J", "\u009b2J", "\u0085", "\x00\x7f", "\xff\xfe"}
	for _, console := range []bool{false, true} {
		for _, text := range evil {
			var out strings.Builder
			log := logging.New(&out, console, zerolog.DebugLevel)
			log.Warn().Str(logging.User, text).Str(logging.Path, "/"+text).Err(errors.New(text)).Msg("login failed")
			line, ends := strings.CutSuffix(out.String(), "\n")
			forbidden := func(r rune) bool { return r < ' ' || r == 0x7f } // JSON leaves the others to its reader
			if console {
				line, forbidden = plainText(line), unicode.IsControl
			}
			if !ends || strings.ContainsFunc(line, forbidden) {
				t.Errorf("console %v: %q becomes %q", console, text, out.String())
			}
		}
	}
}

// plainText drops the colours that the log itself sets.
func plainText(line string) string {
	for _, colour := range []string{"0", "1", "2", "31", "32", "33", "36", "90"} {
		line = strings.ReplaceAll(line, "\x1b["+colour+"m", "")
	}
	return line
}
