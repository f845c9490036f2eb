package compile

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
)

// The flags of validationFlags that mean something here; the others say where
// Windows gets revocation lists and issuers from, which are files here.
const (
	noRevocationCheck = 1
	noUsageCheck      = 8
)

// minimumTLS13 is ftpHost/tls/@minimumVersion Tls13.
const minimumTLS13 = 1

// readDefaultTLS is what siteDefaults have for clients that have named no
// site yet.
func (c *compiler) readDefaultTLS() {
	c.tls = c.readTLS("")
	security := c.cfg.Section(sectionSites, "").Child("siteDefaults").Child("ftpServer").Child("security")
	var settings securitySettings
	c.decode(security, &settings)
	c.defaultSSL = security.Child("ssl")
	c.defaultTLS = c.tlsOf(&use{who: "siteDefaults", ssl: c.defaultSSL}, &settings, c.tls)
}

// siteTLS is what a site has for TLS.
func (c *compiler) siteTLS(s *site.Site, ftp *apphost.Element, settings *securitySettings) {
	u := &use{who: `site "` + s.Name + `"`, ssl: ftp.Child("security").Child("ssl"), bindings: s.Bindings}
	u.told = c.defaultSSL != nil && u.pos().Line > 0 && u.pos() == c.defaultSSL.Attr("serverCertHash").Pos()
	s.TLS = c.tlsOf(u, settings, c.tlsSettingsOf(s.Name))
}

// tlsOf puts together the certificate, the rules for those of clients and
// what ftpHost/tls adds.
func (c *compiler) tlsOf(u *use, settings *securitySettings, own tlsSettings) site.TLS {
	u.hash = settings.SSL.Hash
	if u.store = strings.TrimSpace(settings.SSL.Store); u.store == "" {
		u.store = defaultStore
	}
	t := c.certificate(u)
	t.IgnoreSNI = !own.SNI
	if t.Source == nil {
		return t
	}
	source := t.Source
	t.Settings = &ftps.Settings{
		Certificate:        func() *tls.Certificate { return &source.Current().TLS },
		ClientCertificates: ftps.ClientPolicy(settings.Clients.Policy),
		Verify:             c.verifier(&settings.Clients),
		Resumption:         ftps.Resumption(own.Resumption),
		MinVersion:         tls.VersionTLS12,
	}
	if own.MinimumVersion == minimumTLS13 {
		t.MinVersion = tls.VersionTLS13
	}
	return t
}

// verifier checks what clients send; nil when they are not asked.
func (c *compiler) verifier(settings *clientCertificateSettings) func([]*x509.Certificate) error {
	if ftps.ClientPolicy(settings.Policy) == ftps.Ignore {
		return nil
	}
	stores := c.parts.Certificates
	checks := cert.Checks{
		NoRevocation: settings.Flags&noRevocationCheck != 0,
		NoUsage:      settings.Flags&noUsageCheck != 0,
		Freshness:    settings.Freshness,
	}
	return func(chain []*x509.Certificate) error { return stores.Verify(chain, checks, time.Now()) }
}

// tlsSettingsOf is ftpHost/tls as it is in force for one site. Only what is
// said for the site itself counts: TLS begins before a client goes anywhere.
func (c *compiler) tlsSettingsOf(siteName string) tlsSettings {
	if c.saidOf(siteName, sectionTLS) {
		return c.readTLS(siteName)
	}
	return c.tls
}

func (c *compiler) readTLS(location string) tlsSettings {
	var settings tlsSettings
	c.decode(c.cfg.Section(sectionTLS, location), &settings)
	return settings
}
