package cert

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// fixture is the thumbprint of the certificate in the files that openssl made.
const fixture = "E1565BF5A4FEC6A66B32B3E25BCBE3B008BF05DE"

func testdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryFormOfKey(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec := issue(t, nil, nil, "ec.example.com")
	r := sign(t, rsaKey, nil, nil, "rsa.example.com")
	ed := sign(t, edKey, nil, nil, "ed.example.com")
	sec1, err := x509.MarshalECPrivateKey(ec.key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	for _, c := range []struct {
		name  string
		of    identity
		files map[string]string
	}{
		{"PKCS#8 bundle", ec, map[string]string{"a.pem": ec.bundle(t)}},
		{"key first", ec, map[string]string{"a.pem": ec.keyPEM(t) + ec.cert()}},
		{"Windows line ends, mark and words", ec, map[string]string{"a.pem": "\ufeffsubject=/CN=x\r\n" + strings.ReplaceAll(ec.bundle(t), "\n", "\r\n")}},
		{"SEC 1 with parameters", ec, map[string]string{"a.pem": ec.cert() + parameters + block("EC PRIVATE KEY", sec1)}},
		{"PKCS#1", r, map[string]string{"a.pem": r.cert() + block("RSA PRIVATE KEY", pkcs1)}},
		{"RSA in PKCS#8", r, map[string]string{"a.pem": r.bundle(t)}},
		{"Ed25519", ed, map[string]string{"a.pem": ed.bundle(t)}},
		{"crt and key", ec, map[string]string{"a.crt": ec.cert(), "a.key": ec.keyPEM(t)}},
		{"pem and key", ec, map[string]string{"a.pem": ec.cert(), "a.key": ec.keyPEM(t)}},
		{"DER and DER", r, map[string]string{"a.cer": string(r.leaf.Raw), "a.key": string(pkcs1)}},
		{"DER and PKCS#8 DER", ec, map[string]string{"a.cer": string(ec.leaf.Raw), "a.key": string(pkcs8)}},
		{"DER and SEC 1 DER", ec, map[string]string{"A.CRT": string(ec.leaf.Raw), "A.KEY": string(sec1)}},
		{"several keys", ec, map[string]string{"a.pem": ec.cert() + r.keyPEM(t) + ec.keyPEM(t)}},
		{"key in the crt", ec, map[string]string{"a.crt": ec.bundle(t)}},
	} {
		h := open(t)
		for name, text := range c.files {
			h.put("MY/"+name, text)
		}
		got := h.find("MY", c.of.thumbprint()).Current()
		if got.TLS.PrivateKey == nil || !got.TLS.Leaf.Equal(c.of.leaf) || got.Store != "MY" || len(got.TLS.Certificate) != 1 {
			t.Errorf("%s: %+v", c.name, got)
		}
		h.expect()
	}
}

func TestEveryFormOfPFX(t *testing.T) {
	for _, c := range []struct{ file, name, password, environment string }{
		{"legacy-rc2.pfx", "a.pfx", "geheim\n", ""},
		{"legacy-3des.pfx", "a.PFX", "geheim\r\nsecond line", ""},
		{"modern-aes.pfx", "a.p12", "geheim", ""},
		{"modern-aes.pfx", "a.p12", "", "geheim"},
		{"empty-password.p12", "a.p12", "", ""},
		{"empty-password.p12", "a.p12", "", "geheim"},
		{"empty-password.p12", "a.p12", "\n", ""},
		{"bag-attributes.pem", "a.pem", "", ""},
	} {
		t.Setenv(PFXPassword, c.environment)
		h := open(t)
		h.put("MY/"+c.name, testdata(t, c.file))
		if c.password != "" {
			h.put("MY/"+c.name+".password", c.password)
		}
		got := h.find("my", fixture).Current()
		if got.TLS.PrivateKey == nil || !got.Covers("ftp.example.com") {
			t.Errorf("%+v: %+v", c, got)
		}
		h.expect()
	}
}

// The leaf is the one the key belongs to, and its issuers follow in order,
// wherever they stand in the file.
func TestChainIsPutInOrder(t *testing.T) {
	root := authority(t, "Root", nil)
	upper := authority(t, "Upper", &root)
	lower := authority(t, "Lower", &upper)
	other := authority(t, "Other", &root)
	leaf := issue(t, &lower, nil, "ftp.example.com")
	want := [][]byte{leaf.leaf.Raw, lower.leaf.Raw, upper.leaf.Raw}
	pfx, err := pkcs12.Modern.Encode(leaf.key, root.leaf, []*x509.Certificate{upper.leaf, leaf.leaf, lower.leaf}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"in.pem":  leaf.cert() + lower.cert() + upper.cert() + leaf.keyPEM(t),
		"out.pem": root.cert() + upper.cert() + other.cert() + leaf.keyPEM(t) + lower.cert() + leaf.cert() + lower.cert(),
		"in.pfx":  string(pfx),
	} {
		h := open(t)
		h.put("MY/"+name, text)
		got := h.find("MY", leaf.thumbprint()).Current().TLS.Certificate
		same := len(got) == len(want)
		for i := range min(len(got), len(want)) {
			same = same && string(got[i]) == string(want[i])
		}
		if !same {
			t.Errorf("%s: %d certificates, or in another order", name, len(got))
		}
	}
}

// Every file that cannot be used is named, with what to do, and no secret.
func TestUnusableFiles(t *testing.T) {
	a, b := issue(t, nil, nil, "a.example.com"), issue(t, nil, nil, "b.example.com")
	bundle := a.bundle(t)
	damaged := strings.Replace(a.cert(), "\nM", "\n!", 1)
	for _, c := range []struct {
		want  string
		files map[string]string
	}{
		{"DIR/MY/x.pem: a PEM block is cut off or damaged; write the file again, under another name first, and rename it", map[string]string{"x.pem": bundle[:len(bundle)-40]}},
		{"DIR/MY/x.pem: a PEM block is cut off or damaged; write the file again, under another name first, and rename it", map[string]string{"x.pem": damaged}},
		{"DIR/MY/x.pem: certificate 1: x509: malformed certificate", map[string]string{"x.pem": block("CERTIFICATE", []byte("no certificate"))}},
		{"DIR/MY/x.pem: it holds neither PEM nor DER of a certificate or key", map[string]string{"x.pem": ""}},
		{"DIR/MY/x.cer: it holds neither PEM nor DER of a certificate or key", map[string]string{"x.cer": "hunter2"}},
		{"DIR/MY/x.pem: it holds no certificate; put certificate and key into one .pem file, or name them NAME.crt and NAME.key", map[string]string{"x.pem": a.keyPEM(t)}},
		{"DIR/MY/x.pem: the private key belongs to none of its certificates; put key and certificate of one request there", map[string]string{"x.pem": a.cert() + b.keyPEM(t)}},
		{"DIR/MY/x.crt: the private key in x.key belongs to none of its certificates; put key and certificate of one request there", map[string]string{"x.crt": a.cert(), "x.key": b.keyPEM(t)}},
		{"DIR/MY/x.key: it holds neither PEM nor DER of a certificate or key", map[string]string{"x.crt": a.cert(), "x.key": "hunter2"}},
		{"DIR/MY/x.key: it holds no private key", map[string]string{"x.crt": a.cert(), "x.key": a.cert()}},
		{"DIR/MY/x.pem: the private key is damaged or of a kind that is not supported; RSA, ECDSA and Ed25519 keys in PKCS#1, PKCS#8 or SEC 1 form are", map[string]string{"x.pem": a.cert() + block("PRIVATE KEY", []byte("hunter2"))}},
		{"DIR/MY/x.pem: the private key is encrypted; write it without a passphrase (openssl pkey -in OLD -out NEW), readable for the service alone, or use a PFX file with a password file", map[string]string{"x.pem": testdata(t, "encrypted-traditional.pem")}},
		{"DIR/MY/x.pem: the private key is encrypted; write it without a passphrase (openssl pkey -in OLD -out NEW), readable for the service alone, or use a PFX file with a password file", map[string]string{"x.pem": testdata(t, "encrypted-pkcs8.pem")}},
		{"DIR/MY/x.pfx: the password is wrong; put the right one, alone, into the first line of x.pfx.password, readable for the service alone", map[string]string{"x.pfx": testdata(t, "legacy-rc2.pfx")}},
		{"DIR/MY/x.pfx: the password is wrong; put the right one, alone, into the first line of x.pfx.password, readable for the service alone", map[string]string{"x.pfx": testdata(t, "modern-aes.pfx"), "x.pfx.password": "hunter2"}},
		{"DIR/MY/x.pfx: it cannot be used as PFX (pkcs12: private key missing); export it again, as one certificate with its private key", map[string]string{"x.pfx": testdata(t, "no-key.pfx"), "x.pfx.password": "geheim"}},
		{"DIR/MY/x.pfx: it cannot be used as PFX (pkcs12: error reading P12 data); export it again, as one certificate with its private key", map[string]string{"x.pfx": "hunter2"}},
	} {
		h := open(t)
		for name, text := range c.files {
			h.put("MY/"+name, text)
		}
		certs, errs := h.List("")
		if len(certs) != 0 || len(errs) != 1 || h.plain(errs[0].Error()) != c.want {
			t.Errorf("%d certificates, errors\n  %s\nwant\n  %s", len(certs), h.plain(errorsText(errs)), c.want)
			continue
		}
		if strings.Contains(c.want, "hunter2") {
			t.Errorf("a secret is told: %v", errs)
		}
		h.expect(c.want)
		h.later(rescan)
		h.List("")
		h.expect() // not twice for one state
	}
}

func errorsText(errs []error) string {
	var lines []string
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n  ")
}
