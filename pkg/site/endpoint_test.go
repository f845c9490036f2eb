package site_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/site"
)

func named(name string, bindings ...site.Binding) *site.Site {
	return &site.Site{Name: name, Bindings: bindings}
}

func on(addr string, port uint16, host string) site.Binding {
	b := site.Binding{Port: port, Host: host}
	if addr != "*" {
		b.Address = netip.MustParseAddr(addr)
	}
	return b
}

func TestSelect(t *testing.T) {
	sites := []*site.Site{
		named("default", on("*", 21, ""), on("*", 2121, "")),
		named("shop", on("*", 21, "shop.example.com")),
		named("partner", on("192.0.2.20", 21, ""), on("2001:db8::20", 21, "")),
		named("named only", on("192.0.2.30", 21, "only.example.com")),
		named("all v4", on("0.0.0.0", 2222, "")),
	}
	endpoints, conflicts := site.Endpoints(sites)
	if len(conflicts) != 0 {
		t.Fatalf("conflicts: %v", conflicts)
	}
	byPort := map[uint16]*site.Endpoint{}
	for _, e := range endpoints {
		if byPort[e.Port] != nil {
			t.Fatalf("two endpoints on port %d", e.Port)
		}
		byPort[e.Port] = e
	}
	for _, c := range []struct {
		local string
		port  uint16
		host  string
		want  string
	}{
		{"192.0.2.1", 21, "", "default"},
		{"::1", 21, "", "default"},
		{"::ffff:192.0.2.1", 21, "", "default"},
		{"192.0.2.1", 21, "SHOP.example.com", "shop"},
		{"192.0.2.1", 21, "nobody.example.com", ""},
		{"192.0.2.20", 21, "", "partner"},
		{"::ffff:192.0.2.20", 21, "", "partner"},
		{"2001:db8::20", 21, "", "partner"},
		{"192.0.2.20", 21, "shop.example.com", "shop"},
		{"192.0.2.30", 21, "", ""},
		{"192.0.2.30", 21, "only.example.com", "named only"},
		{"192.0.2.1", 21, "only.example.com", ""},
		{"192.0.2.1", 2121, "", "default"},
		{"192.0.2.1", 2222, "", "all v4"},
		{"2001:db8::1", 2222, "", ""},
	} {
		got := ""
		if s := byPort[c.port].Select(netip.MustParseAddr(c.local), c.host); s != nil {
			got = s.Name
		}
		if got != c.want {
			t.Errorf("%s port %d host %q: site %q, want %q", c.local, c.port, c.host, got, c.want)
		}
	}
}

func TestEndpointsListenOnlyWhereAsked(t *testing.T) {
	endpoints, _ := site.Endpoints([]*site.Site{
		named("a", on("192.0.2.1", 21, ""), on("192.0.2.2", 21, "")),
		named("b", on("*", 22, ""), on("192.0.2.1", 22, "b")),
		named("c", on("0.0.0.0", 23, ""), on("192.0.2.1", 23, "c"), on("2001:db8::1", 23, "")),
	})
	want := "192.0.2.1:21 192.0.2.2:21 *:22 0.0.0.0:23 [2001:db8::1]:23"
	if got := listening(endpoints); got != want {
		t.Errorf("listening on %s, want %s", got, want)
	}
}

// listening are the sockets of endpoints.
func listening(endpoints []*site.Endpoint) string {
	var list []string
	for _, e := range endpoints {
		addr := fmt.Sprintf("*:%d", e.Port)
		if e.Listen.IsValid() {
			addr = netip.AddrPortFrom(e.Listen, e.Port).String()
		}
		list = append(list, addr)
	}
	return strings.Join(list, " ")
}

// pooled is a site that says disableSocketPooling="false".
func pooled(name string, bindings ...site.Binding) *site.Site {
	s := named(name, bindings...)
	s.Connections.PoolSockets = true
	return s
}

func TestPooledSockets(t *testing.T) {
	for _, c := range []struct {
		name  string
		sites []*site.Site
		want  string
	}{
		{"one site", []*site.Site{pooled("a", on("192.0.2.1", 21, ""), on("2001:db8::1", 990, ""))}, "*:21 *:990"},
		{"one of two on a port", []*site.Site{pooled("a", on("192.0.2.1", 21, "")), named("b", on("192.0.2.2", 21, ""))}, "*:21"},
		{"another port", []*site.Site{pooled("a", on("192.0.2.1", 21, "")), named("b", on("192.0.2.2", 22, ""))}, "*:21 192.0.2.2:22"},
		{"all of a family", []*site.Site{pooled("a", on("0.0.0.0", 21, ""))}, "*:21"},
		{"nobody", []*site.Site{named("a", on("192.0.2.1", 21, "")), named("b", on("2001:db8::2", 21, ""))}, "192.0.2.1:21 [2001:db8::2]:21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			endpoints, conflicts := site.Endpoints(c.sites)
			if got := listening(endpoints); got != c.want || len(conflicts) != 0 {
				t.Errorf("listening on %s, want %s; conflicts %v", got, c.want, conflicts)
			}
		})
	}
}

// TestPooledSocketAnswersAtItsAddressesOnly: the socket is wide, the site is
// not.
func TestPooledSocketAnswersAtItsAddressesOnly(t *testing.T) {
	a, b := pooled("a", on("192.0.2.1", 21, "")), named("b", on("2001:db8::2", 21, "x"))
	endpoints, _ := site.Endpoints([]*site.Site{a, b})
	if len(endpoints) != 1 {
		t.Fatalf("%d endpoints", len(endpoints))
	}
	for _, c := range []struct {
		local, host string
		want        *site.Site
	}{
		{"192.0.2.1", "", a},
		{"192.0.2.2", "", nil},
		{"2001:db8::2", "x", b},
		{"2001:db8::1", "x", nil},
	} {
		if got := endpoints[0].Select(netip.MustParseAddr(c.local), c.host); got != c.want {
			t.Errorf("%s %q: %v", c.local, c.host, got)
		}
	}
}

func TestBlank(t *testing.T) {
	sites := []*site.Site{
		named("all", on("*", 21, ""), on("*", 21, "all.example.com")),
		named("one", on("192.0.2.1", 21, "one.example.com"), on("192.0.2.2", 21, "")),
		named("v6", on("::", 21, "v6.example.com"), on("2001:db8::1", 21, "")),
	}
	endpoints, _ := site.Endpoints(sites)
	if len(endpoints) != 1 {
		t.Fatalf("%d endpoints", len(endpoints))
	}
	for binding, want := range map[site.Binding]string{
		on("*", 21, "all.example.com"):         "all",
		on("192.0.2.1", 21, "one.example.com"): "",
		on("192.0.2.2", 21, "x"):               "one",
		on("::", 21, "v6.example.com"):         "",
		on("2001:db8::1", 21, ""):              "v6",
	} {
		got := ""
		if s := endpoints[0].Blank(binding); s != nil {
			got = s.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", binding, got, want)
		}
	}
}

func TestConflictKeepsTheFirst(t *testing.T) {
	first, second := named("first", on("*", 21, "x")), named("second", on("*", 21, "x"))
	endpoints, conflicts := site.Endpoints([]*site.Site{first, second})
	if len(conflicts) != 1 || conflicts[0].Site != second || conflicts[0].Holder != first {
		t.Fatalf("conflicts = %+v", conflicts)
	}
	if s := endpoints[0].Select(netip.MustParseAddr("127.0.0.1"), "x"); s != first {
		t.Errorf("the binding went to %v", s)
	}
}

// BenchmarkSelect is what ten thousand sites of one endpoint add to USER.
func BenchmarkSelect(b *testing.B) {
	var sites []*site.Site
	for i := range 10_000 {
		host := fmt.Sprintf("site%05d.example.com", i)
		sites = append(sites, named(host, on("*", 21, host)))
	}
	endpoints, _ := site.Endpoints(sites)
	local := netip.MustParseAddr("192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		if endpoints[0].Select(local, "site05000.example.com") == nil {
			b.Fatal("not found")
		}
	}
}
