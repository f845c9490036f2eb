package w3clog_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// A full disk costs no line that memory can hold, and the file comes back
// whole once there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "u_ex240101.log")
	if err := os.Symlink("/dev/full", name); err != nil {
		t.Fatal(err)
	}
	var reports []error
	files := w3clog.NewFiles(func(err error) { reports = append(reports, err) })
	log := files.Open(settings(dir))
	for _, method := range []string{"A", "B", "C"} {
		log.Write(event("2024-01-01 00:00:00", method))
		files.Tick()
	}
	if len(reports) != 1 || !errors.Is(reports[0], syscall.ENOSPC) {
		t.Fatalf("reports: %v", reports)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if got := methods(t, dir, "u_ex240101.log"); got != "A B C" {
		t.Errorf("lines %q, want A B C", got)
	}
}
