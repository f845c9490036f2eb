package ldap

// Expand puts names into a filter.
func Expand(filter, user, upn, dn string) string { return expand(filter, user, upn, dn) }
