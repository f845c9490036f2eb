//go:build integration

package integration_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
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

// sameHash is sameFile for files of any size.
func sameHash(t *testing.T, got, want string) {
	t.Helper()
	var sums [2][]byte
	for i, path := range []string{got, want} {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = hash.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Errorf("%s differs from %s", got, want)
	}
}
