//go:build unix

package compile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestShareWithoutAnswer: reading from a server that is gone ends. A pipe that
// nobody writes to answers as little.
func TestShareWithoutAnswer(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, ConfigFile)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var s shared
	if err := s.read(dir, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), dir+" does not answer within 10ms") {
		t.Errorf("%v", err)
	}
	if s.files != nil {
		t.Error("something was read")
	}
	// The reader is let go.
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
