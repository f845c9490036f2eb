package compile

import (
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// encryption warns of sites whose policies or ports ask for TLS that no
// client can have. It looks at endpoints, because TLS begins before a client
// has named a site: then it is that of the site without a host name, or of
// siteDefaults, and serves the named site as well.
func (c *compiler) encryption(snapshot *site.Snapshot) {
	byPort := map[uint16][]*site.Endpoint{}
	for _, e := range snapshot.Endpoints {
		e.DefaultTLS = c.defaultTLS
		byPort[e.Port] = append(byPort[e.Port], e)
	}
	for _, s := range snapshot.Sites {
		able := false
		for _, b := range s.Bindings {
			first := firstTLS(byPort[b.Port], b, s)
			able = able || first.Settings != nil
			if b.Implicit() && first.Settings == nil {
				c.implicit(s, b, first.IgnoreSNI)
			}
		}
		switch {
		case able:
		case s.TLS.Settings == nil:
			c.unencrypted(s, c.elements[s])
		case s.Channel.Control != site.ControlAllow:
			c.named(s)
		}
	}
}

// named warns of a site that requires TLS which clients get only after they
// have named it.
func (c *compiler) named(s *site.Site) {
	for _, b := range s.Bindings {
		if !b.Implicit() {
			c.warnf(position(b.Origin), sectionSites,
				"site %q: TLS is required, but clients that have named no site are refused it on port %d, so only those that send HOST first can log in; give siteDefaults a certificate, or add a binding without host name",
				s.Name, b.Port)
			return
		}
	}
}

// firstTLS is the TLS of a client that reaches a binding and has named no
// site.
func firstTLS(endpoints []*site.Endpoint, b site.Binding, s *site.Site) site.TLS {
	for _, e := range endpoints {
		if !e.Holds(b, s) {
			continue
		}
		if blank := e.Blank(b); blank != nil {
			return blank.TLS
		}
		return e.DefaultTLS
	}
	return site.TLS{}
}

// implicit warns of port 990 without a certificate at the beginning.
func (c *compiler) implicit(s *site.Site, b site.Binding, ignoreSNI bool) {
	remedy := "set serverCertHash"
	if b.Host != "" {
		remedy = "give siteDefaults a certificate, or add a binding without host name"
	}
	if b.Host != "" && s.TLS.Settings != nil && !ignoreSNI {
		c.warnf(position(b.Origin), sectionSites,
			"site %q: connections to port 990 begin with TLS, before a client has named the site, so only clients that send the name in TLS (SNI) reach %s; %s", s.Name, b, remedy)
		return
	}
	c.warnf(position(b.Origin), sectionSites,
		"site %q: connections to port 990 begin with TLS, and there is no certificate for %s, so none of them works; %s", s.Name, b, remedy)
}

// unencrypted warns when a policy requires the TLS that a site cannot have.
func (c *compiler) unencrypted(s *site.Site, e *apphost.Element) {
	ssl := e.Child("ftpServer").Child("security").Child("ssl")
	// The place of an absent ssl element is that of the site it is missing in.
	at := func(attr string) (xmldoc.Pos, string) {
		v := ssl.Attr(attr)
		if v.Set {
			return v.Pos(), v.Text
		}
		return e.Pos(), v.Text
	}
	const remedy = `give it one with serverCertHash, or allow plain FTP with <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />`
	if s.Channel.Control != site.ControlAllow {
		pos, policy := at("controlChannelPolicy")
		c.warnf(pos, sectionSites, "site %q: controlChannelPolicy is %s and the site has no certificate that can be used, so nobody can log in; %s", s.Name, policy, remedy)
	} else if s.Channel.Data == site.DataRequire {
		pos, policy := at("dataChannelPolicy")
		c.warnf(pos, sectionSites, "site %q: dataChannelPolicy is %s and the site has no certificate that can be used, so nothing can be listed or transferred; %s", s.Name, policy, remedy)
	}
}
