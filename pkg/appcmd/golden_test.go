package appcmd

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is one documented command line.
type sample struct{ number, line, want string }

func readSamples(t *testing.T) []sample {
	t.Helper()
	text, err := os.ReadFile("testdata/samples.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []sample
	for block := range strings.SplitSeq(string(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		if len(lines) == 3 {
			list = append(list, sample{lines[0], strings.TrimSpace(lines[1]), strings.TrimSpace(lines[2])})
		}
	}
	if len(list) < 81 {
		t.Fatalf("only %d samples", len(list))
	}
	return list
}

// words splits a command line as the C runtime of Windows does; with keep the
// double quotes stay, as if a shell had passed them on.
func words(line string, keep bool) []string {
	var list []string
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
			if keep {
				word.WriteRune(r)
			}
		case r == ' ' && !quoted:
			if begun {
				list = append(list, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		list = append(list, word.String())
	}
	return list
}

// schemaOnce reads the schema for all commands of the tests.
var schemaOnce = sync.OnceValues(func() (*apphost.Schema, error) {
	d, err := compile.Alone("x").Draft([]byte("<configuration/>"))
	if err != nil {
		return nil, err
	}
	return d.Schema(), nil
})

// on runs a command on a copy of a file and returns what became of it.
func on(t *testing.T, text []byte, args ...string) (after []byte, code int, out, errs string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "applicationHost.config")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	schema, err := schemaOnce()
	if err != nil {
		t.Fatal(err)
	}
	code = Run(t.Context(), append(args, "/apphostconfig:"+path), Env{Home: compile.NewHome(filepath.Dir(path)), Out: &o, Err: &e, schema: schema})
	after, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clean := strings.NewReplacer(path, "FILE", "\r\n", "\n")
	return after, code, clean.Replace(o.String()), clean.Replace(e.String())
}

// TestSamples runs every documented line on three files. The golden files have
// the difference that each makes.
func TestSamples(t *testing.T) {
	samples := readSamples(t)
	for _, base := range []string{"empty", "stock", "mixed"} {
		t.Run(base, func(t *testing.T) {
			t.Parallel() // each waits for the disk most of the time
			before, err := os.ReadFile("testdata/" + base + ".config")
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, s := range samples {
				before := prepared(t, before, s)
				after, code, out, errs := on(t, before, words(s.line, false)...)
				if code == codeDone && !said(t, after, s.want) {
					t.Errorf("sample %s: %s\nis not in\n%s", s.number, s.want, after)
				}
				if code != codeDone && !bytes.Equal(before, after) {
					t.Errorf("sample %s failed and changed the file", s.number)
				}
				edits := udiff.Lines(string(before), string(after))
				diff, err := udiff.ToUnified("before", "after", string(before), edits, 3)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&all, "== %s: %s\nexit %d\n%s%s%s\n", s.number, s.line, code, out, errs, diff)
			}
			checkGolden(t, "testdata/"+base+".golden", all.String())
		})
	}
}

// providerData is a line that needs an entry which an earlier line of the same
// page makes.
var providerData = regexp.MustCompile(`activation\.(\[name='\w+'\])\.\[key`)

// prepared is the file with what a line needs.
func prepared(t *testing.T, text []byte, s sample) []byte {
	t.Helper()
	found := providerData.FindStringSubmatch(s.line)
	if found == nil {
		return text
	}
	text, code, out, _ := on(t, text, "set", "config", "-section:system.ftpServer/providerDefinitions", "/+activation."+found[1])
	if code != codeDone {
		t.Fatalf("preparing sample %s: %s", s.number, out)
	}
	return text
}

// TestQuotesThatSurvive passes the documented lines on as a shell does that
// leaves double quotes alone.
func TestQuotesThatSurvive(t *testing.T) {
	for _, s := range readSamples(t) {
		want, err := Parse(words(s.line, false))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(words(s.line, true))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("sample %s: %v, %v", s.number, got, err)
		}
	}
}

// checkGolden holds a text against a golden file.
func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s:%d: want %q, got %q; look at it and run with -update", path, i+1, a[i], b[i])
		}
	}
	t.Fatalf("%s has %d lines, got %d", path, len(a), len(b))
}

// said reports whether a document has an element somewhere.
func said(t *testing.T, text []byte, want string) bool {
	t.Helper()
	doc, err := xmldoc.Parse("after", text)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := xmldoc.Parse("want", []byte(want))
	if err != nil {
		t.Fatal(err)
	}
	var anywhere func(e *etree.Element) bool
	anywhere = func(e *etree.Element) bool {
		if has(e, wanted.Root()) {
			return true
		}
		for _, c := range e.ChildElements() {
			if anywhere(c) {
				return true
			}
		}
		return false
	}
	return anywhere(doc.Root())
}

// has reports whether an element has all attributes and children of another.
func has(e, want *etree.Element) bool {
	if e.Tag != want.Tag {
		return false
	}
	for _, a := range want.Attr {
		if have := e.SelectAttr(a.Key); have == nil || !strings.EqualFold(have.Value, a.Value) || a.Key != "path" && have.Value != a.Value {
			return false
		}
	}
	for _, w := range want.ChildElements() {
		found := false
		for _, c := range e.ChildElements() {
			found = found || has(c, w)
		}
		if !found {
			return false
		}
	}
	return true
}
