package cert

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Windows' names are compared without case, and what else lies in the folder
// is left alone.
func TestFind(t *testing.T) {
	h := open(t)
	a := issue(t, nil, nil, "a.example.com")
	bare := issue(t, nil, nil, "bare.example.com")
	if _, err := h.Find("MY", a.thumbprint()); !errors.Is(err, ErrNotFound) {
		t.Errorf("there is no folder: %v", err)
	}
	h.put("My/a.pem", a.bundle(t))
	h.put("My/bare.crt", bare.cert())
	h.put("My/..data/hidden.pem", "garbage")
	for _, ignored := range []string{"README", ".hidden.pem", "x.pfx.password", "x.crl", "lone.key"} {
		h.put("My/"+ignored, "garbage")
	}
	for _, store := range []string{"MY", "My", "my"} {
		for _, spelling := range []string{a.thumbprint(), strings.ToLower(a.thumbprint()), "\u200e" + a.thumbprint()} {
			if got := h.find(store, spelling).Current(); got.Thumbprint != a.thumbprint() || got.Store != "My" || filepath.Base(got.File) != "a.pem" {
				t.Errorf("%s %s: %+v", store, spelling, got)
			}
		}
	}
	h.expect()
	h.put("My/broken.pem", "garbage")
	for _, c := range []struct {
		store, thumbprint string
		is                error
		want              string
	}{
		{"MY", bare.thumbprint(), ErrNoKey, "the certificate has no private key: DIR/My/bare.crt holds " + bare.thumbprint() +
			" alone; put the key into the same file, or beside a .crt as .key, or export a PFX with the private key"},
		{"MY", fixture, ErrNotFound, "the certificate was not found: no file in DIR/My has the thumbprint " + fixture +
			"; put it there as .pem, .crt with .key, or .pfx, or correct serverCertHash and serverCertStoreName" +
			" (files there that cannot be used: 1; the first is DIR/My/broken.pem: it holds neither PEM nor DER of a certificate or key)"},
		{"WebHosting", a.thumbprint(), ErrNotFound, "the certificate was not found: no file in DIR/WebHosting, which does not exist, has the thumbprint " + a.thumbprint() +
			"; put it there as .pem, .crt with .key, or .pfx, or correct serverCertHash and serverCertStoreName; it is in the store My"},
		{"../My", a.thumbprint(), ErrNotFound, "the certificate was not found: no file in " + filepath.Join(h.dir, "../My") + ", which does not exist, has the thumbprint " + a.thumbprint() +
			"; put it there as .pem, .crt with .key, or .pfx, or correct serverCertHash and serverCertStoreName; it is in the store My"},
		{"MY", "abc", ErrLength, `a thumbprint is 40 hexadecimal digits: "abc" has 3`},
		{"MY", "no thumbprint", ErrLength, `a thumbprint is 40 hexadecimal digits: "no thumbprint" is something else`},
	} {
		_, err := h.Find(c.store, c.thumbprint)
		if !errors.Is(err, c.is) || h.plain(err.Error()) != c.want {
			t.Errorf("got\n  %v\nwant\n  %s", err, c.want)
		}
	}
}

// A file that is overwritten in place does not change its folder: a second
// later it is found nevertheless.
func TestFindLooksAgain(t *testing.T) {
	h := open(t)
	a, b, c := issue(t, nil, nil, "a.example.com"), issue(t, nil, nil, "b.example.com"), issue(t, nil, nil, "c.example.com")
	h.put("MY/a.pem", a.bundle(t))
	first := h.find("MY", a.thumbprint())
	h.put("MY/b.pem", b.bundle(t)) // a new file
	h.find("MY", b.thumbprint())
	h.put("MY/b.pem", c.bundle(t)) // the same file
	if _, err := h.Find("MY", c.thumbprint()); !errors.Is(err, ErrNotFound) {
		t.Errorf("the folder did not change and was read again: %v", err)
	}
	h.later(rescan)
	if got := h.find("MY", c.thumbprint()).Current(); got.Thumbprint != c.thumbprint() {
		t.Errorf("found %+v", got)
	}
	if got := h.find("MY", b.thumbprint()).Current(); got.Thumbprint != b.thumbprint() {
		t.Error("the certificate for other names took the place of the first")
	}
	if h.find("MY", a.thumbprint()) != first {
		t.Error("another entry for the same file")
	}
}

func TestRenewal(t *testing.T) {
	h := open(t)
	old := issue(t, nil, nil, "ftp.example.com", "www.example.com")
	renewed := issue(t, nil, nil, "www.example.com", "*.example.com")
	h.put("MY/ftp.pem", old.bundle(t))
	e := h.find("MY", old.thumbprint())
	h.put("MY/ftp.pem", renewed.bundle(t))
	if e.Current().Thumbprint != old.thumbprint() {
		t.Error("the file was looked at within 100 ms")
	}
	h.later(stale)
	if e.Current().Thumbprint != renewed.thumbprint() {
		t.Error("the renewal was not taken")
	}
	h.expect("DIR/MY/ftp.pem was renewed: " + renewed.thumbprint() + " takes the place of " + old.thumbprint() +
		". Set serverCertHash to " + renewed.thumbprint() + ": only that is found after the next start")
	for _, thumbprint := range []string{old.thumbprint(), renewed.thumbprint()} {
		if h.find("MY", thumbprint) != e {
			t.Error("a thumbprint leads elsewhere after the renewal")
		}
	}
	h.later(time.Hour)
	if e.Current().Thumbprint != renewed.thumbprint() {
		t.Error("the renewal did not last")
	}
	h.expect()
	if _, err := Open(h.dir).Find("MY", old.thumbprint()); !errors.Is(err, ErrNotFound) {
		t.Errorf("another process finds the old thumbprint: %v", err)
	}
}

// What cannot be used leaves the previous certificate, and the next state is
// tried again.
func TestStatesBetween(t *testing.T) {
	old := issue(t, nil, nil, "ftp.example.com")
	renewed := issue(t, nil, nil, "ftp.example.com")
	other := issue(t, nil, nil, "www.example.com")
	for _, c := range []struct {
		name, told string
		change     func(h *house)
	}{
		{
			"new certificate, old key", "DIR/MY/a.crt: the private key in a.key belongs to none of its certificates; put key and certificate of one request there; the previous certificate stays in use",
			func(h *house) { h.put("MY/a.crt", renewed.cert()) },
		},
		{
			"new key, old certificate", "DIR/MY/a.crt: the private key in a.key belongs to none of its certificates; put key and certificate of one request there; the previous certificate stays in use",
			func(h *house) { h.put("MY/a.key", renewed.keyPEM(h.t)) },
		},
		{
			"half a certificate", "DIR/MY/a.crt: a PEM block is cut off or damaged; write the file again, under another name first, and rename it; the previous certificate stays in use",
			func(h *house) { h.put("MY/a.crt", renewed.cert()[:200]) },
		},
		{
			"empty key", "DIR/MY/a.key: it holds neither PEM nor DER of a certificate or key; the previous certificate stays in use",
			func(h *house) { h.put("MY/a.key", "") },
		},
		{
			"no key", "DIR/MY/a.crt has no private key any more; the previous certificate stays in use",
			func(h *house) { os.Remove(filepath.Join(h.dir, "MY/a.key")) },
		},
		{
			"deleted", "DIR/MY/a.crt is gone; its certificate stays in use until the next start, and is not found after that",
			func(h *house) { os.Remove(filepath.Join(h.dir, "MY/a.crt")) },
		},
		{
			"folder renamed", "DIR/MY/a.crt is gone; its certificate stays in use until the next start, and is not found after that",
			func(h *house) { os.Rename(filepath.Join(h.dir, "MY"), filepath.Join(h.dir, "MY2")) },
		},
		{
			"folder in its place", "DIR/MY/a.crt: it is a folder or device, not a file; the previous certificate stays in use",
			func(h *house) {
				os.Remove(filepath.Join(h.dir, "MY/a.crt"))
				os.Mkdir(filepath.Join(h.dir, "MY/a.crt"), 0o700)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			h.put("MY/a.crt", old.cert())
			h.put("MY/a.key", old.keyPEM(t))
			e := h.find("MY", old.thumbprint())
			c.change(h)
			for range 3 {
				h.later(stale)
				if e.Current().Thumbprint != old.thumbprint() {
					t.Fatal("the previous certificate did not stay")
				}
			}
			h.expect(c.told)
			os.RemoveAll(filepath.Join(h.dir, "MY/a.crt"))
			h.put("MY/a.crt", renewed.cert())
			h.put("MY/a.key", renewed.keyPEM(t))
			h.later(stale)
			if e.Current().Thumbprint != renewed.thumbprint() {
				t.Error("the next state was not tried")
			}
			h.expect("DIR/MY/a.crt was renewed: " + renewed.thumbprint() + " takes the place of " + old.thumbprint() +
				". Set serverCertHash to " + renewed.thumbprint() + ": only that is found after the next start")
			h.put("MY/a.crt", other.cert())
			h.put("MY/a.key", other.keyPEM(t))
			h.later(stale)
			if e.Current().Thumbprint != renewed.thumbprint() {
				t.Error("a certificate for other names was taken")
			}
			h.expect("DIR/MY/a.crt holds another certificate now, " + other.thumbprint() + ", which is not for ftp.example.com; " + renewed.thumbprint() +
				" stays in use where it is configured. If the change is meant, set serverCertHash to " + other.thumbprint())
			if got := h.find("MY", other.thumbprint()).Current(); got.Thumbprint != other.thumbprint() {
				t.Error("the certificate for other names is not found by its own thumbprint")
			}
		})
	}
}

func TestWrongPasswordLater(t *testing.T) {
	h := open(t)
	h.put("MY/a.pfx", testdata(t, "modern-aes.pfx"))
	h.put("MY/a.pfx.password", "geheim")
	e := h.find("MY", fixture)
	h.put("MY/a.pfx.password", "hunter2")
	h.later(stale)
	if e.Current().Thumbprint != fixture {
		t.Error("the previous certificate did not stay")
	}
	h.expect("DIR/MY/a.pfx: the password is wrong; put the right one, alone, into the first line of a.pfx.password, readable for the service alone; the previous certificate stays in use")
	h.put("MY/a.pfx", testdata(t, "legacy-rc2.pfx"))
	h.put("MY/a.pfx.password", "geheim")
	h.later(stale)
	e.Current()
	h.expect()
}

// Certificate managers swap links: certbot those of files, Kubernetes that of
// a folder.
func TestLinks(t *testing.T) {
	h := open(t)
	old, renewed := issue(t, nil, nil, "ftp.example.com"), issue(t, nil, nil, "ftp.example.com")
	for name, i := range map[string]identity{"..old": old, "..new": renewed} {
		h.put("MY/"+name+"/tls.crt", i.cert())
		h.put("MY/"+name+"/tls.key", i.keyPEM(t))
	}
	link := func(to, name string) {
		t.Helper()
		path := filepath.Join(h.dir, "MY", name)
		if err := os.Symlink(to, path+"~"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"~", path); err != nil {
			t.Fatal(err)
		}
	}
	link("..old", "..data")
	link("..data/tls.crt", "tls.crt")
	link("..data/tls.key", "tls.key")
	e := h.find("MY", old.thumbprint())
	// Same times and sizes: only the files behind the links are others.
	for _, name := range []string{"..old/tls.crt", "..new/tls.crt", "..old/tls.key", "..new/tls.key"} {
		if err := os.Chtimes(filepath.Join(h.dir, "MY", name), moment, moment); err != nil {
			t.Fatal(err)
		}
	}
	link("..new", "..data")
	h.later(stale)
	if e.Current().Thumbprint != renewed.thumbprint() {
		t.Error("the swap was not seen")
	}
}

// The same certificate in two files is found once, and in the other when the
// first is gone.
func TestTwoFilesOfOneCertificate(t *testing.T) {
	h := open(t)
	a := issue(t, nil, nil, "a.example.com")
	h.put("MY/1.crt", a.cert())
	first := h.put("MY/2.pem", a.bundle(t))
	h.put("MY/3.pem", a.bundle(t))
	e := h.find("MY", a.thumbprint())
	if e.Current().File != first {
		t.Errorf("found %s", e.Current().File)
	}
	os.Remove(first)
	h.later(stale)
	if e.Current().File != first {
		t.Error("the certificate in use did not stay")
	}
	if again := h.find("MY", a.thumbprint()); again == e || filepath.Base(again.Current().File) != "3.pem" {
		t.Errorf("found %s again", again.Current().File)
	}
	certs, errs := h.List("MY")
	if len(certs) != 2 || len(errs) != 0 {
		t.Errorf("%d certificates, errors %v", len(certs), errs)
	}
}

// Handshakes, configurations, renewals and lists at once.
func TestConcurrentUse(t *testing.T) {
	h := open(t)
	states := []identity{issue(t, nil, nil, "a.example.com"), issue(t, nil, nil, "a.example.com"), issue(t, nil, nil, "a.example.com")}
	h.put("MY/a.pem", states[0].bundle(t))
	e := h.find("MY", states[0].thumbprint())
	var all sync.WaitGroup
	stop := make(chan struct{})
	for i := range 8 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				h.later(stale / 10)
				if c := e.Current(); c.TLS.PrivateKey == nil || c.Thumbprint != Thumbprint(c.TLS.Certificate[0]) {
					t.Error("a certificate that is not whole")
				}
				switch i {
				case 0:
					h.List("")
				case 1:
					_, _ = h.Find("MY", fixture)
				case 2:
					_ = h.Verify([]*x509.Certificate{states[0].leaf}, Checks{}, moment)
				}
			}
		})
	}
	for i := range 100 {
		h.put("MY/a.pem", states[i%3].bundle(t))
	}
	close(stop)
	all.Wait()
	h.later(time.Hour)
	if e.Current().Thumbprint != states[0].thumbprint() {
		t.Error("the last state was not taken")
	}
}
