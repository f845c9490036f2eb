package compile

import (
	"os"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
)

// readMapping reads ftpHost/accounts/clientCertificates. A mistake in it is
// one of the whole file: it says who may log in.
func (c *compiler) readMapping() {
	var settings accountsSettings
	e := c.cfg.Section(sectionAccounts, "")
	c.decode(e, &settings)
	c.certificates = &local.Certificates{Directory: c.parts.Accounts, Domain: c.parts.ComputerName, Mapping: local.Mapping{}}
	owners := map[local.Mark]*apphost.Element{}
	for i, entry := range e.Child("clientCertificates").Entries() {
		m := &settings.ClientCertificates[i]
		mark, ok := c.mark(entry, m)
		if !ok {
			continue
		}
		if first := owners[mark]; first != nil {
			c.doubleMapping(entry, first)
			continue
		}
		owners[mark] = entry
		c.certificates.Mapping[mark] = m.Account
		c.anyIssuer = c.anyIssuer || strings.TrimSpace(m.Thumbprint) == ""
		c.unknownAccount(entry, m.Account, "nobody can log in with this certificate")
	}
}

// mark reads what an entry knows its certificate by.
func (c *compiler) mark(entry *apphost.Element, m *certificateMapping) (local.Mark, bool) {
	var given []string
	for _, name := range [...]string{"thumbprint", "subject", "name"} {
		if strings.TrimSpace(entry.Attr(name).Text) != "" {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		has := "it has none"
		if len(given) > 1 {
			has = "it has " + strings.Join(given, " and ")
		}
		c.errorf(entry.Pos(), sectionAccounts, "account %q: exactly one of thumbprint, subject and name says which certificate it is; %s", m.Account, has)
		return "", false
	}
	switch pos := entry.Attr(given[0]).Pos(); given[0] {
	case "thumbprint":
		thumbprint, tidied, err := cert.ParseThumbprint(m.Thumbprint)
		if err != nil {
			c.errorf(pos, sectionAccounts, "account %q: %v", m.Account, err)
			return "", false
		}
		if tidied {
			c.warnf(pos, sectionAccounts, "account %q: thumbprint has characters that do not belong to one; write %s", m.Account, thumbprint)
		}
		return local.ByThumbprint(thumbprint), true
	case "subject":
		mark, err := local.BySubject(m.Subject)
		if err != nil {
			c.errorf(pos, sectionAccounts, "account %q: %v", m.Account, err)
		}
		return mark, err == nil
	default:
		return local.ByName(strings.TrimSpace(m.Name)), true
	}
}

// doubleMapping tells of a certificate that is there already. One that belongs
// to two accounts is a mistake.
func (c *compiler) doubleMapping(entry, first *apphost.Element) {
	account, holder := entry.Attr("account").Text, first.Attr("account").Text
	if strings.EqualFold(account, holder) {
		c.warnf(entry.Pos(), sectionAccounts, "account %q: this certificate is there already, at %s", account, first.Pos())
		return
	}
	c.errorf(entry.Pos(), sectionAccounts, "account %q: this certificate belongs to account %q already, at %s", account, holder, first.Pos())
}

// rootStore has the issuers of client certificates.
const rootStore = "Root"

// hasRoots reports whether the home has issuers of its own; those of the
// machine count otherwise.
func (c *compiler) hasRoots() bool {
	folders, err := os.ReadDir(c.parts.Home.Certificates())
	return err == nil && slices.ContainsFunc(folders, func(f os.DirEntry) bool { return strings.EqualFold(f.Name(), rootStore) })
}

// unknownAccount warns of an account that is not there, which may come later.
func (c *compiler) unknownAccount(entry *apphost.Element, account, consequence string) {
	if c.parts.Accounts == nil {
		return
	}
	d := c.parts.Accounts()
	if d == nil || d.Knows(c.parts.ComputerName, account) {
		return
	}
	c.warnf(entry.Attr("account").Pos(), sectionAccounts, "there is no account %q in %s, so %s", account, AccountFile, consequence)
}

// clientCertificates warns of logins with certificates that cannot work.
func (c *compiler) clientCertificates(s *site.Site, e *apphost.Element, settings *securitySettings) {
	security := e.Child("ftpServer").Child("security")
	// Of what sites inherit, one line is said once.
	once := func(v apphost.Value, format string, args ...any) {
		if pos := v.Pos(); !c.said[pos] {
			c.said[pos] = true
			c.warnf(pos, sectionSites, format, args...)
		}
	}
	if settings.Clients.ActiveDirectory {
		once(security.Child("sslClientCertificates").Attr("useActiveDirectoryMapping"),
			"site %q: useActiveDirectoryMapping has no effect here; which account a certificate belongs to stands in ftpHost/accounts of %s", s.Name, OwnFile)
	}
	if !settings.Authentication.ClientCert.Enabled {
		return
	}
	enabled := security.Child("authentication").Child("clientCertAuthentication").Attr("enabled")
	switch {
	case ftps.ClientPolicy(settings.Clients.Policy) == ftps.Ignore:
		once(enabled, "site %q: clientCertAuthentication has no effect, since clientCertificatePolicy is CertIgnore and no client is asked for a certificate; use CertAllow or CertRequire", s.Name)
	case c.anyIssuer && !c.hasRoots():
		once(enabled, "site %q: without a folder %s, every issuer that this machine trusts can issue a certificate with a subject or name of ftpHost/accounts; put the issuers of your clients there, or use thumbprints",
			s.Name, folderOf(rootStore))
	case len(c.certificates.Mapping) == 0:
		once(enabled, "site %q: nobody can log in with a certificate, since ftpHost/accounts of %s says of none which account it belongs to", s.Name, OwnFile)
	}
}
