// Package pkg_test guards the house: which package may import which, where
// each library may appear, and that every package says what it is for.
package pkg_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ftphost/ftphost"

// roof is the floor of what only tests may import.
const roof = 8

// floors places every folder that holds Go files. Imports go down only,
// never sideways on one floor.
var floors = map[string]int{
	// ground: the standard library and one named library each
	"schema":         0,
	"sample":         0,
	"pkg/xmldoc":     0,
	"pkg/ftp":        0,
	"pkg/socket":     0,
	"pkg/ftps":       0,
	"pkg/durable":    0,
	"pkg/codepage":   0,
	"pkg/vpath":      0,
	"pkg/content":    0,
	"pkg/auth":       0,
	"pkg/w3clog":     0,
	"pkg/reversedns": 0,
	"pkg/logging":    0,
	"pkg/service":    0,
	"pkg/source":     0,
	// fittings
	"pkg/cert":            1,
	"pkg/datachannel":     1,
	"pkg/apphost":         1,
	"pkg/access":          1,
	"pkg/history":         1,
	"pkg/auth/ldap":       1,
	"pkg/auth/pam":        1,
	"pkg/content/local":   1,
	"pkg/content/journal": 1,
	// rooms
	"pkg/vfs":             2,
	"pkg/auth/local":      2,
	"pkg/auth/iismanager": 2,
	"pkg/schemadoc":       2,
	// tenant
	"pkg/site":     3,
	"pkg/accounts": 3,
	// workshop
	"pkg/compile":   4,
	"pkg/ftpserver": 4,
	// offices
	"pkg/admin":     6,
	"pkg/replay":    6,
	"pkg/firewall":  6,
	"pkg/migrate":   6,
	"pkg/appcmd":    6,
	"pkg/admin/api": 0,
	// landlord
	"pkg/host":    5,
	"pkg/explain": 5,
	// door
	"cmd/ftphost":   7,
	"cmd/appcmd":    7,
	"cmd/schemadoc": 7,
	// roof
	"pkg":                     roof,
	"pkg/content/contenttest": roof,
	"pkg/ftptest":             roof,
	"integration":             roof,
	"integration/extendedlog": roof,
	"bench":                   roof,
}

// libraries names the folders in which each external library may appear. A
// library with one home can be replaced there.
var libraries = map[string][]string{
	"github.com/beevik/etree":             {"pkg/xmldoc", "pkg/apphost", "pkg/schemadoc", "pkg/accounts", "pkg/migrate"},
	"github.com/aymanbagabas/go-udiff":    {"pkg/history"},
	"github.com/fsnotify/fsnotify":        {"pkg/source"},
	"github.com/rs/zerolog":               {"pkg/logging", "pkg/ftpserver", "pkg/host", "pkg/admin", "cmd/ftphost"},
	"github.com/prometheus/client_golang": {"pkg/admin"},
	"github.com/prometheus/common":        {}, // for tests
	"github.com/spf13/cobra":              {"cmd/ftphost"},
	"golang.org/x/term":                   {"cmd/ftphost"},
	"golang.org/x/crypto":                 {"pkg/auth/local"},
	"golang.org/x/text":                   {"pkg/xmldoc", "pkg/codepage", "pkg/w3clog"},
	"golang.org/x/tools/txtar":            {"pkg/ftptest"},
	"golang.org/x/sync":                   {"pkg/auth/local", "pkg/compile", "pkg/host"},
	"golang.org/x/sys":                    {"pkg/content/local", "pkg/content/journal", "pkg/datachannel", "pkg/socket", "pkg/ftp", "pkg/durable", "pkg/host", "pkg/service", "pkg/source", "cmd/ftphost", "bench"},
	"software.sslmate.com/src/go-pkcs12":  {"pkg/cert"},
	"github.com/go-ldap/ldap/v3":          {"pkg/auth/ldap"},
	"github.com/go-asn1-ber/asn1-ber":     {"pkg/auth/ldap"},
	"github.com/msteinert/pam/v2":         {"pkg/auth/pam"},
	"github.com/kardianos/service":        {"pkg/service"},
	"github.com/coreos/go-systemd/v22":    {"pkg/service"},
	"github.com/jlaffaye/ftp":             {"integration"},
	"github.com/rs/zerolog/log":           {}, // a global logger: loggers are handed down
}

// restricted names the folders of the few standard packages that the house
// rules keep in one place.
var restricted = map[string][]string{
	"reflect":    {"pkg/apphost"},                                                                                   // the decoder, nowhere else
	"log":        {},                                                                                                // the process log is zerolog, handed down
	"crypto/tls": {"pkg/ftps", "pkg/cert", "pkg/auth/ldap", "pkg/compile", "pkg/ftpserver", "pkg/ftptest", "bench"}, // handshakes are in ftps; the others have names of its numbers
}

// source is one parsed Go file (imports and package clause only).
type source struct {
	dir, name string
	test      bool
	file      *ast.File
}

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		from := floors[s.dir]
		for _, dir := range imports(s.file, ours) {
			to, known := floors[dir]
			switch {
			case !known:
				t.Errorf("%s/%s imports %s, which has no floor", s.dir, s.name, dir)
			case to == roof:
				t.Errorf("%s/%s imports %s: only tests may", s.dir, s.name, dir)
			case to >= from && from != roof:
				t.Errorf("%s/%s (floor %d) imports %s (floor %d): imports go down, so that either can be read and replaced alone",
					s.dir, s.name, from, dir, to)
			}
		}
	}
}

func TestLibrariesStayHome(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range imports(s.file, external) {
			lib, homes := home(imp)
			switch {
			case lib == "":
				t.Errorf("%s/%s imports %s, a library without a home: name one in floors_test.go or do without", s.dir, s.name, imp)
			case !s.test && !slices.Contains(homes, s.dir):
				t.Errorf("%s/%s imports %s, which may appear in %v only", s.dir, s.name, imp, homes)
			}
		}
		for _, imp := range imports(s.file, standard) {
			homes, kept := restricted[imp]
			if kept && !s.test && !slices.Contains(homes, s.dir) {
				t.Errorf("%s/%s imports %s, which may appear in %v only", s.dir, s.name, imp, homes)
			}
		}
	}
}

func TestEveryFolderHasAFloor(t *testing.T) {
	present := map[string]bool{}
	for _, s := range sources(t) {
		if _, ok := floors[s.dir]; !ok && !present[s.dir] {
			t.Errorf("%s has no floor: give it one in floors_test.go", s.dir)
		}
		present[s.dir] = true
	}
	for dir := range floors {
		if !present[dir] {
			t.Errorf("%s has a floor but no Go files", dir)
		}
	}
}

func TestEveryPackageSaysItsJob(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		said[s.dir] = said[s.dir] || s.file.Doc.Text() != ""
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

// sources parses every Go file of the module, whatever its build tags.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(filepath.ToSlash(p), "../")
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "dist", "demo", "testdata", "tools"}, path.Base(rel)) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != ".." {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path.Dir(rel), path.Base(rel), strings.HasSuffix(rel, "_test.go"), f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files found")
	}
	return all
}

type kind int

const (
	standard kind = iota
	external
	ours
)

// imports returns the import paths of one kind; ours without the module.
func imports(f *ast.File, want kind) []string {
	var found []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		rest, our := strings.CutPrefix(p, module+"/")
		first, _, _ := strings.Cut(p, "/")
		switch {
		case our && want == ours:
			found = append(found, rest)
		case !our && want == external && strings.Contains(first, "."):
			found = append(found, p)
		case !our && want == standard && !strings.Contains(first, "."):
			found = append(found, p)
		}
	}
	return found
}

// home finds the longest entry of libraries that covers an import path.
func home(imp string) (lib string, homes []string) {
	for l, h := range libraries {
		if (imp == l || strings.HasPrefix(imp, l+"/")) && len(l) > len(lib) {
			lib, homes = l, h
		}
	}
	return lib, homes
}
