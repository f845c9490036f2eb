package vfs_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// TestAddressesAtPaths: the address is asked about after the spelling of a path
// and before the rules for users.
func TestAddressesAtPaths(t *testing.T) {
	network, err := access.ParseNetwork("192.0.2.0", "24")
	must(t, err)
	closed := access.NewAddressRules(access.AddressSettings{
		AllowUnlisted: true, Entries: []access.AddressEntry{{Network: network.Prefix, Origin: "here"}},
	})
	hidden := access.NewRequestFilter(access.FilterSettings{HiddenSegments: []string{"hidden"}, AllowHighBit: true, AllowUnlistedExtensions: true})
	h := build(t, map[vpath.Path]string{"/": "root"}, "root/shut/hidden/f root/shut/f root/f", []access.Level{
		{Path: "/", Filter: hidden, Rules: []access.Rule{{Users: []string{"bob"}, Permissions: access.Read}}},
		{Path: "/shut", Addresses: closed},
	}, nil)
	n, err := vfs.NewNamespace(h.settings)
	must(t, err)
	for _, c := range []struct {
		addr string
		path vpath.Path
		want int // sub-status, 0 for none
	}{
		{"192.0.2.9", "/f", 0},
		{"192.0.2.9", "/shut/f", access.SubStatusIPRestriction},
		{"192.0.2.9", "/SHUT/f", access.SubStatusIPRestriction},
		{"192.0.2.9", "/shut/hidden/f", access.SubStatusHiddenSegment},
		{"198.51.100.1", "/shut/f", 0},
	} {
		client := access.Client{Addr: netip.MustParseAddr(c.addr)}
		sub := func(err error) int {
			var d *access.Denied
			if errors.As(err, &d) {
				return d.SubStatus
			}
			must(t, err)
			return 0
		}
		_, err := n.View(bob(), client).Stat(c.path)
		if got := sub(err); got != c.want {
			t.Errorf("%s from %s: sub-status %d, want %d", c.path, c.addr, got, c.want)
		}
		if _, err = n.View(nil, client).Stat(c.path); c.want != 0 && sub(err) != c.want {
			t.Errorf("%s from %s for nobody: %v", c.path, c.addr, err)
		}
	}
	client := access.Client{Addr: netip.MustParseAddr("192.0.2.9")}
	must(t, n.Admit(client))
	view := n.View(bob(), client)
	rights := view.RightsIn("/")
	must(t, view.List("/", vfs.ListOptions{}, func(info content.Info) error {
		if got, want := rights(info) != 0, info.Name != "shut"; got != want {
			t.Errorf("%s: rights %v", info.Name, rights(info))
		}
		if view.Rights("/"+vpath.Path(info.Name), info) != rights(info) {
			t.Errorf("%s: other rights asked alone", info.Name)
		}
		return nil
	}))
}
