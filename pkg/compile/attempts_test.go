package compile_test

import (
	"net/netip"
	"testing"
)

// TestExemptAddresses: single addresses that the server allows are never
// blocked for failed logins; what a site allows does not count.
func TestExemptAddresses(t *testing.T) {
	home, _ := homeWith(t, addresses(
		`<authentication><denyByFailure enabled="true" /></authentication><ipSecurity><add ipAddress="192.0.2.1" allowed="true"/><add ipAddress="198.51.100.0/24" allowed="true"/></ipSecurity>`,
		`one <ipSecurity><add ipAddress="192.0.2.2" allowed="true"/></ipSecurity>`,
	), "", nil)
	policy := compiled(t, home).Attempts
	for addr, want := range map[string]bool{"192.0.2.1": true, "192.0.2.2": false, "198.51.100.1": false, "203.0.113.1": false} {
		if got := policy.Exempt(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: exempt %v", addr, got)
		}
	}
}
