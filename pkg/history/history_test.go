package history_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/history"
)

// home is a folder with a configuration.
type home struct {
	dir      string
	parts    []history.Part
	settings history.Settings
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	h := &home{dir: dir, settings: history.Settings{Enabled: true, Folder: filepath.Join(dir, "history"), Max: 10}}
	for _, name := range []string{"applicationHost.config", "ftphost.config", "administration.config"} {
		h.parts = append(h.parts, history.Part{Name: name, Path: filepath.Join(dir, name)})
	}
	h.parts = append(h.parts, history.Part{Name: "schema", Path: filepath.Join(dir, "schema"), Folder: true})
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

func (h *home) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(h.path(name)), 0o755))
	must(t, os.WriteFile(h.path(name), []byte(text), 0o640))
}

func (h *home) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(h.path(name))
	must(t, err)
	return string(data)
}

func (h *home) keep(t *testing.T, want string, new bool) {
	t.Helper()
	name, kept, err := history.Keep(h.parts, h.settings)
	if err != nil || name != want || kept != new {
		t.Fatalf("kept as %q, new %v, %v; want %q, %v", name, kept, err, want, new)
	}
}

func (h *home) names(t *testing.T) (names []string) {
	t.Helper()
	entries, err := history.List(h.settings.Folder)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func good(string) error { return nil }

func TestKeep(t *testing.T) {
	h := newHome(t)
	if entries, err := history.List(h.settings.Folder); len(entries) > 0 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	if _, _, err := history.Keep(h.parts, h.settings); err == nil || !strings.Contains(err.Error(), "there is no file to keep") {
		t.Errorf("kept nothing: %v", err)
	}
	h.write(t, "applicationHost.config", "one")
	h.write(t, "schema/a.xml", "<a/>")
	h.write(t, "schema/readme.txt", "not this")
	h.keep(t, "CFGHISTORY_0000000001", true)
	h.keep(t, "CFGHISTORY_0000000001", false)
	h.write(t, "applicationHost.config", "one") // saved, and the same
	h.keep(t, "CFGHISTORY_0000000001", false)
	h.write(t, "administration.config", "users")
	h.keep(t, "CFGHISTORY_0000000002", true)
	must(t, os.Remove(h.path("administration.config")))
	h.keep(t, "CFGHISTORY_0000000003", true)
	h.settings.Enabled = false
	h.write(t, "applicationHost.config", "two")
	h.keep(t, "", false)
	entries, err := history.List(h.settings.Folder)
	must(t, err)
	if len(entries) != 3 || !slices.Equal(entries[1].Files, []string{"administration.config", "applicationHost.config", "schema/a.xml"}) ||
		time.Since(entries[0].Time) > time.Hour {
		t.Errorf("%+v", entries)
	}
	if got := h.read(t, "history/CFGHISTORY_0000000002/schema/a.xml"); got != "<a/>" {
		t.Errorf("kept %q", got)
	}
}

func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	h := newHome(t)
	h.write(t, "applicationHost.config", "one")
	h.write(t, "ftphost.config", "own")
	must(t, os.Chmod(h.path("ftphost.config"), 0o600))
	h.keep(t, "CFGHISTORY_0000000001", true)
	for name, want := range map[string]os.FileMode{
		"": 0o700, "CFGHISTORY_0000000001": 0o700, "CFGHISTORY_0000000001/applicationHost.config": 0o640, "CFGHISTORY_0000000001/ftphost.config": 0o600,
	} {
		if info, err := os.Stat(h.path("history/" + name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestOldestGo(t *testing.T) {
	h := newHome(t)
	h.settings.Max = 2
	for i := range 4 {
		h.write(t, "applicationHost.config", fmt.Sprint(i))
		h.keep(t, fmt.Sprintf("CFGHISTORY_%010d", i+1), true)
	}
	if got := h.names(t); !slices.Equal(got, []string{"CFGHISTORY_0000000003", "CFGHISTORY_0000000004"}) {
		t.Errorf("%q", got)
	}
	must(t, os.Mkdir(h.path("history/CFGHISTORY_9999999999"), 0o700)) // of somebody else, and empty
	h.keep(t, "CFGHISTORY_10000000000", true)
	h.keep(t, "CFGHISTORY_10000000000", false)
}

// TestForeign: what is in the folder and no history is left alone, but for what
// a history's writing left behind.
func TestForeign(t *testing.T) {
	h := newHome(t)
	h.write(t, "applicationHost.config", "one")
	h.write(t, "history/notes.txt", "mine")
	h.write(t, "history/CFGHISTORY_1/applicationHost.config", "no history")
	h.write(t, "history/.CFGHISTORY_0000000007/applicationHost.config", "half")
	h.keep(t, "CFGHISTORY_0000000001", true)
	var left []string
	entries, err := os.ReadDir(h.path("history"))
	must(t, err)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"CFGHISTORY_0000000001", "CFGHISTORY_1", "history.lock", "notes.txt"}; !slices.Equal(left, want) {
		t.Errorf("%q", left)
	}
}

func TestDiff(t *testing.T) {
	h := newHome(t)
	h.write(t, "applicationHost.config", "a\nb\nc\n")
	h.write(t, "administration.config", "same\n")
	h.keep(t, "CFGHISTORY_0000000001", true)
	h.write(t, "applicationHost.config", "a\nB\nc\n")
	h.write(t, "ftphost.config", "new\n")
	h.keep(t, "CFGHISTORY_0000000002", true)
	h.write(t, "ftphost.config", "\xff\xfe")
	got, err := history.Diff(h.parts, h.settings.Folder, "1", "CFGHISTORY_0000000002")
	must(t, err)
	want := []history.Difference{
		{"applicationHost.config", "--- 1/applicationHost.config\n+++ CFGHISTORY_0000000002/applicationHost.config\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"ftphost.config", "--- /dev/null\n+++ CFGHISTORY_0000000002/ftphost.config\n@@ -0,0 +1 @@\n+new\n"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	got, err = history.Diff(h.parts, h.settings.Folder, "2", history.Current)
	must(t, err)
	if want := []history.Difference{{"ftphost.config", "2/ftphost.config and current/ftphost.config differ, and are not UTF-8 text\n"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	for name, want := range map[string]string{
		"7": `there is no history "7"; the first is CFGHISTORY_0000000001, the last CFGHISTORY_0000000002`,
		"":  `there is no history ""`,
	} {
		if _, err := history.Diff(h.parts, h.settings.Folder, name, "1"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRestore(t *testing.T) {
	h := newHome(t)
	h.write(t, "applicationHost.config", "one")
	h.write(t, "administration.config", "users")
	h.write(t, "schema/a.xml", "<a/>")
	h.keep(t, "CFGHISTORY_0000000001", true)
	h.write(t, "applicationHost.config", "broken")
	h.write(t, "ftphost.config", "own")
	must(t, os.RemoveAll(h.path("schema")))

	refusal := errors.New("line 1 is wrong")
	if _, err := history.Restore(h.parts, h.settings, "1", func(string) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("%v", err)
	}
	if got := h.names(t); len(got) != 1 || h.read(t, "applicationHost.config") != "broken" {
		t.Errorf("after a refusal: %q", got)
	}
	checked := ""
	got, err := history.Restore(h.parts, h.settings, "1", func(dir string) error { checked = dir; return nil })
	must(t, err)
	want := &history.Restored{
		Name: "CFGHISTORY_0000000001", Before: "CFGHISTORY_0000000002",
		Written: []string{"schema/a.xml", "applicationHost.config"}, Left: []string{"ftphost.config"},
	}
	if !reflect.DeepEqual(got, want) || checked != h.path("history/CFGHISTORY_0000000001") {
		t.Errorf("%+v, checked %s", got, checked)
	}
	if h.read(t, "applicationHost.config") != "one" || h.read(t, "schema/a.xml") != "<a/>" || h.read(t, "ftphost.config") != "own" {
		t.Error("not restored")
	}
	if h.read(t, "history/CFGHISTORY_0000000002/applicationHost.config") != "broken" {
		t.Error("the state before is lost")
	}
}

// TestRestoreOldest: keeping the present state makes the oldest go, which is
// the one that is restored.
func TestRestoreOldest(t *testing.T) {
	h := newHome(t)
	h.settings.Max = 1
	h.write(t, "applicationHost.config", "one")
	h.keep(t, "CFGHISTORY_0000000001", true)
	h.write(t, "applicationHost.config", "two")
	_, err := history.Restore(h.parts, h.settings, "1", good)
	must(t, err)
	if got := h.names(t); h.read(t, "applicationHost.config") != "one" || !slices.Equal(got, []string{"CFGHISTORY_0000000002"}) {
		t.Errorf("%q", got)
	}
}

// TestRestoreNeedsTheStateBefore: nothing is written as long as it cannot be
// kept.
func TestRestoreNeedsTheStateBefore(t *testing.T) {
	h := newHome(t)
	h.write(t, "applicationHost.config", "one")
	h.keep(t, "CFGHISTORY_0000000001", true)
	h.write(t, "applicationHost.config", "two")
	h.write(t, "history/CFGHISTORY_0000000002", "a file in the way")
	_, err := history.Restore(h.parts, h.settings, "1", good)
	if err == nil || !strings.Contains(err.Error(), "nothing was restored") || h.read(t, "applicationHost.config") != "two" {
		t.Errorf("%v", err)
	}
}

func TestKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t)
		h.settings.Period = 2 * time.Minute
		var mu sync.Mutex
		var kept []string
		is := func(when string, want ...string) {
			t.Helper()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(kept, want) {
				t.Errorf("%s: %q", when, kept)
			}
		}
		k := history.NewKeeper()
		k.OnKept = func(name string) {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, h.read(t, "history/"+name+"/applicationHost.config"))
			// The file system has another clock.
			must(t, os.Chtimes(h.path("history/"+name), time.Now(), time.Now()))
		}
		k.OnError = func(err error) { t.Error(err) }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		change := func(text string) {
			h.write(t, "applicationHost.config", text)
			k.Changed(h.parts, h.settings)
			h.write(t, "applicationHost.config", "broken, and never in force")
			synctest.Wait()
		}
		change("1")
		change("2")
		change("3")
		time.Sleep(time.Minute)
		change("4")
		is("at once", "1")
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		time.Sleep(time.Hour)
		change("5")
		change("6")
		change("5") // as the last history
		time.Sleep(time.Hour)
		synctest.Wait()
		is("later", "1", "4", "5")
		change("7")
		change("8")
		cancel()
		<-done
		is("at the end", "1", "4", "5", "7", "8")
	})
}
