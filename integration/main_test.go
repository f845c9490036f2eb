//go:build integration

// Package integration_test runs the built ftphost under other people's FTP
// clients: curl, lftp, tnftp, those of Python, Perl, Ruby, PHP and Go, and
// openssl. It never links the engine.
package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary is the program under test: FTPHOST_BIN, or one built here. Beside it
// is appcmd, or else one built here.
var binary, appcmd string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, client := range []string{"curl", "lftp", "tnftp", "python3", "openssl", "perl", "ruby", "php"} {
		if _, err := exec.LookPath(client); err != nil {
			fmt.Fprintf(os.Stderr, "%s is missing: run tools/packages.sh\n", client)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "ftphost-integration")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if binary = os.Getenv("FTPHOST_BIN"); binary == "" {
		binary = filepath.Join(dir, "ftphost")
		if err := build(binary); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if appcmd = filepath.Join(filepath.Dir(binary), "appcmd"); !isFile(appcmd) {
		appcmd = filepath.Join(dir, "appcmd")
		if err := build(appcmd); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	firstHome = sync.OnceValues(func() (string, error) { return makeHome(dir) })
	return m.Run()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// build builds the command that is called like the program.
func build(program string) error {
	cmd := exec.Command("go", "build", "-o", program, "../cmd/"+filepath.Base(program))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s%w", out, err)
	}
	return nil
}
