//go:build integration

package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// dockerfile is what the Dockerfile says, by instruction.
func dockerfile(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../deploy/container/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(data)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		said[instruction] = rest
	}
	return said
}

// arguments are the words of an instruction in JSON.
func arguments(t *testing.T, said string) []string {
	t.Helper()
	var list []string
	if err := json.Unmarshal([]byte(said[strings.IndexByte(said, '['):]), &list); err != nil {
		t.Fatalf("%s: %v", said, err)
	}
	return list
}

// TestContainer runs what the Dockerfile says in a folder that has what the image
// has, as its user: nothing else is needed, and the health is told.
func TestContainer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have another root folder")
	}
	said, root := dockerfile(t), t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	from, to, _ := strings.Cut(said["COPY"], " ")
	if from != "bin/ftphost" {
		t.Fatalf("COPY %s", said["COPY"])
	}
	copyFile(t, binary, filepath.Join(root, to), 0o755)
	home := filepath.Join(root, "etc", "ftphost")
	offset := freeOffset(t)
	sample, err := os.ReadFile("../deploy/package/applicationHost.config")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("*:21:", "127.0.0.1:"+strconv.Itoa(21+offset)+":", "SslRequire", "SslAllow", "/var/log/ftphost", "/etc/ftphost/logs").Replace(string(sample))
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(home, "applicationHost.config"), []byte(config))
	user, _, _ := strings.Cut(said["USER"], ":")
	id, err := strconv.Atoi(user)
	if err != nil {
		t.Fatalf("USER %s", said["USER"])
	}
	content := filepath.Join(root, "srv", "ftp")
	if err := os.MkdirAll(content, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, volume := range []string{home, content} {
		if err := os.Chown(volume, id, id); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = "/", []string{"PATH=/"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}}
		return cmd
	}
	if out, err := run(arguments(t, said["HEALTHCHECK"])...).CombinedOutput(); err == nil {
		t.Errorf("healthy without a server: %s", out)
	}
	server := run(append(arguments(t, said["ENTRYPOINT"]), arguments(t, said["CMD"])...)...)
	var talk ftptest.Log
	server.Stdout, server.Stderr = &talk, &talk
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() error {
		_ = server.Process.Signal(syscall.SIGTERM)
		return server.Wait()
	}
	var health []byte
	for end := time.Now().Add(limit()); ; time.Sleep(50 * time.Millisecond) {
		if health, err = run(arguments(t, said["HEALTHCHECK"])...).CombinedOutput(); err == nil || time.Now().After(end) {
			break
		}
	}
	if err != nil || !strings.Contains(string(health), "Default FTP Site") {
		t.Errorf("unhealthy: %v, %s\n%s", err, health, talk.String())
	}
	if err := stop(); err != nil {
		t.Errorf("%v\n%s", err, talk.String())
	}
}
