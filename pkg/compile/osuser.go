package compile

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// readOSUsers reads ftpHost/accounts/osUsers. A mistake in it is one of the
// whole file: it says what accounts may do.
func (c *compiler) readOSUsers() {
	var settings accountsSettings
	e := c.cfg.Section(sectionAccounts, "")
	c.decode(e, &settings)
	c.osUsers = auth.NewOSUsers(c.parts.ComputerName, local.MayImpersonate)
	for i, entry := range e.Child("osUsers").Entries() {
		m := settings.OSUsers[i]
		if !c.osUsers.Add(m.Account, m.OSUser) {
			c.errorf(entry.Pos(), sectionAccounts, "account %q: its user of the operating system is said twice, by another spelling of the account", m.Account)
			continue
		}
		if domain, _, qualified := strings.Cut(m.Account, `\`); !qualified || strings.EqualFold(domain, c.parts.ComputerName) {
			c.unknownAccount(entry, m.Account, "nobody has this user")
		}
		pos := entry.Attr("osUser").Pos()
		_, err := auth.LookUpOSUser(m.OSUser)
		switch {
		case errors.Is(err, auth.ErrRoot):
			c.errorf(pos, sectionAccounts, "account %q: %v, whom no permission keeps out; name another user, or leave out the entry to access files with the rights of ftphost", m.Account, err)
		case err != nil:
			c.warnf(pos, sectionAccounts, "account %q cannot log in: %v", m.Account, err)
		}
		c.doubtImpersonation(entry.Pos(), "osUsers")
		c.mapped = append(c.mapped, mappedAccount{m.Account, pos})
	}
}

// mappedAccount is an account that is a user of the operating system, and where
// that is written.
type mappedAccount struct {
	name string
	pos  xmldoc.Pos
}

// osUserDoubts warns of accounts whose users the file system does not let into
// a site. It says nothing where this program cannot ask.
func (c *compiler) osUserDoubts(s *site.Site) {
	if len(s.Login.Providers) == 0 || !c.localAsked || c.parts.Accounts == nil || c.parts.Accounts() == nil {
		return
	}
	for _, account := range c.mapped {
		if strings.Contains(account.name, `\`) || !c.parts.Accounts().Knows(c.parts.ComputerName, account.name) {
			continue
		}
		p, err := c.osUsers.Of(auth.NewPrincipal(c.parts.ComputerName, account.name, c.parts.Accounts().GroupsOf(account.name)))
		if err != nil {
			continue // told already
		}
		_, err = s.Root.View(p, access.Anywhere()).Start()
		var wrong *content.Error
		if errors.As(err, &wrong) && errors.Is(err, fs.ErrPermission) {
			c.warnf(account.pos, sectionAccounts, "account %q cannot log in to site %q: the file system does not let the user %s into its folder: %v",
				account.name, s.Name, p.OSUser().Name, err)
		}
	}
}

// doubtImpersonation notes that there are accounts that are users of the
// operating system, and warns, once, that they cannot log in because nobody may
// act as another user. Where that can never be it is an error.
func (c *compiler) doubtImpersonation(pos xmldoc.Pos, what string) {
	c.impersonates = true
	err := local.MayImpersonate()
	switch {
	case err == nil || c.impersonationDoubted:
	case errors.Is(err, errors.ErrUnsupported):
		c.errorf(pos, sectionAccounts, "%s: %v; accounts as users of the operating system exist on Linux only", what, err)
	default:
		c.warnf(pos, sectionAccounts, "%s: accounts that are users of the operating system cannot log in to an ftphost with the rights of this one: %v", what, err)
	}
	c.impersonationDoubted = true
}
