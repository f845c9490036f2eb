package history_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/history"
)

// writerHome is set for the process that TestKilled kills.
const writerHome = "FTPHOST_TEST_HISTORY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerHome); dir != "" {
		keepForEver(dir)
	}
	os.Exit(m.Run())
}

// keepForEver keeps one history after the other. All files of each begin and
// end with the same number.
func keepForEver(dir string) {
	parts := []history.Part{
		{Name: "applicationHost.config", Path: filepath.Join(dir, "a")},
		{Name: "schema", Path: filepath.Join(dir, "schema"), Folder: true},
	}
	s := history.Settings{Enabled: true, Folder: filepath.Join(dir, "history"), Max: 3}
	for i := byte(0); ; i++ {
		text := bytes.Repeat([]byte{'a' + i%26}, 100<<10)
		for _, path := range []string{"a", "schema/1.xml", "schema/2.xml"} {
			if err := os.WriteFile(filepath.Join(dir, path), text, 0o600); err != nil {
				panic(err)
			}
		}
		if _, _, err := history.Keep(parts, s); err != nil {
			panic(err)
		}
		if i == 0 {
			println("ready")
		}
	}
}

// TestKilled: whenever a process is killed that writes histories, each one is
// whole, and the next process goes on.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "schema"), 0o700))
	folder := filepath.Join(dir, "history")
	for range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerHome+"="+dir)
		said, err := cmd.StderrPipe()
		must(t, err)
		must(t, cmd.Start())
		line := make([]byte, 5)
		if _, err := said.Read(line); err != nil || string(line) != "ready" {
			t.Errorf("the writer says %q, %v", line, err)
		}
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond) // any moment will do
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		entries, err := history.List(folder)
		must(t, err)
		// One more than Max may be there when it was to be removed next.
		if len(entries) == 0 || len(entries) > 4 {
			t.Fatalf("%d histories", len(entries))
		}
		for _, e := range entries {
			whole(t, filepath.Join(folder, e.Name), e.Files)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("last"), 0o600))
	if _, kept, err := history.Keep([]history.Part{{Name: "applicationHost.config", Path: filepath.Join(dir, "a")}}, history.Settings{Enabled: true, Folder: folder, Max: 3}); err != nil || !kept {
		t.Errorf("%v, %v", kept, err)
	}
	left, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range left {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// whole fails unless a history has all files of one state.
func whole(t *testing.T, dir string, files []string) {
	t.Helper()
	if len(files) != 3 {
		t.Errorf("%s has %q", dir, files)
		return
	}
	var first []byte
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		must(t, err)
		if first == nil {
			first = data
		}
		if len(data) != 100<<10 || !bytes.Equal(data, first) {
			t.Errorf("%s/%s is of another state, or torn", dir, name)
		}
	}
}
