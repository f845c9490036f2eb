//go:build unix

package accounts_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestModes(t *testing.T) {
	f, path := tempFile(t)
	must(t, f.AddGroup("Readers"))
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		must(t, err)
		return info.Mode()
	}
	if got := mode(); got != 0o600 {
		t.Errorf("a new file has mode %v", got)
	}
	must(t, os.Chmod(path, 0o640))
	must(t, f.AddGroup("Writers"))
	if got := mode(); got != 0o640 {
		t.Errorf("mode 0640 became %v", got)
	}
}

// A link to the file stays one.
func TestLink(t *testing.T) {
	f, path := tempFile(t)
	target := filepath.Join(t.TempDir(), "real.config")
	write(t, target, "<configuration />")
	must(t, os.Symlink(target, path))
	must(t, f.AddGroup("Readers"))
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if got := state(f.Directory()); got != "Readers" {
		t.Errorf("state %q:\n%s", got, read(t, target))
	}
}
