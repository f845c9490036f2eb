// Package contenttest is what every content store has to pass.
package contenttest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

// TestStore runs the cases on stores that open returns, each one empty.
func TestStore(t *testing.T, open func(t *testing.T) content.Store) {
	for name, run := range map[string]func(*testing.T, content.Store){
		"Open": testOpen, "Lookup": testLookup, "Names": testNames, "Errors": testErrors,
		"List": testList, "Directories": testDirectories, "Remove": testRemove, "Rename": testRename,
		"SetModTime": testSetModTime, "Identity": testIdentity, "Spellings": testSpellings, "Concurrent": testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// Write makes a file of the given text, failing the test when it cannot.
func Write(t *testing.T, s content.Store, name, text string) {
	t.Helper()
	put(t, s, name, content.Replace, 0, text)
}

func put(t *testing.T, s content.Store, name string, mode content.Mode, offset int64, text string) {
	t.Helper()
	f, _, err := s.Open(name, mode)
	if err != nil {
		t.Fatal(err)
	}
	if mode == content.Resume {
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Text returns what is in a file, failing the test when it cannot be read.
func Text(t *testing.T, s content.Store, name string) string {
	t.Helper()
	f, info, err := s.Open(name, content.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != info.Size {
		t.Errorf("%s: Info.Size is %d, there are %d bytes", name, info.Size, len(b))
	}
	return string(b)
}

// Names returns the names of a directory as they are listed.
func Names(t *testing.T, s content.Store, name string) []string {
	t.Helper()
	var names []string
	if err := s.List(name, content.Selection{}, func(i content.Info) error { names = append(names, i.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	return names
}

func mkdir(t *testing.T, s content.Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := s.Mkdir(name); err != nil {
			t.Fatal(err)
		}
	}
}

// check wants err to be an *Error that matches want, and not the missing
// directory when only the file is missing.
func check(t *testing.T, what string, err, want error) {
	t.Helper()
	var e *content.Error
	switch {
	case !errors.Is(err, want):
		t.Errorf("%s: %v, want %v", what, err, want)
	case !errors.As(err, &e):
		t.Errorf("%s: %v is no *content.Error", what, err)
	case errors.Is(want, fs.ErrNotExist) && errors.Is(err, content.ErrPathNotFound):
		t.Errorf("%s: %v, though only the last component is missing", what, err)
	}
}

func testOpen(t *testing.T, s content.Store) {
	put(t, s, "a.txt", content.Append, 0, "one ")
	put(t, s, "a.txt", content.Append, 0, "two")
	if got := Text(t, s, "a.txt"); got != "one two" {
		t.Errorf("appended %q", got)
	}
	put(t, s, "a.txt", content.Resume, 4, "T")
	if got := Text(t, s, "a.txt"); got != "one Two" {
		t.Errorf("resumed %q", got)
	}
	Write(t, s, "a.txt", "new")
	if got := Text(t, s, "a.txt"); got != "new" {
		t.Errorf("replaced %q", got)
	}
	put(t, s, "b.txt", content.Resume, 0, "b")
	if got := Text(t, s, "b.txt"); got != "b" {
		t.Errorf("resumed a new file %q", got)
	}
	for mode, size := range map[content.Mode]int64{content.Read: 3, content.Append: 3, content.Resume: 3, content.Replace: 0} {
		f, info, err := s.Open("A.TXT", mode)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if info.Size != size || info.Dir || info.Name != "a.txt" || time.Since(info.ModTime) > time.Hour {
			t.Errorf("mode %d: %+v", mode, info)
		}
		if mode == content.Replace {
			Write(t, s, "a.txt", "new")
		}
	}
}

func testLookup(t *testing.T, s content.Store) {
	mkdir(t, s, "Docs", "Docs/Über")
	Write(t, s, "Docs/Über/Read Me.TXT", "x")
	for _, name := range []string{"Docs/Über/Read Me.TXT", "docs/ÜBER/read me.txt", "DOCS./über /READ ME.TXT. ."} {
		if got := Text(t, s, name); got != "x" {
			t.Errorf("%q: %q", name, got)
		}
		if info, err := s.Stat(name); err != nil || info.Name != "Read Me.TXT" || info.Size != 1 {
			t.Errorf("Stat(%q) = %+v, %v", name, info, err)
		}
	}
	if info, err := s.Stat("."); err != nil || !info.Dir || info.Name != "." {
		t.Errorf("Stat(.) = %+v, %v", info, err)
	}
	Write(t, s, "DOCS/über/READ me.txt", "y")
	if got := Names(t, s, "docs/über"); !slices.Equal(got, []string{"Read Me.TXT"}) {
		t.Errorf("a second spelling made a second file: %q", got)
	}
	if got := Text(t, s, "Docs/Über/Read Me.TXT"); got != "y" {
		t.Errorf("the first file has %q", got)
	}
}

func testNames(t *testing.T, s content.Store) {
	for _, name := range []string{"a. .", "with space", "ümläut.txt", "日本語", ".hidden", "a'b&c;d", "config", "comma", "COM10.txt", "-rf", "~"} {
		Write(t, s, name, "x")
	}
	got := Names(t, s, ".")
	if len(got) != 11 || !slices.Contains(got, "a") || slices.Contains(got, "a. .") {
		t.Errorf("listed %q", got)
	}
	for name, want := range map[string]error{
		"a:b": content.ErrInvalidParameter, "x/a:b": content.ErrPathNotFound, "a<b": content.ErrInvalidName, "a>b": content.ErrInvalidName,
		`a"b`: content.ErrInvalidName, "a|b": content.ErrInvalidName, "a?b": content.ErrInvalidName, "a*b": content.ErrInvalidName,
		"a\x00b": content.ErrInvalidName, "a\rb": content.ErrInvalidName, "a\x1fb": content.ErrInvalidName, `a\b`: content.ErrInvalidName,
		"CON": content.ErrInvalidName, "nul.txt": content.ErrInvalidName, "Com1": content.ErrInvalidName, "lpt9.a.b": content.ErrInvalidName,
		"aux .txt": content.ErrInvalidName, "COM¹": content.ErrInvalidName, "prn. ": content.ErrInvalidName, "conin$": content.ErrInvalidName,
		"..": content.ErrInvalidName, "...": content.ErrInvalidName, " ": content.ErrInvalidName, "": content.ErrInvalidName,
		"/etc": content.ErrInvalidName, "a//b": content.ErrInvalidName, "./a": content.ErrInvalidName, "a/": content.ErrInvalidName,
		"../x": content.ErrInvalidName, "a/../x": content.ErrInvalidName, "a/./x": content.ErrInvalidName,
	} {
		_, _, err := s.Open(name, content.Replace)
		check(t, fmt.Sprintf("create %q", name), err, want)
		check(t, fmt.Sprintf("mkdir %q", name), s.Mkdir(name), want)
		check(t, fmt.Sprintf("rename to %q", name), s.Rename("comma", name, true), want)
		_, err = s.Stat(name)
		if err == nil {
			t.Errorf("Stat(%q) finds something", name)
		}
	}
	if again := Names(t, s, "."); !slices.Equal(got, again) {
		t.Errorf("refused names changed the directory: %q", again)
	}
}

func testList(t *testing.T, s content.Store) {
	if got := Names(t, s, "."); len(got) != 0 {
		t.Errorf("empty directory: %q", got)
	}
	want := []string{"$RECYCLE.BIN", "-", ".rnd", "0", "ASPNET", "a_quick", "test.txt", "test01.txt", "test02.txt", "_", "ä"}
	for i, name := range want {
		if i%3 == 0 {
			mkdir(t, s, name)
		} else {
			Write(t, s, name, name)
		}
	}
	var got []string
	err := s.List(".", content.Selection{}, func(i content.Info) error {
		got = append(got, i.Name)
		dir := slices.Index(want, i.Name)%3 == 0
		if i.Dir != dir || !dir && i.Size != int64(len(i.Name)) || time.Since(i.ModTime) > time.Hour {
			t.Errorf("%+v", i)
		}
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("listed %q, %v\nwant   %q", got, err, want)
	}
	testSelection(t, s, want)
	stop, n := errors.New("stop"), 0
	err = s.List(".", content.Selection{}, func(content.Info) error { n++; return stop })
	if err != stop || n != 1 { //nolint:errorlint // the very error is wanted
		t.Errorf("stopped by %v after %d", err, n)
	}
}

// testSelection lists a part of want, and asks for no more than names.
func testSelection(t *testing.T, s content.Store, want []string) {
	t.Helper()
	wanted := func(name string) bool { return strings.HasPrefix(name, "test") }
	want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return !wanted(name) })
	for _, namesOnly := range []bool{false, true} {
		var got []string
		err := s.List(".", content.Selection{Wanted: wanted, NamesOnly: namesOnly}, func(i content.Info) error {
			got = append(got, i.Name)
			if i.Hidden || !namesOnly && i.ModTime.IsZero() {
				t.Errorf("names only %v: %+v", namesOnly, i)
			}
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("names only %v: selected %q, %v, want %q", namesOnly, got, err, want)
		}
	}
}

func testDirectories(t *testing.T, s content.Store) {
	mkdir(t, s, "One", "one/Two", "ONE/two/Three. ")
	if got := Names(t, s, "one/two"); !slices.Equal(got, []string{"Three"}) {
		t.Errorf("made %q", got)
	}
	if err := s.Rmdir("one/TWO/three"); err != nil {
		t.Error(err)
	}
	if got := Names(t, s, "one/two"); len(got) != 0 {
		t.Errorf("left %q", got)
	}
	mkdir(t, s, "one/two/three")
	if got := Names(t, s, "one/two"); !slices.Equal(got, []string{"three"}) {
		t.Errorf("made again %q", got)
	}
}

func testRemove(t *testing.T, s content.Store) {
	Write(t, s, "File.txt", "x")
	if err := s.Remove("FILE.TXT"); err != nil {
		t.Error(err)
	}
	check(t, "remove again", s.Remove("FILE.TXT"), fs.ErrNotExist)
	Write(t, s, "file.TXT", "x")
	if got := Names(t, s, "."); !slices.Equal(got, []string{"file.TXT"}) {
		t.Errorf("made again as %q", got)
	}
}

func testSetModTime(t *testing.T, s content.Store) {
	Write(t, s, "File.txt", "x")
	mkdir(t, s, "Dir")
	want := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"FILE.txt", "dir"} {
		if err := s.SetModTime(name, want); err != nil {
			t.Error(err)
		}
		if info, err := s.Stat(name); err != nil || !info.ModTime.Equal(want) {
			t.Errorf("%s: %v, %v", name, info.ModTime, err)
		}
	}
}

func testIdentity(t *testing.T, s content.Store) {
	mkdir(t, s, "Dir")
	before := s.Identity("dir/FILE.TXT")
	Write(t, s, "Dir/File.txt", "x")
	for _, name := range []string{"Dir/File.txt", "DIR/file.txt. "} {
		if got := s.Identity(name); got != before {
			t.Errorf("%q is %q, was %q before it was made", name, got, before)
		}
	}
	seen := map[string]string{}
	for _, name := range []string{"Dir/File.txt", "File.txt", "Dir", ".", "Dir/Other", "none/File.txt", "none"} {
		id := s.Identity(name)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q are both %q", name, other, id)
		}
		seen[id] = name
	}
}
