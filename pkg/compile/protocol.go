package compile

import (
	"fmt"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/site"
)

// protocolOf is what one site speaks. Only what is said for the site itself
// counts: a session speaks one way wherever it goes.
func (c *compiler) protocolOf(siteName string) site.Protocol {
	if c.saidOf(siteName, sectionProtocol) {
		return c.readProtocol(siteName)
	}
	return c.protocol
}

// readProtocol reads ftpHost/protocol as it is in force at a location.
func (c *compiler) readProtocol(location string) site.Protocol {
	var p protocolSettings
	e := c.cfg.Section(sectionProtocol, location)
	c.decode(e, &p)
	return site.Protocol{
		FeatureSet: site.FeatureSet(p.FeatureSet), Identity: p.Identity,
		Replies:        site.Replies(p.Replies),
		LegacyCodePage: c.codePage(e, p.CodePage),
		SiteUtime:      site.Policy(p.SiteUtime), SiteChmod: site.Policy(p.SiteChmod),
	}
}

// codePage checks the number of a code page; 0 is none.
func (c *compiler) codePage(e *apphost.Element, number uint32) codepage.Page {
	page := codepage.Page(number) //nolint:gosec // compared below
	if number == 0 || uint32(page) == number && page.Known() {
		return page
	}
	known := strings.Trim(fmt.Sprint(codepage.Numbers()), "[]")
	c.errorf(e.Attr("legacyCodePage").Pos(), sectionProtocol,
		"there is no code page %d here; use 0 for UTF-8, or one of %s", number, strings.ReplaceAll(known, " ", ", "))
	return codepage.UTF8
}
