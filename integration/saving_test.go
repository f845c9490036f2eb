//go:build integration

package integration_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/source"
)

// nanoScript types into nano on a terminal of its own: delete the line, write
// another, save, leave.
const nanoScript = `
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("nano", ["nano", "--ignorercfiles", "home/f"])
def wait_for(text):
    seen = b""
    while text not in seen:
        if not select.select([terminal], [], [], 60)[0]:
            sys.exit("nano does not say " + repr(text) + " but " + repr(seen))
        seen += os.read(terminal, 4096)
wait_for(b"one")
os.write(terminal, b"\x0btwo\x0f")
wait_for(b"File Name to Write")
os.write(terminal, b"\r")
wait_for(b"Wrote")
os.write(terminal, b"\x18")
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass # the terminal has closed
os.waitpid(pid, 0)
`

// TestSavingWithTools: a change is noticed by events, whatever program made it.
func TestSavingWithTools(t *testing.T) {
	for _, c := range []struct {
		name    string
		command []string
	}{
		{"sed", []string{"sed", "-i", "s/one/two/", "home/f"}},
		{"perl", []string{"perl", "-pi", "-e", "s/one/two/", "home/f"}},
		{"vim", []string{"vim", "-u", "NONE", "-es", "-c", "%s/one/two/", "-c", "wq", "home/f"}},
		{"vim, in place", []string{"vim", "-u", "NONE", "-es", "-c", "set backup backupcopy=yes", "-c", "%s/one/two/", "-c", "wq", "home/f"}},
		{"vim, renaming", []string{"vim", "-u", "NONE", "-es", "-c", "set backup backupcopy=no", "-c", "%s/one/two/", "-c", "wq", "home/f"}},
		{"nano", []string{"python3", "-c", nanoScript}},
		{"rsync", []string{"rsync", "new/f", "home/f"}},
		{"rsync -a", []string{"rsync", "-a", "new/", "home/"}},
		{"rsync --inplace", []string{"rsync", "--inplace", "-a", "new/", "home/"}},
		{"rsync --delay-updates", []string{"rsync", "--delay-updates", "-a", "--checksum", "new/", "home/"}},
		{"install", []string{"install", "-m", "600", "new/f", "home/f"}},
		{"dd", []string{"dd", "status=none", "conv=notrunc", "if=new/f", "of=home/f"}},
		{"python", []string{"python3", "-c", `import os; open("home/t", "w").write("two\n"); os.replace("home/t", "home/f")`}},
		{"tar", []string{"tar", "-xf", "new.tar", "-C", "home"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"home/f": "one\n", "new/f": "two\n"} {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			// Of one size and one time, rsync takes files for the same.
			earlier := time.Now().Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(dir, "new", "f"), earlier, earlier); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("tar", "-cf", filepath.Join(dir, "new.tar"), "-C", filepath.Join(dir, "new"), "f").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			told := watched(t, filepath.Join(dir, "home", "f"))
			cmd := exec.Command(c.command[0], c.command[1:]...)
			cmd.Dir = dir
			// vim as "ex" ends with status 1 after a silent success.
			if out, err := cmd.CombinedOutput(); err != nil && c.command[0] != "vim" {
				t.Fatalf("%v\n%s", err, out)
			}
			waitForText(t, told, "two\n")
		})
	}
}

// watched runs a watcher of one file that has events only, and hands out what
// the file holds at each change.
func watched(t *testing.T, path string) <-chan string {
	t.Helper()
	told := make(chan string, 100)
	w := source.New(source.Options{Poll: time.Hour, Safety: time.Hour, OnError: func(err error) { t.Error(err) }})
	w.Watch(source.Set{Files: []string{path}})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		w.Run(ctx, func() {
			data, err := os.ReadFile(path)
			if err != nil {
				data = []byte(err.Error())
			}
			told <- string(data)
		})
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return told
}

func waitForText(t *testing.T, told <-chan string, want string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case got := <-told:
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("nobody was told that the file holds %q", want)
		}
	}
}
