package compile

import "github.com/ftphost/ftphost/pkg/auth"

// attempts reads denyByFailure. Nobody is exempt, as long as the addresses
// that ipSecurity allows by name are not served.
func (c *compiler) attempts() auth.AttemptPolicy {
	var settings attemptSettings
	c.decode(c.cfg.Section(sectionAuthentication, ""), &settings)
	deny := settings.Deny
	if deny.Enabled && deny.Expiration <= 0 {
		v := c.cfg.Section(sectionAuthentication, "").Child("denyByFailure").Attr("entryExpiration")
		c.warnf(v.Pos(), sectionAuthentication, "entryExpiration %q: failed logins are forgotten at once, so no address is ever blocked", v.Text)
	}
	return auth.AttemptPolicy{Enabled: deny.Enabled, MaxFailures: deny.MaxFailure, Period: deny.Expiration, LogOnly: deny.LoggingOnly}
}
