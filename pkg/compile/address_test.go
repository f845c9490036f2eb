package compile_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// addresses is plainSite with ipSecurity at the server, in line 22, and in
// locations, in the lines after it.
func addresses(server string, locations ...string) string {
	var b strings.Builder
	b.WriteString("<system.ftpServer><security>" + server + "</security></system.ftpServer>\n")
	for _, l := range locations {
		path, body, _ := strings.Cut(l, " ")
		fmt.Fprintf(&b, "<location path=%q><system.ftpServer><security>%s</security></system.ftpServer></location>\n", path, body)
	}
	return strings.Replace(plainSite, "</configuration>", b.String()+"</configuration>", 1)
}

func TestAddressFindings(t *testing.T) {
	const at = "applicationHost.config:"
	const section = ": system.ftpServer/security/ipSecurity: "
	for _, c := range []struct {
		name   string
		config string
		want   []string
	}{
		{"nothing", addresses(`<ipSecurity />`), nil},
		{"in order", addresses(`<ipSecurity><add ipAddress="192.0.2.1"/><add ipAddress="192.0.2.0/24" allowed="true"/></ipSecurity>`), nil},
		{
			"no address", addresses(`<ipSecurity><add ipAddress="192.0.2.*"/></ipSecurity>`),
			[]string{"error: " + at + "22:41" + section + `ipAddress "192.0.2.*" is not an IPv4 or IPv6 address; a network is written as ipAddress="192.0.2.0" subnetMask="255.255.255.0" or ipAddress="192.0.2.0/24"`},
		},
		{
			"no mask, at a site", addresses("", `one <ipSecurity><add ipAddress="192.0.2.0" subnetMask="255.0.255.0"/></ipSecurity>`),
			[]string{"error: " + at + "23:62" + section + `ipAddress "192.0.2.0" with mask "255.0.255.0": the mask has ones behind zeros, which makes no network; write one entry for each network`},
		},
		{
			"neither", addresses(`<ipSecurity><add allowed="false"/></ipSecurity>`),
			[]string{"error: " + at + "22:41" + section + `an entry needs an ipAddress or a domainName`},
		},
		{
			"both", addresses(`<ipSecurity><add ipAddress="192.0.2.1" domainName="a.b"/></ipSecurity>`),
			[]string{"error: " + at + "22:41" + section + `an entry names an address or a domain: make two of ipAddress "192.0.2.1" and domainName "a.b"`},
		},
		{
			"address as a name", addresses(`<ipSecurity enableReverseDns="true"><add domainName="192.0.2.1"/></ipSecurity>`),
			[]string{"error: " + at + "22:65" + section + `domainName "192.0.2.1" is an address: it belongs in ipAddress`},
		},
		{
			"no name", addresses(`<ipSecurity enableReverseDns="true"><add domainName="www*.a.b"/></ipSecurity>`),
			[]string{"error: " + at + "22:65" + section + `domainName "www*.a.b" is not a host name; * stands for all names, *.example.com for those below example.com`},
		},
		{
			"names are not looked up", addresses(`<ipSecurity><add domainName="*.a.b"/></ipSecurity>`),
			[]string{"warning: " + at + "22:46" + section + `domainName "*.a.b" matches nobody, since enableReverseDns is false`},
		},
		{"names are looked up at the site", addresses(`<ipSecurity><add domainName="*.a.b"/></ipSecurity>`, `one <ipSecurity enableReverseDns="true"/>`), nil},
		{
			"host bits", addresses(`<ipSecurity><add ipAddress="192.0.2.9" subnetMask="24"/></ipSecurity>`),
			[]string{"warning: " + at + "22:46" + section + `ipAddress "192.0.2.9" is inside the network 192.0.2.0/24, which this entry is for; write the first address of the network, or leave the mask out for the one address`},
		},
		{
			"all addresses without a mask", addresses(`<ipSecurity><add ipAddress="0.0.0.0"/></ipSecurity>`),
			[]string{"warning: " + at + "22:46" + section + `no client has the address 0.0.0.0; all of them are ipAddress="0.0.0.0" subnetMask="0.0.0.0", for IPv6 ipAddress="::/0"`},
		},
		{
			"shadowed", addresses(`<ipSecurity><add ipAddress="192.0.2.0/24"/>` + "\n" + `<add ipAddress="192.0.2.1" allowed="true"/></ipSecurity>`),
			[]string{"warning: " + at + "23:1" + section + "192.0.2.1: this entry never decides: entries before it match all that it matches, such as that for 192.0.2.0/24 at " + at + "22:41"},
		},
		{
			"shadowed by the server's", addresses(`<ipSecurity><add ipAddress="192.0.2.0/24"/></ipSecurity>`, `one <ipSecurity><add ipAddress="192.0.2.1" allowed="true"/></ipSecurity>`, `one/a <ipSecurity><add ipAddress="192.0.2.3"/></ipSecurity>`),
			[]string{
				"warning: " + at + "23:62" + section + "192.0.2.1: this entry never decides: entries before it match all that it matches, such as that for 192.0.2.0/24 at " + at + "22:41",
				"warning: " + at + "24:64" + section + "192.0.2.3: this entry never decides: entries before it match all that it matches, such as that for 192.0.2.0/24 at " + at + "22:41",
			},
		},
		{"no longer shadowed", addresses(`<ipSecurity><add ipAddress="192.0.2.0/24"/></ipSecurity>`, `one <ipSecurity><clear/><add ipAddress="192.0.2.1"/></ipSecurity>`), nil},
		{
			"nobody", addresses(`<ipSecurity allowUnlisted="false"/>`),
			[]string{"warning: " + at + "22:41" + section + `allowUnlisted is false and no entry has allowed="true", so nobody can connect`},
		},
		{
			"nobody at a path", addresses("", `one/a <ipSecurity allowUnlisted="false"/>`),
			[]string{"warning: " + at + "23:64" + section + `allowUnlisted is false and no entry has allowed="true", so nobody gets at /a`},
		},
		{
			"not this machine", addresses(`<ipSecurity allowUnlisted="false"><add ipAddress="192.0.2.1" allowed="true"/></ipSecurity>`),
			[]string{"warning: " + at + "22:41" + section + `clients on this machine cannot connect, since allowUnlisted is false and no entry is for them; allow them with <add ipAddress="127.0.0.1" allowed="true" />`},
		},
		{"this machine at the site", addresses(`<ipSecurity allowUnlisted="false"/>`, `one <ipSecurity><add ipAddress="127.0.0.1" allowed="true"/></ipSecurity>`), nil},
		{"not this machine, as it is written", addresses(`<ipSecurity allowUnlisted="false"><add ipAddress="127.0.0.1"/><add ipAddress="192.0.2.1" allowed="true"/></ipSecurity>`), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := check(t, c.config, ""); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// TestAddressesInForce: entries are inherited from the server to the site to
// the path, the inherited ones first.
func TestAddressesInForce(t *testing.T) {
	config := addresses(
		`<ipSecurity>`+"\n"+`<add ipAddress="192.0.2.1" allowed="true"/><add ipAddress="198.51.100.0" subnetMask="24"/></ipSecurity>`,
		`one <ipSecurity allowUnlisted="false"><add ipAddress="192.0.2.0" subnetMask="255.255.255.0" allowed="true"/><add ipAddress="127.0.0.1" allowed="true"/></ipSecurity>`,
		`one/less <ipSecurity><remove ipAddress="192.0.2.0" subnetMask="255.255.255.0"/></ipSecurity>`,
		`one/all <ipSecurity allowUnlisted="true"><clear/></ipSecurity>`,
		`one/late <ipSecurity><add ipAddress="192.0.2.7"/></ipSecurity>`,
	)
	home, _ := homeWith(t, config, "", nil)
	root := snapshot(t, home).Sites[0].Root
	for _, c := range []struct {
		path vpath.Path
		addr string
		want string // "" is served, otherwise the refusal
	}{
		{"/", "192.0.2.1", ""},
		{"/", "192.0.2.7", ""},
		{"/", "203.0.113.1", "no entry matches the address, and allowUnlisted is false (applicationHost.config:24:62)"},
		{"/", "198.51.100.9", "an entry denies 198.51.100.0/24 (applicationHost.config:23:44)"},
		{"/", "2001:db8::1", "no entry matches the address, and allowUnlisted is false (applicationHost.config:24:62)"},
		{"/", "::ffff:192.0.2.7", ""},
		{"/less", "192.0.2.1", ""},
		{"/less/x", "192.0.2.7", "no entry matches the address, and allowUnlisted is false (applicationHost.config:24:62)"},
		{"/all", "198.51.100.9", ""},
		{"/late", "192.0.2.7", ""},
	} {
		// Nobody may read anything here, so who is served is refused by the rules.
		err := root.View(nil, access.Client{Addr: netip.MustParseAddr(c.addr)}).Enter(c.path)
		var d *access.Denied
		got := fmt.Sprint(err)
		if errors.As(err, &d) && d.SubStatus == access.SubStatusAuthorization {
			got = ""
		}
		if got = strings.ReplaceAll(got, home.Dir+"/", ""); got != c.want {
			t.Errorf("%s from %s: %q, want %q", c.path, c.addr, got, c.want)
		}
	}
}
