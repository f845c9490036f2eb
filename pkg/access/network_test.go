package access_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
)

func TestParseNetwork(t *testing.T) {
	for _, c := range []struct {
		address, mask string
		want          string // the network, with ! for bits beyond the mask
		err           string
	}{
		{"192.0.2.7", access.DefaultMask, "192.0.2.7/32", ""},
		{"192.0.2.7", "", "192.0.2.7/32", ""},
		{" 192.0.2.7 ", " 255.255.255.255 ", "192.0.2.7/32", ""},
		{"192.0.2.0", "255.255.255.0", "192.0.2.0/24", ""},
		{"192.0.2.7", "255.255.255.0", "192.0.2.0/24!", ""},
		{"192.0.2.0", "24", "192.0.2.0/24", ""},
		{"192.0.2.0", "/24", "192.0.2.0/24", ""},
		{"192.0.2.0/24", access.DefaultMask, "192.0.2.0/24", ""},
		{"192.0.2.0/255.255.255.0", access.DefaultMask, "192.0.2.0/24", ""},
		{"192.0.2.9/29", access.DefaultMask, "192.0.2.8/29!", ""},
		{"0.0.0.0", "0.0.0.0", "0.0.0.0/0", ""},
		{"0.0.0.0", "0", "0.0.0.0/0", ""},
		{"10.0.0.0", "255.128.0.0", "10.0.0.0/9", ""},
		{"10.0.0.0", "255.255.255.254", "10.0.0.0/31", ""},
		{"2001:db8::1", access.DefaultMask, "2001:db8::1/128", ""},
		{"2001:db8::", "32", "2001:db8::/32", ""},
		{"2001:db8::/32", access.DefaultMask, "2001:db8::/32", ""},
		{"2001:db8::", "ffff:ffff::", "2001:db8::/32", ""},
		{"::/0", access.DefaultMask, "::/0", ""},
		{"2001:db8::5/64", "", "2001:db8::/64!", ""},
		{"::ffff:192.0.2.7", access.DefaultMask, "192.0.2.7/32", ""},
		{"::ffff:192.0.2.0/120", access.DefaultMask, "192.0.2.0/24", ""},

		{"::ffff:0:0/64", access.DefaultMask, "", "a prefix below 96 is no network of IPv4 addresses"},
		{"fe80::1%eth0", access.DefaultMask, "", "names a network interface"},
		{"192.0.2.0/24", "255.255.255.0", "", "write only one of them"},
		{"192.0.2.0", "33", "", "a prefix length is at most 32 here"},
		{"2001:db8::", "129", "", "a prefix length is at most 128 here"},
		{"192.0.2.0", "255.0.255.0", "", "the mask has ones behind zeros"},
		{"192.0.2.0", "0.0.0.255", "", "the mask has ones behind zeros"},
		{"192.0.2.0", "255.255.253.0", "", "the mask has ones behind zeros"},
		{"192.0.2.0", "255.255.255", "", "the mask is neither dotted"},
		{"192.0.2.0", "-1", "", "the mask is neither dotted"},
		{"192.0.2.0/", access.DefaultMask, "192.0.2.0/32", ""},
		{"2001:db8::", "255.255.0.0", "", "not of the same kind"},
		{"192.0.2.0", "ffff::", "", "not of the same kind"},
		{"192.168.1.*", access.DefaultMask, "", `is not an IPv4 or IPv6 address; a network is written as ipAddress="192.0.2.0"`},
		{"192.0.2.1-192.0.2.9", access.DefaultMask, "", "is not an IPv4 or IPv6 address"},
		{"10.1", access.DefaultMask, "", "is not an IPv4 or IPv6 address"},
		{"010.0.0.1", access.DefaultMask, "", "is not an IPv4 or IPv6 address"},
		{"ftp.example.com", access.DefaultMask, "", "is not an IPv4 or IPv6 address"},
		{"", access.DefaultMask, "", "is not an IPv4 or IPv6 address"},
	} {
		n, err := access.ParseNetwork(c.address, c.mask)
		got := ""
		if err == nil {
			got = n.Prefix.String()
			if n.HostBits {
				got += "!"
			}
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q mask %q: %q, %v; want %q, %q", c.address, c.mask, got, err, c.want, c.err)
		}
	}
}

// Whatever is written is refused, or a network that has the address and is
// written canonically as itself.
func FuzzParseNetwork(f *testing.F) {
	for _, s := range [][2]string{
		{"192.0.2.7", "255.255.255.0"},
		{"192.0.2.0/24", ""},
		{"2001:db8::/32", ""},
		{"::ffff:10.0.0.0", "104"},
		{"0.0.0.0", "0.0.0.0"},
		{"10.0.0.0", "255.0.255.0"},
		{"fe80::1%a", "64"},
		{"::", "ffff::"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, address, mask string) {
		n, err := access.ParseNetwork(address, mask)
		if err != nil {
			return
		}
		if !n.Prefix.IsValid() || n.Prefix != n.Prefix.Masked() || n.Prefix.Addr().Is4In6() {
			t.Fatalf("%q mask %q: %v is not canonical", address, mask, n.Prefix)
		}
		host, _, _ := strings.Cut(strings.TrimSpace(address), "/")
		if addr := netip.MustParseAddr(host).Unmap(); !n.Prefix.Contains(addr) || n.HostBits == (addr == n.Prefix.Addr()) {
			t.Errorf("%q mask %q: %v, host bits %v", address, mask, n.Prefix, n.HostBits)
		}
		again, err := access.ParseNetwork(n.Prefix.String(), access.DefaultMask)
		if err != nil || again.Prefix != n.Prefix || again.HostBits {
			t.Errorf("%q mask %q: %v is read back as %v, %v", address, mask, n.Prefix, again, err)
		}
	})
}
