//go:build unix

package admin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestListenAfterAKill: what killed servers have left goes, and nothing else.
func TestListenAfterAKill(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().Add(-2 * staleAge)
	for name, age := range map[string]time.Time{
		".ftphost-1": long, ".ftphost-22": long, // go
		".ftphost-3": time.Now(), ".ftphost-x": long, ".ftphost-": long, "ftphost-4": long, ".ftphost-5": long,
	} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		inside := map[string]string{".ftphost-22": besideName, ".ftphost-5": "another"}[name]
		if inside != "" {
			if err := os.WriteFile(filepath.Join(path, inside), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
	}
	l, err := listen(filepath.Join(dir, "ftphost.sock"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{".ftphost-", ".ftphost-3", ".ftphost-5", ".ftphost-x", "ftphost-4", "ftphost.sock"}; !slices.Equal(names, want) {
		t.Errorf("there is %q, want %q", names, want)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
