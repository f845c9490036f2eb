package w3clog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Thousands of sites do not keep thousands of files open, and lose nothing.
func TestOpenFilesAreBounded(t *testing.T) {
	const sites, most = 700, 512
	dir := t.TempDir()
	files, logs := manyLogs(dir, sites)
	for range 3 {
		for _, log := range logs {
			log.Write(full())
		}
		files.Tick()
		if n := openBelow(t, dir); n < most/2 || n > most {
			t.Errorf("%d files are open", n)
		}
	}
	for i := range sites {
		text := read(t, filepath.Join(dir, fmt.Sprint(i)), "u_ex231229.log")
		if strings.Count(text, " RETR ") != 3 || strings.Count(text, "#Fields") != 1 {
			t.Fatalf("log %d:\n%s", i, text)
		}
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
	if n := openBelow(t, dir); n != 0 {
		t.Errorf("%d files are open after Close", n)
	}
}

func manyLogs(dir string, n int) (*w3clog.Files, []*w3clog.Log) {
	files := w3clog.NewFiles(nil)
	var logs []*w3clog.Log
	for i := range n {
		logs = append(logs, files.Open(settings(filepath.Join(dir, fmt.Sprint(i)))))
	}
	return files, logs
}

// openBelow counts the open files of this process below dir.
func openBelow(t *testing.T, dir string) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, dir) {
			n++
		}
	}
	return n
}

// BenchmarkFlush is a second of a server with ten thousand logs, one of which
// had a line.
func BenchmarkFlush(b *testing.B) {
	files, logs := manyLogs(b.TempDir(), 10_000)
	for _, log := range logs[:1000] {
		log.Write(full())
	}
	files.Tick()
	e := full()
	for b.Loop() {
		logs[5000].Write(e)
		files.Tick()
	}
	if err := files.Close(); err != nil {
		b.Fatal(err)
	}
}
