package compile

import "github.com/ftphost/ftphost/pkg/auth"

// attempts reads denyByFailure. Exempt are the single addresses that the
// server's ipSecurity allows, as in IIS.
func (c *compiler) attempts() auth.AttemptPolicy {
	var settings attemptSettings
	c.decode(c.cfg.Section(sectionAuthentication, ""), &settings)
	deny := settings.Deny
	if deny.Enabled && deny.Expiration <= 0 {
		v := c.cfg.Section(sectionAuthentication, "").Child("denyByFailure").Attr("entryExpiration")
		c.warnf(v.Pos(), sectionAuthentication, "entryExpiration %q: failed logins are forgotten at once, so no address is ever blocked", v.Text)
	}
	return auth.AttemptPolicy{
		Enabled: deny.Enabled, MaxFailures: deny.MaxFailure, Period: deny.Expiration, LogOnly: deny.LoggingOnly,
		Exempt: c.serverLevel.Addresses.Exempts,
	}
}
