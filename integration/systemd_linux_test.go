//go:build integration

package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSystemd boots systemd on a copy of this machine, or of FTPHOST_MACHINE, and
// runs the service under it as an administrator does.
func TestSystemd(t *testing.T) {
	t.Parallel()
	shared := machineFolder(t, "systemd.sh", "proof.sh")
	if _, err := os.Stat(filepath.Join(os.Getenv("FTPHOST_MACHINE"), "/lib/systemd/systemd")); err != nil {
		t.Skip("NOT TESTED: systemd is not installed, and could not be: run tools/packages.sh")
	}
	debianPackages(t, shared)
	out, err := onMachine(t, shared, "systemd.sh")
	talk, _ := os.ReadFile(filepath.Join(shared, "talk"))
	if len(talk) == 0 {
		t.Skipf("NOT TESTED: systemd does not boot on a machine of its own here: %v\n%s", err, out)
	}
	if !strings.HasSuffix(string(talk), "== done\nended success\n") {
		t.Errorf("%v\n%s\n%s", err, out, talk)
	}
}
