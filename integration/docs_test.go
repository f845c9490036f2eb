//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// documentOffset is the offset that the documents use and a test replaces by a
// free one.
const documentOffset = 2100

// documentPorts are the ports in the documents: 21 and 990 with the offset.
var documentPorts = []int{21 + documentOffset, 990 + documentOffset}

// documentAddresses are ports in the documents that have nothing to do with FTP,
// and what they are with the offset 0.
var documentAddresses = map[int]int{8021: 23, 9021: 24}

// TestCommandsInDocuments runs the sh blocks of each document in order, in a
// folder that looks like a fresh clone after make. Three kinds of lines are
// driven: `make run` and `ftphost serve` go to the background and are waited
// for; other make lines are looked up, not run; the rest is run as it stands.
func TestCommandsInDocuments(t *testing.T) {
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "../README.md") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			blocks := fenced(string(data), "sh")
			if len(blocks) > 0 {
				runBlocks(t, blocks)
			}
		})
	}
}

func runBlocks(t *testing.T, blocks []string) {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", "README.md", "tools", "docs"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{binary, appcmd} {
		if err := os.Symlink(program, filepath.Join(dir, "bin", filepath.Base(program))); err != nil {
			t.Fatal(err)
		}
	}
	offset := freeOffset(t)
	var script strings.Builder
	script.WriteString("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n")
	for _, block := range blocks {
		for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
			script.WriteString(driven(line, offset) + "\n")
		}
	}
	talk, err := bash(dir, script.String())
	if err != nil {
		t.Errorf("%v\nscript:\n%s\noutput:\n%s", err, script.String(), talk)
	}
}

// driven turns a line of a document into what the test runs.
func driven(line string, offset int) string {
	line = strings.ReplaceAll(line, fmt.Sprintf("--port-offset %d", documentOffset), fmt.Sprintf("--port-offset %d", offset))
	for _, port := range documentPorts {
		line = strings.ReplaceAll(line, fmt.Sprintf(":%d", port), fmt.Sprintf(":%d", port-documentOffset+offset))
	}
	for port, to := range documentAddresses {
		line = strings.ReplaceAll(line, fmt.Sprintf(":%d", port), fmt.Sprintf(":%d", to+offset))
	}
	ready := fmt.Sprintf("for i in $(seq 100); do curl -s --max-time 5 -o /dev/null ftp://127.0.0.1:%d/ && break || [[ $? -ne 7 ]] && break; sleep 0.1; done", offset+21)
	switch {
	case line == "make run":
		return fmt.Sprintf("[[ -e demo ]] || bin/ftphost init ./demo\nbin/ftphost serve --home ./demo --port-offset %d &\n%s", offset, ready)
	case strings.HasPrefix(line, "make"):
		return strings.Replace(line, "make", "make --dry-run >/dev/null", 1)
	case strings.Contains(line, "ftphost serve"):
		return line + " &\n" + ready
	}
	return line
}

func bash(dir, script string) (talk string, err error) {
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	err = cmd.Wait()
	return out.String(), err
}

// fenced returns the blocks of one language in a Markdown text.
func fenced(text, language string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(text, "\n```"+language+"\n")
		if !found {
			return blocks
		}
		block, after, closed := strings.Cut(rest, "\n```")
		if !closed {
			return blocks
		}
		blocks, text = append(blocks, block+"\n"), after
	}
}
