package ldap

import "time"

// Expand puts names into a filter.
func Expand(filter, user, upn, dn string) string { return expand(filter, user, upn, dn) }

// KeepFor changes how long unused connections are kept.
func (p *Provider) KeepFor(d time.Duration) { p.pool.keptFor = d }
