package compile

import "github.com/ftphost/ftphost/pkg/site"

// protocolOf is what one site speaks. Only what is said for the site itself
// counts: a session speaks one way wherever it goes.
func (c *compiler) protocolOf(siteName string) site.Protocol {
	protocol := c.protocol
	for _, l := range c.cfg.Locations(sectionProtocol, siteName) {
		if l.Path != "" && l.Path != "/" {
			c.warnf(l.Element.Pos(), sectionProtocol, `below a site it changes nothing; move it to <location path="%s">`, siteName)
			continue
		}
		protocol = c.readProtocol(siteName)
	}
	return protocol
}

// readProtocol reads ftpHost/protocol as it is in force at a location.
func (c *compiler) readProtocol(location string) site.Protocol {
	var p protocolSettings
	c.decode(c.cfg.Section(sectionProtocol, location), &p)
	return site.Protocol{
		FeatureSet: site.FeatureSet(p.FeatureSet), Identity: p.Identity,
		SiteUtime: site.Policy(p.SiteUtime), SiteChmod: site.Policy(p.SiteChmod),
	}
}
