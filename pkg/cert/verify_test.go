package cert

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client makes a certificate that clients may have; point is where the
// issuer's revocation list is said to be.
func client(t testing.TB, issuer *identity, point string, change ...func(*x509.Certificate)) identity {
	t.Helper()
	return issue(t, issuer, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: "Ann"}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		if point != "" {
			c.CRLDistributionPoints = []string{point}
		}
		for _, f := range change {
			f(c)
		}
	})
}

// crl makes a revocation list of an issuer.
func crl(t testing.TB, issuer identity, number int64, age time.Duration, extra []pkix.Extension, revoked ...identity) string {
	t.Helper()
	template := &x509.RevocationList{
		Number: big.NewInt(number), ThisUpdate: moment.Add(-age), NextUpdate: moment.Add(-age).Add(7 * day), ExtraExtensions: extra,
	}
	for _, r := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: r.leaf.SerialNumber, RevocationTime: moment.Add(-age)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, issuer.leaf, issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(der)
}

func chainOf(all ...identity) []*x509.Certificate {
	var certs []*x509.Certificate
	for _, i := range all {
		certs = append(certs, i.leaf)
	}
	return certs
}

func TestVerifyChain(t *testing.T) {
	root := authority(t, "Root", nil)
	middle := authority(t, "Middle", &root)
	stranger := authority(t, "Stranger", nil)
	ann, direct := client(t, &middle, ""), client(t, &root, "")
	server := client(t, &root, "", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	any := client(t, &root, "", func(c *x509.Certificate) { c.ExtKeyUsage = nil })
	smart := client(t, &root, "", func(c *x509.Certificate) {
		user, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: []byte{6, 1, 42}}})
		if err != nil {
			t.Fatal(err)
		}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: user}}
	})
	own := client(t, nil, "")
	for _, c := range []struct {
		name  string
		chain []*x509.Certificate
		store map[string]identity
		check Checks
		now   time.Time
		is    error
	}{
		{"direct", chainOf(direct), map[string]identity{"Root/r.cer": root}, Checks{}, moment, nil},
		{"the client sends what lies between", chainOf(ann, middle), map[string]identity{"ROOT/r.pem": root}, Checks{}, moment, nil},
		{"the store has it", chainOf(ann), map[string]identity{"Root/r.pem": root, "ca/m.crt": middle}, Checks{}, moment, nil},
		{"nobody has it", chainOf(ann), map[string]identity{"Root/r.pem": root}, Checks{}, moment, ErrUntrusted},
		{"what lies between is no root", chainOf(ann, middle, root), map[string]identity{"Root/r.pem": stranger, "CA/r.pem": root}, Checks{}, moment, ErrUntrusted},
		{"an empty folder trusts nobody", chainOf(direct), map[string]identity{"Root/README": root}, Checks{}, moment, ErrUntrusted},
		{"no folder: the system", chainOf(direct), nil, Checks{}, moment, ErrUntrusted},
		{"its own issuer", chainOf(own), map[string]identity{"Root/own.pem": own}, Checks{}, moment, nil},
		{"late", chainOf(direct), map[string]identity{"Root/r.pem": root}, Checks{}, moment.AddDate(1, 0, 0), ErrExpired},
		{"early", chainOf(direct), map[string]identity{"Root/r.pem": root}, Checks{}, moment.AddDate(-1, 0, 0), ErrExpired},
		{"for servers", chainOf(server), map[string]identity{"Root/r.pem": root}, Checks{}, moment, ErrUsage},
		{"for servers, not checked", chainOf(server), map[string]identity{"Root/r.pem": root}, Checks{NoUsage: true}, moment, nil},
		{"for any use", chainOf(any), map[string]identity{"Root/r.pem": root}, Checks{}, moment, nil},
		{"smart card", chainOf(smart), map[string]identity{"Root/r.pem": root}, Checks{}, moment, nil},
		{"none", nil, map[string]identity{"Root/r.pem": root}, Checks{}, moment, ErrUntrusted},
	} {
		h := open(t)
		for name, i := range c.store {
			h.put(name, i.cert())
		}
		if err := h.Verify(c.chain, c.check, c.now); !errors.Is(err, c.is) || (err == nil) != (c.is == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.is)
		}
		h.expect()
	}
}

func TestVerifyRevocation(t *testing.T) {
	const point = "http://pki.example.com/root.crl"
	root := authority(t, "Root", nil)
	twin := authority(t, "Root", nil)
	pointed := func(c *x509.Certificate) { c.CRLDistributionPoints = []string{point} }
	middle := issue(t, &root, func(c *x509.Certificate) {
		pointed(c)
		c.Subject, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = pkix.Name{CommonName: "Middle"}, true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	})
	ann, bob, below := client(t, &root, point), client(t, &root, ""), client(t, &middle, "")
	scoped := func(idp issuingDistributionPoint) []pkix.Extension {
		der, err := asn1.Marshal(idp)
		if err != nil {
			t.Fatal(err)
		}
		return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: der}}
	}
	at := func(uri string) issuingDistributionPoint {
		return issuingDistributionPoint{Point: distributionPointName{FullName: []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}}}}
	}
	good := crl(t, root, 1, time.Hour, nil)
	for _, c := range []struct {
		name  string
		chain []*x509.Certificate
		lists []string
		check Checks
		want  string // "" passes
	}{
		{"no list, none named", chainOf(bob), nil, Checks{}, ""},
		{"no list, one named", chainOf(ann), nil, Checks{}, `it is unknown whether the client certificate is revoked: "CN=Ann" of "CN=Root": no revocation list of its issuer lies in the folders; put the current list of that issuer into a folder of DIR as NAME.crl (the certificate names http://pki.example.com/root.crl), or add NoRevocationCheck to validationFlags`},
		{"no list, not checked", chainOf(ann), nil, Checks{NoRevocation: true}, ""},
		{"good", chainOf(ann), []string{good}, Checks{}, ""},
		{"good, PEM", chainOf(ann), []string{block("X509 CRL", []byte(good))}, Checks{}, ""},
		{"another is revoked", chainOf(ann), []string{crl(t, root, 1, time.Hour, nil, bob)}, Checks{}, ""},
		{"revoked", chainOf(ann), []string{crl(t, root, 1, time.Hour, nil, bob, ann)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-03-01 11:00 UTC (DIR/CA/0.crl)`},
		{"revoked, no list named", chainOf(bob), []string{crl(t, root, 1, time.Hour, nil, bob)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-03-01 11:00 UTC (DIR/CA/0.crl)`},
		{"revoked, not checked", chainOf(ann), []string{crl(t, root, 1, time.Hour, nil, ann)}, Checks{NoRevocation: true}, ""},
		{"the newest counts", chainOf(ann), []string{crl(t, root, 1, 2*time.Hour, nil, ann), good}, Checks{}, ""},
		{"the higher number counts", chainOf(ann), []string{good, crl(t, root, 256, time.Hour, nil, ann)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-03-01 11:00 UTC (DIR/CA/1.crl)`},
		{"old", chainOf(ann), []string{crl(t, root, 1, 8*day, nil)}, Checks{}, `it is unknown whether the client certificate is revoked: the list of "CN=Root" in DIR/CA/0.crl counted until 2026-02-28 12:00 UTC; put a newer one there`},
		{"old and revoked", chainOf(ann), []string{crl(t, root, 1, 8*day, nil, ann)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-02-21 12:00 UTC (DIR/CA/0.crl)`},
		{"of tomorrow", chainOf(ann), []string{crl(t, root, 1, -day, nil)}, Checks{}, `it is unknown whether the client certificate is revoked: the list of "CN=Root" in DIR/CA/0.crl counts from 2026-03-02 12:00 UTC only; is the clock right?`},
		{"fresh", chainOf(ann), []string{good}, Checks{Freshness: time.Hour}, ""},
		{"not fresh", chainOf(ann), []string{good}, Checks{Freshness: time.Minute}, `it is unknown whether the client certificate is revoked: the list of "CN=Root" in DIR/CA/0.crl is of 2026-03-01 11:00 UTC, older than revocationFreshnessTime (1m0s) allows; put a newer one there`},
		{"forged", chainOf(bob), []string{crl(t, twin, 1, time.Hour, nil)}, Checks{}, `it is unknown whether the client certificate is revoked: "CN=Ann" of "CN=Root": the list in DIR/CA/0.crl bears the name of its issuer and is not signed by it; put the current list of that issuer into a folder of DIR as NAME.crl, or add NoRevocationCheck to validationFlags`},
		{"forged beside a good one", chainOf(ann), []string{crl(t, twin, 1, 0, nil, ann), good}, Checks{}, ""},
		{"an issuer is revoked", chainOf(below, middle), []string{crl(t, root, 1, time.Hour, nil, middle)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Middle" back on 2026-03-01 11:00 UTC (DIR/CA/0.crl)`},
		{"an issuer is good", chainOf(below, middle), []string{good}, Checks{}, ""},
		{"for users only", chainOf(ann), []string{crl(t, root, 1, time.Hour, scoped(issuingDistributionPoint{OnlyUsers: true}), ann)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-03-01 11:00 UTC (DIR/CA/0.crl)`},
		{"for issuers only", chainOf(bob), []string{crl(t, root, 1, time.Hour, scoped(issuingDistributionPoint{OnlyCAs: true}), bob)}, Checks{}, ""},
		{"of its place", chainOf(ann), []string{crl(t, root, 1, time.Hour, scoped(at(point)), ann)}, Checks{}, `the client certificate is revoked: "CN=Root" took "CN=Ann" back on 2026-03-01 11:00 UTC (DIR/CA/0.crl)`},
		{"of another place", chainOf(bob), []string{crl(t, root, 1, time.Hour, scoped(at(point+"2")), bob)}, Checks{}, ""},
	} {
		h := open(t)
		h.put("Root/root.cer", root.cert())
		for i, l := range c.lists {
			h.put("CA/"+string(rune('0'+i))+".crl", l)
		}
		got := ""
		if err := h.Verify(c.chain, c.check, moment); err != nil {
			got = h.plain(err.Error())
			if errors.Is(err, ErrRevoked) != strings.HasPrefix(c.want, ErrRevoked.Error()) || errors.Is(err, ErrRevocationUnknown) != strings.HasPrefix(c.want, ErrRevocationUnknown.Error()) {
				t.Errorf("%s: %v is another error than its text says", c.name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s:\n  %s\nwant\n  %s", c.name, got, c.want)
		}
		h.expect()
	}
}

func TestUnusableLists(t *testing.T) {
	root := authority(t, "Root", nil)
	critical := func(id ...int) []pkix.Extension {
		return []pkix.Extension{{Id: id, Critical: true, Value: []byte{5, 0}}}
	}
	indirect, err := asn1.Marshal(issuingDistributionPoint{Indirect: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ list, want string }{
		{"", "DIR/MY/x.crl: it cannot be read as a revocation list of version 2: x509: malformed crl"},
		{root.cert(), "DIR/MY/x.crl: it holds no revocation list, in neither PEM nor DER form"},
		{crl(t, root, 1, 0, critical(2, 5, 29, 27)), "DIR/MY/x.crl: it is a delta list, which is not supported; put the complete list there"},
		{crl(t, root, 1, 0, critical(2, 5, 29, 99)), "DIR/MY/x.crl: it has a critical extension that is not supported; put a complete list of the issuer there"},
		{crl(t, root, 1, 0, []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: indirect}}), "DIR/MY/x.crl: it is a list for some reasons, for attributes, or of several issuers, which is not supported; put the complete list of the issuer there"},
	} {
		h := open(t)
		h.put("MY/x.crl", c.list)
		for range 2 {
			_ = h.Verify(chainOf(root), Checks{}, moment)
			h.later(rescan)
		}
		h.expect(c.want)
		if _, errs := h.List(""); len(errs) != 1 || h.plain(errs[0].Error()) != c.want {
			t.Errorf("the list tells %v", errs)
		}
	}
}

// A list as openssl writes it.
func TestScopeOfList(t *testing.T) {
	lists, err := parseLists([]byte(testdata(t, "distribution-point.crl")), "")
	if err != nil {
		t.Fatal(err)
	}
	const point = "http://pki.example.com/a.crl"
	for _, c := range []struct {
		of   x509.Certificate
		want bool
	}{
		{x509.Certificate{CRLDistributionPoints: []string{"ldap:///CN=a", point}}, true},
		{x509.Certificate{CRLDistributionPoints: []string{"http://pki.example.com/b.crl"}}, false},
		{x509.Certificate{}, false},
		{x509.Certificate{CRLDistributionPoints: []string{point}, IsCA: true}, false},
	} {
		if got := lists[0].scope.covers(&c.of); got != c.want {
			t.Errorf("it covers %v: %v", c.of.CRLDistributionPoints, got)
		}
	}
}

// Trust follows the folders within a second, and a file in the middle of
// being written does not take trust away.
func TestTrustFollows(t *testing.T) {
	h := open(t)
	root, second := authority(t, "Root", nil), authority(t, "Second", nil)
	ann := client(t, &root, "http://pki.example.com/root.crl")
	verify := func(want error) {
		t.Helper()
		h.later(rescan)
		if err := h.Verify(chainOf(ann), Checks{}, moment); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	verify(ErrUntrusted)
	h.put("Root/all.pem", second.cert())
	verify(ErrUntrusted)
	h.put("Root/all.pem", second.cert()+root.cert())
	verify(ErrRevocationUnknown)
	h.put("Root/root.crl", crl(t, root, 1, 0, nil))
	verify(nil)
	h.expect()
	h.put("Root/all.pem", second.cert()+root.cert()[:300])
	verify(nil)
	h.expect("DIR/Root/all.pem: a PEM block is cut off or damaged; write the file again, under another name first, and rename it")
	h.put("Root/root.crl", crl(t, root, 1, 0, nil)[:100])
	verify(nil)
	h.expect("DIR/Root/root.crl: it cannot be read as a revocation list of version 2: x509: malformed crl")
	h.put("Root/root.crl", crl(t, root, 2, 0, nil, ann))
	verify(ErrRevoked)
	os.Remove(filepath.Join(h.dir, "Root/root.crl"))
	verify(ErrRevocationUnknown)
	os.Remove(filepath.Join(h.dir, "Root/all.pem"))
	verify(ErrUntrusted)
	certs, errs := h.List("root")
	if len(certs) != 0 || len(errs) != 0 {
		t.Errorf("%v %v", certs, errs)
	}
	h.expect()
}

func TestNumbersOfListsAreCompared(t *testing.T) {
	for _, c := range []struct{ a, b int64 }{{2, 1}, {256, 255}, {1 << 40, 1}} {
		a, b := &list{RevocationList: &x509.RevocationList{Number: big.NewInt(c.a)}}, &list{RevocationList: &x509.RevocationList{Number: big.NewInt(c.b)}}
		if newest(a, b) >= 0 || newest(b, a) <= 0 || newest(a, a) != 0 {
			t.Errorf("%d is not newer than %d", c.a, c.b)
		}
	}
	if !bytes.Equal(padded(&list{RevocationList: &x509.RevocationList{Number: big.NewInt(1)}}), append(make([]byte, 19), 1)) {
		t.Error("padding")
	}
}
