package ftpserver_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
)

// tlsElement is ftpHost/tls.
type tlsElement struct {
	Version    string `xml:"minimumVersion,attr"`
	Resumption string `xml:"sessionResumption,attr"`
	SNI        string `xml:"sni,attr"`
}

// mappingElement is one certificate of ftpHost/accounts.
type mappingElement struct {
	Account    string `xml:"account,attr"`
	Thumbprint string `xml:"thumbprint,attr"`
}

// tls is what the site called name has for TLS; "" is siteDefaults.
func (w *world) tls(t testing.TB, name string, f *ftpElement) site.TLS {
	t.Helper()
	e := w.own.TLS
	for _, l := range w.own.Locations {
		if strings.EqualFold(l.Path, name) {
			e = l.TLS
		}
	}
	secure := site.TLS{Missing: access.SubStatusNoCertificate, IgnoreSNI: !boolean(e.SNI, true)}
	if f.Security.SSL.Hash == "" {
		return secure
	}
	thumbprint, _, err := cert.ParseThumbprint(f.Security.SSL.Hash)
	if err != nil {
		secure.Missing = access.SubStatusCertificateHashLength
		return secure
	}
	source, err := w.certificates.Find("MY", thumbprint)
	switch {
	case errors.Is(err, cert.ErrNotFound):
		secure.Missing = access.SubStatusCertificateNotFound
		return secure
	case err != nil:
		t.Fatal(err)
	}
	policies := map[string]ftps.ClientPolicy{"": ftps.Ignore, "CertAllow": ftps.Allow, "CertRequire": ftps.Require}
	resumption := map[string]ftps.Resumption{"": ftps.AcceptResumption, "Off": ftps.NoResumption, "Require": ftps.RequireResumption}
	secure.Missing, secure.Source = 0, source
	secure.Settings = &ftps.Settings{
		Certificate:        func() *tls.Certificate { return &source.Current().TLS },
		ClientCertificates: policies[f.Security.Clients.Policy],
		Resumption:         resumption[e.Resumption],
		MinVersion:         map[string]uint16{"": 0, "Tls13": tls.VersionTLS13}[e.Version],
		Verify: func(chain []*x509.Certificate) error {
			return w.certificates.Verify(chain, cert.Checks{}, time.Now())
		},
	}
	return secure
}

// mapping knows whose a certificate is.
func (w *world) mapping(people accountList) certificateMapping {
	return certificateMapping{w.own.Mappings, people}
}

type certificateMapping struct {
	list   []mappingElement
	people accountList
}

func (m certificateMapping) Certificate(_ context.Context, user string, leaf *x509.Certificate) (*auth.Principal, error) {
	for _, e := range m.list {
		if e.Thumbprint != cert.Thumbprint(leaf.Raw) || !strings.EqualFold(e.Account, user) {
			continue
		}
		for _, a := range m.people {
			if strings.EqualFold(a.Name, user) {
				return auth.NewPrincipal("", a.Name, a.Groups), nil
			}
		}
	}
	return nil, auth.ErrLogon
}
