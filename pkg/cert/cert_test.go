package cert

import (
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"testing"
	"time"
)

func TestParseThumbprint(t *testing.T) {
	const clean = "57686F6120447564652C2049495320526F636B73"
	for _, c := range []struct {
		text   string
		tidied bool
		ok     bool
	}{
		{clean, false, true},
		{"57686f6120447564652c2049495320526f636b73", false, true},
		{"\u200e57 68 6f 61 20 44 75 64 65 2c 20 49 49 53 20 52 6f 63 6b 73", true, true},
		{"57:68:6F:61:20:44:75:64:65:2C:20:49:49:53:20:52:6F:63:6B:73", true, true},
		{"", false, false},
		{clean[1:], false, false},
		{clean + "00", false, false},
		{"G" + clean[1:], false, false},
	} {
		got, tidied, err := ParseThumbprint(c.text)
		if c.ok && (got != clean || tidied != c.tidied || err != nil) {
			t.Errorf("%q: %s, tidied %v, %v", c.text, got, tidied, err)
		}
		if !c.ok && !errors.Is(err, ErrLength) {
			t.Errorf("%q: %s, %v; want ErrLength", c.text, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	plain := func(c *x509.Certificate) { c.Subject.CommonName = "Old.example.com" }
	for _, c := range []struct {
		of   identity
		host string
		want bool
	}{
		{issue(t, nil, nil, "ftp.example.com"), "FTP.example.com.", true},
		{issue(t, nil, nil, "ftp.example.com"), "www.example.com", false},
		{issue(t, nil, nil, "*.example.com"), "www.example.com", true},
		{issue(t, nil, nil, "*.example.com"), "a.b.example.com", false},
		{issue(t, nil, nil, "*.example.com"), "", false},
		{issue(t, nil, plain), "old.example.com", true},
		{issue(t, nil, plain, "new.example.com"), "old.example.com", false},
		{issue(t, nil, nil), "old.example.com", false},
		{issue(t, nil, nil), "", false},
	} {
		got := &Certificate{}
		got.TLS.Leaf = c.of.leaf
		if got.Covers(c.host) != c.want {
			t.Errorf("%v covers %q: %v", got.Names(), c.host, !c.want)
		}
	}
}

// A renewal keeps every name.
func TestMissingNames(t *testing.T) {
	made := func(cn string, names []string, ips ...string) *Certificate {
		c := &Certificate{}
		c.TLS.Leaf = issue(t, nil, func(x *x509.Certificate) {
			x.Subject.CommonName, x.DNSNames = cn, names
			for _, ip := range ips {
				x.IPAddresses = append(x.IPAddresses, net.ParseIP(ip))
			}
		}).leaf
		return c
	}
	for _, c := range []struct {
		old, renewed *Certificate
		want         []string
	}{
		{made("a", []string{"a.example.com", "b.example.com"}), made("b", []string{"B.example.com", "a.EXAMPLE.com"}), nil},
		{made("a", []string{"a.example.com", "b.example.com"}), made("a", []string{"a.example.com"}), []string{"b.example.com"}},
		{made("a", []string{"a.example.com"}), made("a", []string{"*.example.com"}), nil},
		{made("a", []string{"*.example.com"}), made("a", []string{"a.example.com"}), []string{"*.example.com"}},
		{made("a", []string{"*.example.com"}), made("a", []string{"*.EXAMPLE.com", "example.com"}), nil},
		{made("a", nil, "192.0.2.7", "2001:db8::1"), made("a", nil, "2001:db8:0::1"), []string{"192.0.2.7"}},
		{made("a", nil, "192.0.2.7"), made("a", []string{"192.0.2.7.example.com"}), []string{"192.0.2.7"}},
		{made("old.example.com", nil), made("new", []string{"old.example.com"}), nil},
		{made("old.example.com", nil), made("old.example.com", nil), nil},
		{made("WMSvc SHA2 HOST", nil), made("WMSvc SHA2 HOST", nil), nil},
		{made("old.example.com", nil), made("new.example.com", nil), []string{"old.example.com"}},
		{made("", nil), made("new", []string{"new.example.com"}), nil},
	} {
		if got := c.old.missing(c.renewed); !slices.Equal(got, c.want) {
			t.Errorf("%v lacks %v of %v, want %v", c.renewed.Names(), got, c.old.Names(), c.want)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	c := &Certificate{}
	c.TLS.Leaf = &x509.Certificate{NotAfter: moment}
	for ago, want := range map[time.Duration]int{31 * day: 31, 30*day + time.Hour: 30, 23 * time.Hour: 0, 0: 0, -time.Hour: -1, -25 * time.Hour: -2} {
		if got := c.DaysLeft(moment.Add(-ago)); got != want {
			t.Errorf("%v before the end: %d days, want %d", ago, got, want)
		}
	}
}
