//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestDebianPackage installs, upgrades, removes and purges on a machine of its
// own. By default that is a copy of this one, and the packages have the program,
// the unit, the configuration and the scripts of the real ones. FTPHOST_PACKAGES
// is a folder with two versions of the real one, old.deb and new.deb;
// FTPHOST_MACHINE a folder with another Debian machine (make dist-test).
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	shared := machineFolder(t, "package.sh")
	debianPackages(t, shared)
	out, err := onMachine(t, shared, "package.sh")
	if err != nil || !strings.HasSuffix(out, "== done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// debianPackages puts two versions of the package into a folder.
func debianPackages(t *testing.T, shared string) {
	t.Helper()
	whole := os.Getenv("FTPHOST_PACKAGES")
	for version, name := range map[string]string{"1.0.0": "old.deb", "1.0.1": "new.deb"} {
		if whole == "" {
			debianPackage(t, filepath.Join(shared, name), version)
			continue
		}
		copyFile(t, filepath.Join(whole, name), filepath.Join(shared, name), 0o644)
	}
	if whole != "" {
		writeFile(t, filepath.Join(shared, "whole"), nil) // for the scripts to see
	}
}

// TestRPM needs the real packages, since nothing else makes one; it runs on a
// copy of this machine, which has rpm then.
func TestRPM(t *testing.T) {
	whole := os.Getenv("FTPHOST_PACKAGES")
	if whole == "" {
		t.Skip("there are no RPMs without make dist-test")
	}
	shared := machineFolder(t, "rpm.sh")
	for _, name := range []string{"old.rpm", "new.rpm"} {
		copyFile(t, filepath.Join(whole, name), filepath.Join(shared, name), 0o644)
	}
	t.Setenv("FTPHOST_MACHINE", "/")
	out, err := onMachine(t, shared, "rpm.sh")
	if err != nil || !strings.HasSuffix(out, "== done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// machineFolder is a folder that a machine of a test sees as /shared, with
// scripts.
func machineFolder(t *testing.T, scripts ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a machine of its own in namespaces")
	}
	for _, program := range []string{"dpkg-deb", "unshare", "ip", "setpriv"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: run tools/packages.sh", program)
		}
	}
	shared := t.TempDir()
	for _, script := range append(scripts, "enter.sh") {
		copyFile(t, filepath.Join("testdata", "machine", script), filepath.Join(shared, script), 0o755)
	}
	writeFile(t, filepath.Join(shared, "nothing.sh"), []byte("echo there\n"))
	if out, err := onMachine(t, shared, "nothing.sh"); err != nil || !strings.HasSuffix(out, "there\n") {
		t.Skipf("NOT TESTED: this machine lets nobody make one of its own: %v: %s", err, out)
	}
	return shared
}

// ownMachine are the options of unshare for a machine of its own.
func ownMachine() []string {
	return []string{"--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child"}
}

// machineTimeout is how long a script on a machine of its own may take.
const machineTimeout = 3 * time.Minute

// onMachine runs a script of a folder on a machine of its own, which ends with
// the script, and returns what it printed.
func onMachine(t *testing.T, shared, script string) (string, error) {
	t.Helper()
	base := os.Getenv("FTPHOST_MACHINE")
	if base == "" {
		base = "/"
	}
	ctx, cancel := context.WithTimeout(t.Context(), machineTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", append(ownMachine(), "bash", filepath.Join(shared, "enter.sh"), base, shared, script)...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// debianPackage makes a package with what matters to its scripts, without the
// packager, which takes minutes to compile.
func debianPackage(t *testing.T, file, version string) {
	t.Helper()
	root := t.TempDir()
	for to, from := range map[string]string{
		"usr/bin/ftphost":                          binary,
		"usr/lib/systemd/system/ftphost.service":   "../deploy/systemd/ftphost.service",
		"usr/share/ftphost/applicationHost.config": "../deploy/package/applicationHost.config",
		"usr/share/ftphost/prepare.sh":             "../deploy/package/prepare.sh",
		"DEBIAN/postinst":                          "../deploy/debian/postinst",
		"DEBIAN/prerm":                             "../deploy/debian/prerm",
		"DEBIAN/postrm":                            "../deploy/debian/postrm",
	} {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(to, "DEBIAN/") || strings.HasPrefix(to, "usr/bin/") {
			mode = 0o755
		}
		copyFile(t, from, filepath.Join(root, to), mode)
	}
	control := fmt.Sprintf("Package: ftphost\nVersion: %s\nArchitecture: %s\nMaintainer: test <test@ftphost.invalid>\nDescription: test\n", version, runtime.GOARCH)
	if err := os.WriteFile(filepath.Join(root, "DEBIAN", "control"), []byte(control), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("dpkg-deb", "-Znone", "--root-owner-group", "--build", root, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		t.Fatal(err)
	}
}
