package compile

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func testMap(t *testing.T) *pathMap {
	t.Helper()
	m := newPathMap("/home/ftp")
	m.variables["ftproot"] = `D:\ftp`
	m.variables["a"], m.variables["b"] = "%B%", "%A%"
	for _, e := range [][2]string{
		{`C:\`, "drives/c"},
		{`C:\data`, "/srv/data"},
		{`D:\`, "/mnt/d"},
		{`\\filer01\media$`, "/mnt/media"},
	} {
		if err := m.add(e[0], e[1]); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestResolve(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("maps Windows paths to POSIX ones")
	}
	m := testMap(t)
	for _, c := range []struct{ in, want string }{
		{`C:\sites\one`, "/home/ftp/drives/c/sites/one"},
		{`c:\Sites\One\`, "/home/ftp/drives/c/Sites/One"},
		{`C:\`, "/home/ftp/drives/c"},
		{`C:`, "/home/ftp/drives/c"},
		{`C:/sites/one`, "/home/ftp/drives/c/sites/one"},
		{`C:\\sites\\one`, "/home/ftp/drives/c/sites/one"},
		{`C:\data\x`, "/srv/data/x"},
		{`C:\DATA`, "/srv/data"},
		{`C:\database`, "/home/ftp/drives/c/database"},
		{`\\FILER01\media$\films`, "/mnt/media/films"},
		{`%SystemDrive%\inetpub\ftproot`, "/home/ftp/drives/c/inetpub/ftproot"},
		{`%ftproot%\a`, "/mnt/d/ftp/a"},
		{"/srv/ftp", "/srv/ftp"},
		{"/srv/ftp/", "/srv/ftp"},
	} {
		got, err := m.resolve(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	m := testMap(t)
	for _, c := range []struct{ in, want string }{
		{`E:\ftp`, `<add from="E:\" to="FOLDER" />`},
		{`\\stray\share\x`, `<add from="\\stray\share" to="FOLDER" />`},
		{`%NoSuch%\ftp`, `<variable name="NoSuch" value="..." />`},
		{`%A%\ftp`, "name each other in a circle"},
		{`sites\one`, "neither a Windows path nor an absolute path"},
		{`C:sites`, "neither a Windows path nor an absolute path"},
		{`C:\sites\..\..\etc`, "neither a Windows path nor an absolute path"},
		{`\\?\C:\x`, "neither a Windows path nor an absolute path"},
		{``, "neither a Windows path nor an absolute path"},
	} {
		got, err := m.resolve(c.in)
		if err == nil {
			t.Errorf("%s: mapped to %q, want an error", c.in, got)
		} else if runtime.GOOS != "windows" && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.in, err, c.want)
		}
	}
}

// Homes are named by people for whom upper and lower case are one; what lies
// above the mapped folder is out of reach for them too.
func TestStoreOfAHome(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"c/Homes/Bob", "elsewhere/carl"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere", "carl"), filepath.Join(dir, "c", "Homes", "carl")); err != nil {
		t.Fatal(err)
	}
	m := newPathMap(dir)
	if err := m.add(`D:\`, "c"); err != nil {
		t.Fatal(err)
	}
	for home, want := range map[string]string{
		`D:\Homes\Bob`: "", `d:\homes\BOB`: "", `D:/homes/bob/`: "", filepath.Join(dir, "c", "Homes", "Bob"): "", `D:\Homes\carl`: "",
		`D:\homes\Carl`: "permission", `D:\homes\none`: "does not exist", `D:\homes\..\..\elsewhere`: "neither", `E:\homes\bob`: "no path map entry covers it",
		`homes\bob`: "neither a Windows path nor an absolute path", "": "neither", `\Homes\Bob`: "neither", "%none%": "has no value here", `D:Homes\Bob`: "neither",
	} {
		store, err := m.store(home)
		if err == nil {
			_, err = store.Stat(".")
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", home, err, want)
		}
	}
}
