//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// sameFile fails unless both files hold the same bytes.
func sameFile(t *testing.T, got, want string) {
	t.Helper()
	g, err := os.ReadFile(got)
	if err != nil {
		t.Error(err)
		return
	}
	w, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g, w) {
		t.Errorf("%s (%d bytes) differs from %s (%d bytes)", got, len(g), want, len(w))
	}
}

// randomFile creates a file of size bytes that do not repeat.
func randomFile(t *testing.T, name string, size int) string {
	t.Helper()
	data := make([]byte, size)
	src := rand.NewChaCha8([32]byte([]byte(fmt.Sprintf("%-32d", size))))
	_, _ = src.Read(data)
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, data)
	return path
}
