package access_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// addressRules reads "+10.0.0.0/8 -*.example.com": entries in order, + allows.
func addressRules(text string, unlisted, reverse bool) *access.AddressRules {
	s := access.AddressSettings{AllowUnlisted: unlisted, ReverseDNS: reverse, Origin: "unlisted"}
	for _, word := range strings.Fields(text) {
		e := access.AddressEntry{Allowed: word[0] == '+', Origin: word}
		if n, err := access.ParseNetwork(word[1:], ""); err == nil {
			e.Network = n.Prefix
		} else {
			e.Domain = word[1:]
		}
		s.Entries = append(s.Entries, e)
	}
	return access.NewAddressRules(s)
}

// phoneBook is names by address; who is not in it cannot be looked up.
type phoneBook map[string]reversedns.Names

func (b phoneBook) Names(addr netip.Addr) reversedns.Names { return b[addr.String()] }

func known(confirmed, claimed string) reversedns.Names {
	return reversedns.Names{Known: true, Confirmed: strings.Fields(confirmed), Claimed: strings.Fields(confirmed + " " + claimed)}
}

func TestAddressRules(t *testing.T) {
	book := phoneBook{
		"192.0.2.1": known("pc.example.com", ""),
		"192.0.2.2": known("", "pc.example.com"), // says so, and is not
		"192.0.2.3": known("", ""),               // has no name
		"192.0.2.4": known("example.com", ""),
	}
	for _, c := range []struct {
		rules    string
		unlisted bool
		addr     string
		want     string // the deciding origin with + or - for the outcome
	}{
		{"", true, "192.0.2.1", "+unlisted"},
		{"", false, "192.0.2.1", "-unlisted"},
		{"-192.0.2.1", true, "192.0.2.1", "--192.0.2.1"},
		{"-192.0.2.1", true, "192.0.2.2", "+unlisted"},
		{"-192.0.2.1 +192.0.2.0/24", false, "192.0.2.1", "--192.0.2.1"},
		{"-192.0.2.1 +192.0.2.0/24", false, "192.0.2.2", "++192.0.2.0/24"},
		{"+192.0.2.0/24 -192.0.2.1", false, "192.0.2.1", "++192.0.2.0/24"},
		{"+192.0.2.0/24 -192.0.2.1", false, "192.0.3.1", "-unlisted"},
		{"-0.0.0.0/0", true, "255.255.255.255", "--0.0.0.0/0"},
		{"-0.0.0.0/0", true, "0.0.0.0", "--0.0.0.0/0"},
		{"-0.0.0.0/0", true, "::1", "+unlisted"},
		{"-::/0", true, "192.0.2.1", "+unlisted"},
		{"-::/0", true, "::1", "--::/0"},
		{"-192.0.2.1", true, "::ffff:192.0.2.1", "--192.0.2.1"},
		{"-fe80::1", true, "fe80::1%eth0", "--fe80::1"},
		{"-2001:db8::/32 ", true, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "--2001:db8::/32"},
		{"-2001:db8::/32 ", true, "2001:db9::", "+unlisted"},
		{"-255.255.255.255 -ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, "255.255.255.255", "--255.255.255.255"},
		{"+255.255.255.255 -ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "--ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"-10.0.0.0/8 +10.1.0.0/16 -10.1.1.0/24", true, "10.1.1.1", "--10.0.0.0/8"},
		{"-10.1.1.0/24 +10.1.0.0/16 -10.0.0.0/8", true, "10.1.2.1", "++10.1.0.0/16"},
		{"-10.1.1.0/24 +10.1.0.0/16 -10.0.0.0/8", true, "10.2.2.1", "--10.0.0.0/8"},
		{"+10.0.0.0/8 -10.0.0.0/8", false, "10.2.2.1", "++10.0.0.0/8"},
		{"+10.0.0.0/8", true, "", "-unlisted"},

		{"+pc.example.com", false, "192.0.2.1", "++pc.example.com"},
		{"+*.example.com", false, "192.0.2.1", "++*.example.com"},
		{"+*.example.com", false, "192.0.2.4", "-unlisted"},
		{"+*", false, "192.0.2.4", "++*"},
		{"+*", false, "192.0.2.3", "-unlisted"},
		{"+*.ample.com", false, "192.0.2.1", "-unlisted"},
		{"+*.example.com", false, "192.0.2.2", "-unlisted"},
		{"-*.example.com", true, "192.0.2.2", "--*.example.com"},
		{"-*.example.com", true, "192.0.2.3", "+unlisted"},
		{"+*.example.com", false, "192.0.2.99", "-unlisted"},
		{"-*.example.com", true, "192.0.2.99", "--*.example.com?"},
		{"+192.0.2.99 -*.example.com", true, "192.0.2.99", "++192.0.2.99"},
		{"+*.example.org -*.example.com +192.0.2.99", true, "192.0.2.99", "--*.example.com?"},
		{"+*.example.org +192.0.2.99 -*.example.com", true, "192.0.2.99", "++192.0.2.99"},
	} {
		addr, _ := netip.ParseAddr(c.addr) // "" is none
		d := addressRules(c.rules, c.unlisted, true).Decide(access.Client{Addr: addr, Names: book})
		got := "-" + d.Origin
		if d.Allowed {
			got = "+" + d.Origin
		}
		if d.Unknown {
			got += "?"
		}
		if got != c.want {
			t.Errorf("%q for %s: %s, want %s", c.rules, c.addr, got, c.want)
		}
	}
}

func TestNamesAreNotAskedFor(t *testing.T) {
	client := access.Client{Addr: netip.MustParseAddr("192.0.2.1"), Names: forbidden{t}}
	for _, rules := range []*access.AddressRules{
		nil,
		addressRules("-*.example.com", true, false),
		addressRules("+192.0.2.0/24 -*.example.com", true, true),
	} {
		if d := rules.Decide(client); !d.Allowed {
			t.Errorf("refused: %s", d.Reason())
		}
	}
	if d := addressRules("-*.example.com", true, true).Decide(access.Client{Addr: client.Addr}); d.Allowed || !d.Unknown {
		t.Errorf("without a source of names: %+v", d)
	}
}

func TestAnywhere(t *testing.T) {
	if d := addressRules("-0.0.0.0/0 -::/0", false, false).Decide(access.Anywhere()); !d.Allowed {
		t.Errorf("refused: %s", d.Reason())
	}
}

// TestExempts: one address that is allowed is, a network, a name and what is
// not listed are not.
func TestExempts(t *testing.T) {
	for rules, want := range map[string]bool{
		"+192.0.2.1": true, "+192.0.2.1/32 -0.0.0.0/0": true, "+192.0.2.1 -*.a.b": true,
		"": false, "-192.0.2.1": false, "+192.0.2.0/31": false, "+192.0.2.2": false, "-*.a.b +192.0.2.1": false, "+* +192.0.2.1": true,
	} {
		if got := addressRules(rules, true, true).Exempts(netip.MustParseAddr("192.0.2.1")); got != want {
			t.Errorf("%q: %v", rules, got)
		}
	}
	var none *access.AddressRules
	if none.Exempts(netip.MustParseAddr("192.0.2.1")) {
		t.Error("exempt without rules")
	}
}

type forbidden struct{ t *testing.T }

func (f forbidden) Names(addr netip.Addr) reversedns.Names {
	f.t.Errorf("the name of %v is asked for", addr)
	return reversedns.Names{}
}

func TestReasons(t *testing.T) {
	client := access.Client{Addr: netip.MustParseAddr("192.0.2.1")}
	for want, rules := range map[string]*access.AddressRules{
		"an entry denies 192.0.2.0/24":                                              addressRules("-192.0.2.0/24", true, false),
		"an entry allows 192.0.2.1":                                                 addressRules("+192.0.2.1", true, false),
		"no entry matches the address, and allowUnlisted is false":                  addressRules("+10.0.0.1", false, false),
		"no entry matches the address, and allowUnlisted is true":                   addressRules("+10.0.0.1", true, false),
		"the name of the address could not be found out, and an entry denies *.a.b": addressRules("-*.a.b", true, true),
	} {
		if got := rules.Decide(client).Reason(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestAddressesByLocation: the nearest location that says something counts.
func TestAddressesByLocation(t *testing.T) {
	tree := access.NewTree([]access.Level{
		{Path: "/", Addresses: addressRules("-192.0.2.1", true, false)},
		{Path: "/open", Addresses: addressRules("", true, false)},
		{Path: "/open/closed", Addresses: addressRules("", false, false)},
	})
	for path, want := range map[vpath.Path]bool{"/": false, "/a": false, "/Open": true, "/open/x.txt": true, "/open/closed": false, "/open/CLOSED/x": false} {
		client := access.Client{Addr: netip.MustParseAddr("192.0.2.1")}
		err := tree.Admit(client, path)
		var d *access.Denied
		if errors.As(err, &d) && d.SubStatus != access.SubStatusIPRestriction || (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := access.NewTree(nil).Admit(access.Client{}, "/"); err != nil {
		t.Errorf("without rules: %v", err)
	}
}

func TestShadowed(t *testing.T) {
	for rules, want := range map[string]string{
		"-10.0.0.0/8 +10.1.1.1":                          "+10.1.1.1<-10.0.0.0/8",
		"+10.1.1.1 -10.0.0.0/8":                          "",
		"-10.0.0.0/9 -10.128.0.0/9 +10.0.0.0/8":          "+10.0.0.0/8<-10.0.0.0/9",
		"-10.0.0.0/9 +10.0.0.0/8":                        "",
		"-10.0.0.0/8 -10.0.0.0/8":                        "-10.0.0.0/8<-10.0.0.0/8",
		"-0.0.0.0/0 +::1":                                "",
		"-::/0 +::1":                                     "+::1<-::/0",
		"-*.a.b -*.x.a.b -y.a.b -a.b":                    "-*.x.a.b<-*.a.b -y.a.b<-*.a.b",
		"-* +a.b":                                        "+a.b<-*",
		"+*.a.b -x.a.b":                                  "",
		"+*.a.b +x.a.b +x.a.b":                           "+x.a.b<+*.a.b +x.a.b<+x.a.b",
		"-0.0.0.0/1 -128.0.0.0/1 +1.2.3.4 +200.0.0.0/31": "+1.2.3.4<-0.0.0.0/1 +200.0.0.0/31<-128.0.0.0/1",
	} {
		var got []string
		for _, s := range addressRules(rules, true, true).Shadowed() {
			got = append(got, s.Entry.Origin+"<"+s.By.Origin)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", rules, got, want)
		}
	}
}

// TestFirstMatch compares with the definition: the first entry that contains
// the address.
func TestFirstMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var entries []access.AddressEntry
		for i := range 1 + r.IntN(40) + 3000*(round%100/99) {
			entries = append(entries, access.AddressEntry{Network: randomNetwork(r), Origin: fmt.Sprint(i)})
		}
		rules := access.NewAddressRules(access.AddressSettings{Entries: entries, Origin: "unlisted"})
		for range 200 {
			addr, want := randomNetwork(r).Addr(), "unlisted"
			for _, e := range entries {
				if e.Network.Contains(addr) {
					want = e.Origin
					break
				}
			}
			if got := rules.Decide(access.Client{Addr: addr}).Origin; got != want {
				t.Fatalf("%v in %v: entry %s decides, want %s", addr, entries, got, want)
			}
		}
	}
}

// randomNetwork is one of a few that often have to do with each other.
func randomNetwork(r *rand.Rand) netip.Prefix {
	if r.IntN(2) == 0 {
		addr := netip.AddrFrom4([4]byte{byte(254 + r.IntN(2)), byte(r.IntN(2)), 255, byte(r.IntN(256))})
		return netip.PrefixFrom(addr, r.IntN(33)).Masked()
	}
	b := [16]byte{0: byte(255 * r.IntN(2)), 7: byte(r.IntN(4)), 8: byte(64 * r.IntN(4)), 15: byte(r.IntN(256))}
	return netip.PrefixFrom(netip.AddrFrom16(b), r.IntN(129)).Masked()
}

// manyRules are n entries, by kind: networks all over IPv4, networks within
// 10.0.0.0/8, single addresses of IPv4, or single addresses of IPv6. Half of the
// clients are listed.
func manyRules(n int, kind string) (*access.AddressRules, []access.Client) {
	r := rand.New(rand.NewPCG(3, uint64(n)))
	s := access.AddressSettings{AllowUnlisted: true, Origin: "unlisted"}
	random := func() netip.Addr {
		v := [16]byte{}
		for i := range v {
			v[i] = byte(r.Uint32())
		}
		switch kind {
		case "IPv6":
			return netip.AddrFrom16(v)
		case "one network":
			v[0] = 10
		}
		return netip.AddrFrom4([4]byte(v[:4]))
	}
	for i := range n {
		addr := random()
		length := addr.BitLen()
		if kind == "networks" || kind == "one network" {
			length = 20 + i%13
		}
		s.Entries = append(s.Entries, access.AddressEntry{Network: netip.PrefixFrom(addr, length).Masked(), Origin: "entry"})
	}
	clients := make([]access.Client, 4096)
	for i := range clients {
		clients[i].Addr = random()
		if i%2 == 0 {
			clients[i].Addr = s.Entries[r.IntN(n)].Network.Addr()
		}
	}
	return access.NewAddressRules(s), clients
}

func TestDecideAddressAllocatesNothing(t *testing.T) {
	rules, clients := manyRules(10000, "networks")
	tree := access.NewTree([]access.Level{{Path: "/a/b", Addresses: rules}})
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		tree.DecideAddress(clients[i%len(clients)], "/a/b/c/d.txt")
		i++
	}); n != 0 {
		t.Errorf("%v allocations a decision", n)
	}
}

func BenchmarkDecideAddress(b *testing.B) {
	for _, kind := range []string{"networks", "one network", "single", "IPv6"} {
		for _, n := range []int{10, 100, 1000, 10000} {
			rules, clients := manyRules(n, kind)
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					rules.Decide(clients[i&4095])
					i++
				}
			})
		}
	}
}
