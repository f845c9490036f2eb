package ldap_test

import (
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/ftphost/ftphost/pkg/auth/ldap"
)

// Whatever a name is, the filter asks for it and for nothing else.
func FuzzExpand(f *testing.F) {
	for _, name := range []string{"jo", "*", "jo)(uid=*", `\2a`, "{dn}", "{user}{upn}", "\x00", "\xff", "é(", `a\`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		packet, err := goldap.CompileFilter(ldap.Expand("(&(uid={user})(member={dn}))", name, "upn", "dc=x"))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if packet.Tag != goldap.FilterAnd || len(packet.Children) != 2 || packet.Children[0].Tag != goldap.FilterEqualityMatch || packet.Children[1].Tag != goldap.FilterEqualityMatch {
			t.Fatalf("%q: the filter is another one: %v", name, packet)
		}
		if got := packet.Children[0].Children[1].Data.String(); got != name {
			t.Errorf("%q: the filter asks for %q", name, got)
		}
		if got := packet.Children[1].Children[1].Data.String(); got != "dc=x" {
			t.Errorf("%q: the other part asks for %q", name, got)
		}
	})
}
