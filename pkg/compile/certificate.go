package compile

import (
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// sampleThumbprint stands in the documentation of IIS where a thumbprint
// belongs, and from there in many files.
const sampleThumbprint = "57686F6120447564652C2049495320526F636B73"

// defaultStore is the store that Windows puts certificates of a server into.
const defaultStore = "MY"

// use is one ssl element and who uses its certificate.
type use struct {
	who         string // site "..." or siteDefaults
	ssl         *apphost.Element
	hash, store string
	bindings    []site.Binding
	// told is set when another use of the same line was judged already.
	told bool
}

func (u *use) pos() xmldoc.Pos { return u.ssl.Attr("serverCertHash").Pos() }

// hosts are the host names of the bindings.
func (u *use) hosts() []string {
	var hosts []string
	for _, b := range u.bindings {
		if b.Host != "" && !slices.Contains(hosts, b.Host) {
			hosts = append(hosts, b.Host)
		}
	}
	return hosts
}

// certificate finds the certificate that an ssl element names. Whatever is
// wrong with it leaves the site without TLS, and is a warning: the rest of the
// site is as good as before.
func (c *compiler) certificate(u *use) site.TLS {
	if strings.TrimSpace(u.hash) == "" {
		return site.TLS{Missing: access.SubStatusNoCertificate, Reason: "no certificate is configured: serverCertHash is empty"}
	}
	thumbprint, tidied, err := cert.ParseThumbprint(u.hash)
	if err != nil {
		return c.unusable(u, access.SubStatusCertificateHashLength, "serverCertHash: %v", err)
	}
	if tidied {
		c.certificateWarning(u, "serverCertHash has characters that do not belong to a thumbprint; write %s", thumbprint)
	}
	entry, err := c.parts.Certificates.Find(u.store, thumbprint)
	switch {
	case err == nil:
		c.judge(u, entry.Current())
		return site.TLS{Source: entry}
	case errors.Is(err, cert.ErrNoKey):
		return c.unusable(u, access.SubStatusNoPrivateKey, "%s", c.below(err.Error()))
	case thumbprint == sampleThumbprint:
		return c.unusable(u, access.SubStatusCertificateNotFound,
			"serverCertHash is the sample value of the documentation of IIS, which no certificate has%s", c.instead(u))
	default:
		return c.unusable(u, access.SubStatusCertificateNotFound, "no certificate with thumbprint %s in %s%s", thumbprint, folderOf(u.store), c.instead(u))
	}
}

// unusable warns and returns the same as the reason for having no TLS.
func (c *compiler) unusable(u *use, missing int, format string, args ...any) site.TLS {
	problem := c.certificateProblem(u, format, args...)
	problem.Msg += "; without it, clients that ask for TLS are refused"
	if !u.told {
		c.problems = append(c.problems, problem)
	}
	return site.TLS{Missing: missing, Reason: problem.Error()}
}

// certificateWarning warns once of one line, however many sites inherit it.
func (c *compiler) certificateWarning(u *use, format string, args ...any) {
	if !u.told {
		c.problems = append(c.problems, c.certificateProblem(u, format, args...))
	}
}

func (c *compiler) certificateProblem(u *use, format string, args ...any) *apphost.Error {
	return &apphost.Error{Pos: u.pos(), Section: sectionSites, Msg: u.who + ": " + fmt.Sprintf(format, args...), Warning: true}
}

// judge warns of what clients will not like about a certificate.
func (c *compiler) judge(u *use, found *cert.Certificate) {
	leaf := found.TLS.Leaf
	which := fmt.Sprintf("the certificate %s (%s)", found.Thumbprint, c.below(found.File))
	switch {
	case c.now.After(leaf.NotAfter):
		c.certificateWarning(u, "%s expired on %s; clients will refuse it", which, day(leaf.NotAfter))
	case c.now.Before(leaf.NotBefore):
		c.certificateWarning(u, "%s is not valid before %s; clients will refuse it", which, day(leaf.NotBefore))
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		c.certificateWarning(u, "%s says that its key is not for signatures (key usage), which TLS needs; clients may refuse it", which)
	}
	if !forServers(leaf) {
		c.certificateWarning(u, "%s says that it is not for servers (extended key usage); clients will refuse it", which)
	}
	// The names are those of each site, also where the certificate is inherited.
	var others []string
	for _, host := range u.hosts() {
		if !found.Covers(host) {
			others = append(others, host)
		}
	}
	if len(others) > 0 {
		problem := c.certificateProblem(u, "%s is not for %s, which a binding names, but for %s; clients that compare names will refuse it",
			which, listed(others), listed(found.Names()))
		c.problems = append(c.problems, problem)
	}
}

// forServers reports whether a certificate may be one of a server.
func forServers(leaf *x509.Certificate) bool {
	return len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 ||
		slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// listed writes some names, and how many more there are.
func listed(names []string) string {
	const enough = 5
	switch {
	case len(names) == 0:
		return "no name at all"
	case len(names) > enough:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:enough], ", "), len(names)-enough)
	default:
		return strings.Join(names, ", ")
	}
}

// folderOf is the folder of a store as people find it below the home.
func folderOf(store string) string { return CertificatesDir + "/" + store }

// below takes the home folder off paths in a text: all of a store are in it.
func (c *compiler) below(text string) string {
	dir := filepath.Clean(c.parts.Home.Dir)
	if !filepath.IsAbs(dir) {
		return text // short as it is
	}
	return strings.ReplaceAll(text, dir+string(filepath.Separator), "")
}
