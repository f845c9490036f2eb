package ftpserver_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// update rewrites golden files; never set in CI.
var update = flag.Bool("update", false, "rewrite golden files") //nolint:gochecknoglobals // a flag

// TestLog plays a conversation and compares the lines of the site's log. Time
// in a bubble begins at a fixed date, so that only the session identifiers
// differ from run to run; they are numbered.
func TestLog(t *testing.T) {
	const golden = "testdata/log.golden"
	a := ftptest.Load(t, "testdata/log.txtar")
	synctest.Test(t, func(t *testing.T) {
		r := start(t, a, nil)
		ftptest.Run(t, a, r.target)
		r.stop(t)
		files, err := filepath.Glob(filepath.Join(r.logDir, "FTPSVC1", "*.log"))
		if err != nil || len(files) != 1 {
			t.Fatalf("log files: %v, %v", files, err)
		}
		got, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		text := numbered(strings.ReplaceAll(string(got), "\r\n", "\n"))
		if *update {
			if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("log differs from %s\n%s", golden, difference(string(want), text))
		}
	})
}

// numbered replaces each identifier by "session-" and the number in which it
// appears first.
func numbered(text string) string {
	seen := map[string]int{}
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	return id.ReplaceAllStringFunc(text, func(s string) string {
		if seen[s] == 0 {
			seen[s] = len(seen) + 1
		}
		return fmt.Sprintf("session-%d", seen[s])
	})
}

// difference shows the first line that differs.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant %s\n got %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(w), len(g))
}
