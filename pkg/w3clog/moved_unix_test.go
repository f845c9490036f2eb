//go:build unix

package w3clog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// An open file can be moved away on these systems, as logrotate does.
func TestFilesMovedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		name := filepath.Join(dir, "u_ex240101.log")
		files := w3clog.NewFiles(func(err error) { t.Error(err) })
		log := files.Open(settings(dir))
		write := func(method string) {
			log.Write(event("2024-01-01 00:00:00", method))
			files.Flush()
			time.Sleep(time.Second)
		}
		write("A")
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		write("B")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		write("C")
		time.Sleep(2 * time.Minute)
		files.Flush() // closes the idle file
		write("D")
		if got := methods(t, dir, "u_ex240101.log"); got != "C D" {
			t.Errorf("lines %q, want C D", got)
		}
		if got := strings.Count(read(t, dir, "u_ex240101.log"), "#Fields"); got != 1 {
			t.Errorf("%d headers after an idle time, want 1", got)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}
