package cert

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestCreate(t *testing.T) {
	for _, c := range []struct {
		request Request
		file    string
	}{
		{Request{"MY", []string{"ftp.example.com", "192.0.2.7", "2001:db8::1"}, 365, ECDSA}, "MY/ftp.example.com.pem"},
		{Request{"WebHosting", []string{"*.Example.com", "xn--bcher-kva.example"}, 1, RSA}, "WebHosting/_.Example.com.pem"},
		{Request{"MY", []string{"::1"}, maxDays, ECDSA}, "MY/__1.pem"},
		{Request{"MY", []string{strings.Repeat("long.", 20) + "example.com"}, 7, ECDSA}, "MY/" + strings.TrimRight(strings.Repeat("long.", 20), ".") + ".pem"},
	} {
		h := open(t)
		got, err := h.Create(c.request, time.Now())
		if err != nil {
			t.Errorf("%+v: %v", c.request, err)
			continue
		}
		leaf := got.TLS.Leaf
		_, isRSA := leaf.PublicKey.(*rsa.PublicKey)
		_, isECDSA := leaf.PublicKey.(*ecdsa.PublicKey)
		if h.plain(got.File) != "DIR/"+c.file || isRSA != (c.request.Key == RSA) || isECDSA == isRSA || got.DaysLeft(time.Now()) != c.request.Days-1 ||
			!reflect.DeepEqual(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) || leaf.IsCA {
			t.Errorf("%+v: %+v", c.request, got)
		}
		for _, n := range c.request.Names {
			if !got.Covers(strings.Replace(n, "*", "www", 1)) {
				t.Errorf("%v is not for %s", got.Names(), n)
			}
		}
		pool := x509.NewCertPool()
		pool.AddCert(leaf)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Error(err)
		}
		if found := h.find(c.request.Store, got.Thumbprint).Current(); found.File != got.File || found.Store != got.Store {
			t.Errorf("found %+v", found)
		}
		if runtime.GOOS != "windows" {
			for path, want := range map[string]os.FileMode{h.dir: 0o700, filepath.Dir(got.File): 0o700, got.File: 0o600} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: %v, %v", path, info.Mode(), err)
				}
			}
		}
		again, err := h.Create(c.request, time.Now())
		if err != nil || again.File != strings.TrimSuffix(got.File, ".pem")+"-2.pem" {
			t.Errorf("the second time: %+v, %v", again, err)
		}
		if files, _ := os.ReadDir(filepath.Dir(got.File)); len(files) != 2 {
			t.Errorf("%v", files)
		}
		h.expect()
	}
}

func TestCreateRefuses(t *testing.T) {
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Request{"MY", nil, 365, ECDSA}, "a certificate needs a name"},
		{Request{"MY", []string{"a.example.com"}, 0, ECDSA}, "a certificate cannot be valid for 0 days; choose 1 to 36500"},
		{Request{"MY", []string{"a.example.com"}, maxDays + 1, ECDSA}, "a certificate cannot be valid for 36501 days; choose 1 to 36500"},
		{Request{"MY", []string{"a.example.com"}, 1, "dsa"}, `there is no kind of key "dsa"; choose ecdsa or rsa`},
		{Request{"MY", []string{"ok", "bücher.example"}, 1, ECDSA}, `"bücher.example" is neither a DNS name nor an IP address; names in other scripts are written in their xn-- form`},
		{Request{"MY", []string{"ftp://a.example.com/"}, 1, ECDSA}, `"ftp://a.example.com/" is neither a DNS name nor an IP address; names in other scripts are written in their xn-- form`},
		{Request{"MY", []string{"a.*.example.com"}, 1, ECDSA}, `"a.*.example.com" is neither a DNS name nor an IP address; names in other scripts are written in their xn-- form`},
		{Request{"..", []string{"a.example.com"}, 1, ECDSA}, `".." cannot be the name of a store: letters, digits, hyphens and dots make one`},
		{Request{"a/b", []string{"a.example.com"}, 1, ECDSA}, `"a/b" cannot be the name of a store: letters, digits, hyphens and dots make one`},
		{Request{"", []string{"a.example.com"}, 1, ECDSA}, `"" cannot be the name of a store: letters, digits, hyphens and dots make one`},
	} {
		h := open(t)
		if got, err := h.Create(c.request, moment); err == nil || err.Error() != c.want {
			t.Errorf("%+v, %v; want %s", got, err, c.want)
		}
		if _, err := os.Stat(h.dir); err == nil {
			t.Errorf("%+v made a folder", c.request)
		}
	}
}

func TestCreateWantsAHome(t *testing.T) {
	home := filepath.Join(t.TempDir(), "nowhere")
	_, err := Open(filepath.Join(home, "certificates")).Create(Request{"MY", []string{"a.example.com"}, 1, ECDSA}, moment)
	if want := "the home folder " + home + " does not exist; name it with --home, or make one with: ftphost init DIR"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestImport(t *testing.T) {
	root := authority(t, "Root", nil)
	middle := authority(t, "Middle", &root)
	a := issue(t, &middle, nil, "a.example.com")
	from := open(t) // where the files come from
	pem := from.put("in/a.pem", a.bundle(t)+middle.cert()+root.cert())
	crt := from.put("in/b.crt", a.cert())
	from.put("in/b.key", a.keyPEM(t))
	bare := from.put("in/bare.cer", a.cert())
	pfx := from.put("in/c.pfx", testdata(t, "legacy-rc2.pfx"))
	other := from.put("in/a.txt", a.bundle(t))
	beside := from.put("in/d.p12", testdata(t, "modern-aes.pfx"))
	from.put("in/d.p12.password", "geheim")
	for _, c := range []struct {
		file            string
		passwords       []string
		stored, problem string
		chain           int
	}{
		{pem, nil, "DIR/MY/a.example.com.pem", "", 2},
		{crt, nil, "DIR/MY/a.example.com.pem", "", 1},
		{pfx, []string{"geheim"}, "DIR/MY/ftp.example.com.pem", "", 1},
		{beside, nil, "DIR/MY/ftp.example.com.pem", "", 1},
		{pfx, []string{"hunter2"}, "", "FROM/in/c.pfx: the password is wrong", 0},
		{pfx, nil, "", "FROM/in/c.pfx: the password is wrong; put the right one, alone, into the first line of c.pfx.password, readable for the service alone", 0},
		{bare, nil, "", "the certificate has no private key: FROM/in/bare.cer has none, nor is there bare.key; issuers of client certificates are copied into the folder of their store as they are", 0},
		{other, nil, "", "FROM/in/a.txt: the name must end in .pem, .crt, .cer, .pfx or .p12, which tells the form", 0},
		{pem + ".pem", nil, "", "FROM/in/a.pem.pem: no such file or directory", 0},
	} {
		h := open(t)
		got, err := h.Import("MY", c.file, c.passwords)
		if c.problem != "" {
			if err == nil || strings.ReplaceAll(err.Error(), from.dir, "FROM") != c.problem {
				t.Errorf("%s: %v, want %s", c.file, err, c.problem)
			}
			continue
		}
		if err != nil || h.plain(got.File) != c.stored || len(got.TLS.Certificate) != c.chain || got.TLS.PrivateKey == nil {
			t.Errorf("%s: %+v, %v", c.file, got, err)
			continue
		}
		again, err := h.Import("my", c.file, c.passwords)
		if err != nil || again.File != got.File {
			t.Errorf("%s again: %+v, %v", c.file, again, err)
		}
	}
}

func TestRemove(t *testing.T) {
	h := open(t)
	a, b := issue(t, nil, nil, "a.example.com"), issue(t, nil, nil, "b.example.com")
	h.put("MY/a.crt", a.cert())
	h.put("MY/a.cer", b.cert())
	h.put("MY/a.key", a.keyPEM(t))
	h.put("WebHosting/a.pem", a.bundle(t))
	h.put("Root/all.pem", b.cert()+a.cert())
	if _, err := h.Remove(b.thumbprint()); err == nil || h.plain(err.Error()) != "DIR/Root/all.pem holds 2 certificates; take this one out by hand" {
		t.Errorf("%v", err)
	}
	os.Remove(filepath.Join(h.dir, "Root/all.pem"))
	h.later(time.Hour)
	removed, err := h.Remove(strings.ToLower(a.thumbprint()))
	if err != nil || len(removed) != 2 {
		t.Errorf("%v, %v", removed, err)
	}
	var left []string
	filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, h.plain(path))
		}
		return err
	})
	if want := []string{"DIR/MY/a.cer", "DIR/MY/a.key"}; !reflect.DeepEqual(left, want) {
		t.Errorf("left %v, want %v: another file has the same key file", left, want)
	}
	if _, err := h.Remove(a.thumbprint()); !errors.Is(err, ErrNotFound) {
		t.Errorf("the second time: %v", err)
	}
	if _, err := h.Remove("abc"); !errors.Is(err, ErrLength) {
		t.Errorf("no thumbprint: %v", err)
	}
}
