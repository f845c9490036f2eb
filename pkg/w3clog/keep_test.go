package w3clog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// flush writes everything out and expects that it can.
func flush(t *testing.T, files *w3clog.Files) {
	t.Helper()
	if err := files.Flush(); err != nil {
		t.Error(err)
	}
}

// Lines through an old log follow the settings of the new one: sessions that
// are not there yet do not make two headers alternate.
func TestSettingsChangeInPlace(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	before := files.Open(settings(dir))
	files.Keep([]*w3clog.Log{before})
	s := settings(dir)
	s.Fields |= w3clog.TimeTaken
	after := files.Open(s) // as a configuration that may still be refused
	for _, method := range []string{"A", "B"} {
		before.Write(event("2024-01-01 00:00:00", method))
	}
	files.Keep([]*w3clog.Log{nil, after})
	for _, method := range []string{"C", "D"} {
		before.Write(event("2024-01-01 00:00:00", method))
		after.Write(event("2024-01-01 00:00:00", method+"2"))
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	f := parsed(t, dir, "u_ex240101.log")
	if len(f.Headers) != 2 || len(f.Headers[1].Fields) != 14 {
		t.Errorf("headers: %+v", f.Headers)
	}
	if got := methods(t, dir, "u_ex240101.log"); got != "A B C C2 D D2" {
		t.Errorf("lines %s", got)
	}
}

// Everything that can change does, with lines waiting: none is lost or goes
// where it should not.
func TestEverySettingChangesInPlace(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	for i, change := range []func(*w3clog.Settings){
		func(*w3clog.Settings) {},
		func(s *w3clog.Settings) { s.Period = w3clog.Hourly },
		func(s *w3clog.Settings) { s.Period = w3clog.MaxSize },
		func(s *w3clog.Settings) { s.UTF8 = false },
		func(s *w3clog.Settings) { s.Selective = w3clog.LogError },
		func(s *w3clog.Settings) { s.JSON = true },
		func(s *w3clog.Settings) { s.Fields = w3clog.Method | w3clog.UriStem },
	} {
		s := settings(dir)
		change(&s)
		log := files.Open(s)
		files.Keep([]*w3clog.Log{log})
		e := event("2024-01-01 05:00:00", fmt.Sprint("M", i))
		e.Argument = "ü"
		log.Write(e)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	want := "ex240101.log u_ex240101.json u_ex240101.log u_ex24010105.log u_extend1.log"
	if got := names(t, dir); got != want {
		t.Fatalf("files %s, want %s", got, want)
	}
	if got := methods(t, dir, "u_ex240101.log"); got != "M0 M5 M6" {
		t.Errorf("lines %s", got)
	}
	for name, want := range map[string]string{
		"ex240101.log": " M3 \xfc ", "u_ex24010105.log": " M1 ü ", "u_extend1.log": " M2 ü ", "u_ex240101.json": `"M5"`,
	} {
		if got := read(t, dir, name); !strings.Contains(got, want) || strings.Count(got, "#Fields") > 1 {
			t.Errorf("%s has no %q:\n%s", name, want, got)
		}
	}
}

// A log that no configuration uses is closed, but a transfer that has gone on
// can still write its line.
func TestUnusedLogsAreClosed(t *testing.T) {
	base := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	open := func(name string) *w3clog.Log { return files.Open(settings(filepath.Join(base, name))) }
	one, two, refused := open("1"), open("2"), open("refused")
	files.Keep([]*w3clog.Log{one, two})
	files.Tick()
	if n := files.Streams(); n != 2 {
		t.Errorf("%d directories in memory, want 2", n)
	}
	one.Write(event("2024-01-01 00:00:00", "A"))
	two.Write(event("2024-01-01 00:00:00", "A"))
	files.Keep([]*w3clog.Log{two})
	files.Tick()
	if n := files.Streams(); n != 1 {
		t.Errorf("%d directories in memory, want 1", n)
	}
	if got := methods(t, filepath.Join(base, "1"), "u_ex240101.log"); got != "A" {
		t.Errorf("lines %q", got)
	}
	one.Write(event("2024-01-01 00:00:01", "LATE"))
	files.Tick()
	if n := files.Streams(); n != 1 {
		t.Errorf("%d directories in memory after a late line, want 1", n)
	}
	again := open("1")
	one.Write(event("2024-01-01 00:00:02", "LATER"))
	files.Keep([]*w3clog.Log{two, again})
	again.Write(event("2024-01-01 00:00:03", "B"))
	one.Write(event("2024-01-01 00:00:03", "LAST"))
	if n := files.Streams(); n != 2 {
		t.Errorf("%d directories in memory, want 2", n)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if got := methods(t, filepath.Join(base, "1"), "u_ex240101.log"); got != "A LATE LATER B LAST" {
		t.Errorf("lines %q", got)
	}
	refused.Write(event("2024-01-01 00:00:00", "A"))
	if _, err := os.Stat(filepath.Join(base, "refused")); err == nil {
		t.Error("a log that was never used left a folder")
	}
}

// Sites of a central log have logs of their own for one file.
func TestOneFileForAll(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	var logs []*w3clog.Log
	for range 20 {
		logs = append(logs, files.Open(settings(dir)))
	}
	files.Keep(logs)
	for i, log := range logs {
		log.Write(event("2024-01-01 00:00:00", fmt.Sprint(i)))
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if f := parsed(t, dir, "u_ex240101.log"); len(f.Headers) != 1 || len(f.Entries) != 20 {
		t.Errorf("%d headers, %d lines", len(f.Headers), len(f.Entries))
	}
}

// Reloads while everybody writes lose no line, and mix none.
func TestChangesWhileWriting(t *testing.T) {
	const writers, lines = 4, 3000
	base := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(context.Background())
	var run, write sync.WaitGroup
	run.Go(func() { _ = files.Run(ctx) })
	var mu sync.Mutex
	current := files.Open(settings(filepath.Join(base, "a")))
	for w := range writers {
		write.Go(func() {
			mu.Lock()
			log := current
			mu.Unlock()
			for i := range lines {
				if i%100 == 0 { // sessions follow now and then
					mu.Lock()
					log = current
					mu.Unlock()
				}
				log.Write(event("2024-01-01 00:00:00", fmt.Sprintf("%d.%d", w, i)))
			}
		})
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		write.Wait()
	}()
	for i := 0; ; i++ {
		s := settings(filepath.Join(base, string(rune('a'+i%2))))
		s.Fields |= w3clog.Fields(i%3) * w3clog.BytesSent
		log := files.Open(s)
		mu.Lock()
		current = log
		mu.Unlock()
		files.Keep([]*w3clog.Log{log})
		select {
		case <-written:
		default:
			continue
		}
		break
	}
	cancel()
	run.Wait()
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for dir := range strings.FieldsSeq(names(t, base)) {
		for method := range strings.FieldsSeq(methods(t, filepath.Join(base, dir), "u_ex240101.log")) {
			seen[method]++
		}
	}
	for w := range writers {
		for i := range lines {
			if n := seen[fmt.Sprintf("%d.%d", w, i)]; n != 1 {
				t.Fatalf("line %d of writer %d is there %d times", i, w, n)
			}
		}
	}
}

func TestFlushInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := t.TempDir()
		files := w3clog.NewFiles(func(err error) { t.Error(err) })
		slow, quick := settings(filepath.Join(base, "slow")), settings(filepath.Join(base, "quick"))
		slow.FlushInterval = 10 * time.Second
		slowLog, quickLog := files.Open(slow), files.Open(quick)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- files.Run(ctx) }()
		write := func() {
			slowLog.Write(event("2024-01-01 00:00:00", "A"))
			quickLog.Write(event("2024-01-01 00:00:00", "A"))
		}
		count := func(dir string) int {
			return strings.Count(read(t, filepath.Join(base, dir), "u_ex240101.log"), " A ")
		}
		write()
		time.Sleep(1100 * time.Millisecond) // the first line need not wait
		for range 9 {
			write()
			time.Sleep(time.Second)
			synctest.Wait()
			if s, q := count("slow"), count("quick"); q <= s && s != 1 {
				t.Fatalf("%d and %d lines", s, q)
			}
		}
		if s, q := count("slow"), count("quick"); s != 1 || q != 10 {
			t.Errorf("%d and %d lines after ten seconds, want 1 and 10", s, q)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := count("slow"); s != 10 {
			t.Errorf("%d lines after twelve seconds, want 10", s)
		}
		write()
		flush(t, files)
		if s := count("slow"); s != 11 {
			t.Errorf("%d lines after Flush, want 11", s)
		}
		cancel()
		<-done
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}
