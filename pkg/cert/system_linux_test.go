package cert

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Without a folder Root the system's issuers count; with an empty one they do
// not. The library reads them once per process, so that another one looks.
func TestSystemRoots(t *testing.T) {
	const variable = "FTPHOST_TEST_CLIENT"
	if text := os.Getenv(variable); text != "" {
		h := open(t)
		held := &content{}
		if err := held.add([]byte(text)); err != nil {
			t.Fatal(err)
		}
		ann := identity{leaf: held.certs[0]}
		if err := h.Verify(chainOf(ann), Checks{}, time.Now()); err != nil {
			t.Errorf("without the folder: %v", err)
		}
		h.put("Root/README", "")
		h.later(rescan)
		if err := h.Verify(chainOf(ann), Checks{}, time.Now()); err == nil {
			t.Error("an empty folder trusts")
		}
		return
	}
	dir := t.TempDir()
	own := client(t, nil, "", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	})
	file := filepath.Join(dir, "ann.pem")
	if err := os.WriteFile(file, []byte(own.cert()), 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestSystemRoots$")
	child.Env = append(os.Environ(), variable+"="+own.cert(), "SSL_CERT_FILE="+file, "SSL_CERT_DIR="+dir)
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
