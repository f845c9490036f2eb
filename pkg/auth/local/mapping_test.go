package local_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
)

// leaf makes a client certificate; upn is its user principal name.
func leaf(t testing.TB, commonName, mail, upn string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Harbour"}, CommonName: commonName}}
	if mail+upn != "" {
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: alternative(t, mail, upn)}}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// alternative encodes alternative names as Windows writes them.
func alternative(t testing.TB, mail, upn string) []byte {
	t.Helper()
	var names []any
	if upn != "" {
		value, err := asn1.MarshalWithParams(upn, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		inner, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: value})
		if err != nil {
			t.Fatal(err)
		}
		oid, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(oid, inner...)})
	}
	if mail != "" {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, Bytes: []byte(mail)})
	}
	raw, err := asn1.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCertificates(t *testing.T) {
	accounts := provider(t)
	ann, upn, mail, unknown := leaf(t, "Ann", "", ""), leaf(t, "U", "x@y.example", "ann@corp.example"), leaf(t, "M", "Ann@Mail.example", ""), leaf(t, "Nobody", "", "nobody@corp.example")
	subject, err := local.BySubject("CN=ann, O=HARBOUR")
	if err != nil {
		t.Fatal(err)
	}
	off, gone := leaf(t, "Off", "", ""), leaf(t, "Gone", "", "")
	p := &local.Certificates{Directory: accounts.Directory, Domain: accounts.Domain, Mapping: local.Mapping{
		subject:                             "ann",
		local.ByName("ANN@corp.example"):    `FTP01\Ann`,
		local.ByName("ann@mail.EXAMPLE"):    "ann@localhost",
		local.ByThumbprint(thumb(off)):      "off",
		local.ByThumbprint(thumb(gone)):     "deleted",
		local.ByName("somebody@else.where"): "off",
	}}
	for _, c := range []struct {
		name, user string
		leaf       *x509.Certificate
		want       error
	}{
		{"subject", "ann", ann, nil},
		{"subject, another spelling of the account", `ftp01\ANN`, ann, nil},
		{"subject, account at the computer", "ann@FTP01", ann, nil},
		{"user principal name", "Ann", upn, nil},
		{"e-mail address", "Ann", mail, nil},
		{"thumbprint of a disabled account", "off", off, auth.ErrAccountDisabled},
		{"of another account", "off", ann, auth.ErrLogon},
		{"an account that is gone", "deleted", gone, auth.ErrLogon},
		{"an account that is gone, under another name", "ann", gone, auth.ErrLogon},
		{"no mapping", "ann", unknown, auth.ErrLogon},
		{"no user", "", ann, auth.ErrLogon},
		{"another domain", `OTHER\ann`, ann, auth.ErrLogon},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Certificate(t.Context(), c.user, c.leaf)
			if !errors.Is(err, c.want) || (err == nil) != (got != nil) {
				t.Fatalf("%v, %v, want %v", got, err, c.want)
			}
			if err == nil && (got.QualifiedName() != `FTP01\Ann` || !slices.Contains(got.GroupKeys(), "readers")) {
				t.Errorf("%s with %v", got.QualifiedName(), got.GroupKeys())
			}
		})
	}
}

func thumb(c *x509.Certificate) string { return cert.Thumbprint(c.Raw) }

// TestCertificatesFollowTheDirectory: what changes in the accounts counts at
// the next login.
func TestCertificatesFollowTheDirectory(t *testing.T) {
	d := local.NewDirectory([]local.User{{Name: "ann", Enabled: true}}, nil)
	certificate := leaf(t, "Ann", "", "")
	p := &local.Certificates{Directory: func() *local.Directory { return d }, Mapping: local.Mapping{local.ByThumbprint(thumb(certificate)): "ann"}}
	if _, err := p.Certificate(t.Context(), "ann", certificate); err != nil {
		t.Fatal(err)
	}
	d = local.NewDirectory([]local.User{{Name: "ann"}}, nil)
	if _, err := p.Certificate(t.Context(), "ann", certificate); !errors.Is(err, auth.ErrAccountDisabled) {
		t.Errorf("disabled: %v", err)
	}
	d = local.NewDirectory(nil, nil)
	if _, err := p.Certificate(t.Context(), "ann", certificate); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("removed: %v", err)
	}
}

func BenchmarkCertificate(b *testing.B) {
	certificate := leaf(b, "Ann", "ann@mail.example", "ann@corp.example")
	d := local.NewDirectory([]local.User{{Name: "ann", Enabled: true}}, nil)
	p := &local.Certificates{Directory: func() *local.Directory { return d }, Mapping: local.Mapping{local.ByName("ann@mail.example"): "ann"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Certificate(b.Context(), "ann", certificate); err != nil {
			b.Fatal(err)
		}
	}
}
