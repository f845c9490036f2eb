//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the physical limits too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == limitWord {
		if err := runLimit(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestQuick runs every scenario small, against ftphost alone, so that the
// harness keeps working. It says nothing about speed.
func TestQuick(t *testing.T) {
	file := filepath.Join(t.TempDir(), "table.md")
	var out strings.Builder
	o := options{rounds: 1, peers: ours, size: 1, quick: true, markdown: file, timeout: 4 * time.Minute, verbose: true}
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	table, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range scenarios() {
		if !strings.Contains(string(table), "| "+sc.name+" ("+sc.unit.name+") | "+ours+" |") {
			t.Errorf("the table has no figure of ftphost for %q\n%s", sc.name, table)
		}
	}
	nothingLeft(t)
}

// TestStopped checks that a run interrupted in its work leaves nothing behind.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options{rounds: 1_000_000, peers: ours, scenario: "^NOOP$", quick: true, timeout: 4 * time.Minute, verbose: true}
	if err := run(ctx, o, atFirstWrite(cancel)); !errors.Is(err, context.Canceled) {
		t.Fatalf("a million rounds ended with: %v", err)
	}
	nothingLeft(t)
}

// atFirstWrite is a writer that calls a function, which may be called again,
// instead of writing.
type atFirstWrite func()

func (f atFirstWrite) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

func nothingLeft(t *testing.T) {
	t.Helper()
	if left := tree(os.Getpid()); len(left) != 1 {
		for _, p := range left[1:] {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
			t.Errorf("a process is left: %s", name)
		}
	}
	for _, dir := range []string{"/dev/shm", os.TempDir()} {
		if found, _ := filepath.Glob(filepath.Join(dir, tempName()+"*")); len(found) > 0 {
			t.Errorf("folders are left: %v", found)
		}
	}
}

func TestWrongBytesAreNoticed(t *testing.T) {
	c := &content{memory: t.TempDir(), sums: map[string]uint32{"big": 1}}
	tr := &trial{content: c, verify: true}
	if err := tr.check("big", received{size: 3, sum: 1}, 3); err != nil {
		t.Error(err)
	}
	if tr.check("big", received{size: 3, sum: 2}, 3) == nil || tr.check("big", received{size: 2, sum: 1}, 3) == nil {
		t.Error("another checksum or size was taken for the file")
	}
	if err := os.MkdirAll(filepath.Join(c.memory, "up"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.memory, "up", "x"), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, _, err := fileSum(filepath.Join(c.memory, "up", "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.stored("x", 3, sum); err != nil {
		t.Error(err)
	}
	if tr.stored("x", 3, sum+1) == nil || tr.stored("x", 4, sum) == nil || tr.stored("y", 3, sum) == nil {
		t.Error("a wrong upload was taken for the right one")
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	for _, o := range []options{{scenario: "no such"}, {scenario: "("}, {peers: "wu-ftpd"}} {
		o.timeout = time.Minute
		if err := run(t.Context(), o, &strings.Builder{}); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
