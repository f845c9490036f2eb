package site

import (
	"iter"
	"maps"
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Endpoint is one listening socket as sessions see it: the sites that share
// it, chosen by local address and host name. It is fixed once built.
type Endpoint struct {
	// Listen is the address to listen on; an invalid Addr means all addresses.
	Listen netip.Addr
	// Port is the configured port.
	Port uint16
	// DefaultTLS is that of siteDefaults: it counts where no site answers
	// without a host name.
	DefaultTLS TLS
	// Log is the central log, for sessions that are on no site yet; nil where
	// each site has its own.
	Log *w3clog.Log

	exact map[netip.Addr]map[string]*Site
	any   map[string]*Site
}

// Implicit reports whether TLS starts with the connection on this endpoint.
func (e *Endpoint) Implicit() bool { return e.Port == ImplicitPort }

// Select returns the site a client reaches on this endpoint through the local
// address with the given host name, or nil. The blank host is the default
// site. A binding of exactly the local address goes before one of all
// addresses; a host name found only among the latter is still found.
func (e *Endpoint) Select(local netip.Addr, host string) *Site {
	local = local.Unmap().WithZone("")
	host = strings.ToLower(host)
	for _, hosts := range [...]map[string]*Site{e.exact[local], e.exact[unspecified(local)], e.any} {
		if s := hosts[host]; s != nil {
			return s
		}
		if host == "" && len(hosts) > 0 {
			// The address has bindings of its own but no default site: the
			// default site of a wider binding does not answer for it.
			return nil
		}
	}
	return nil
}

// Blank returns the site that answers at the address of binding b to clients
// that have named no host, or nil.
func (e *Endpoint) Blank(b Binding) *Site {
	if !b.Address.IsValid() {
		return e.any[""]
	}
	return e.Select(b.Address, "")
}

// unspecified is the address that stands for all of addr's family: 0.0.0.0 or
// [::] in a binding.
func unspecified(addr netip.Addr) netip.Addr {
	if addr.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// Joined is one endpoint for all that endpoints of one port serve, for
// connections that came when the port was open on all addresses. It is nil for
// none.
func Joined(endpoints []*Endpoint) *Endpoint {
	if len(endpoints) == 0 {
		return nil
	}
	all := &Endpoint{Port: endpoints[0].Port, DefaultTLS: endpoints[0].DefaultTLS, Log: endpoints[0].Log, exact: map[netip.Addr]map[string]*Site{}, any: map[string]*Site{}}
	for _, e := range endpoints {
		maps.Copy(all.any, e.any)
		maps.Copy(all.exact, e.exact)
	}
	return all
}

// Sites are those that are reached here, in no order; one with several bindings
// comes several times.
func (e *Endpoint) Sites() iter.Seq[*Site] {
	return func(yield func(*Site) bool) {
		for s := range maps.Values(e.any) {
			if !yield(s) {
				return
			}
		}
		for _, hosts := range e.exact {
			for _, s := range hosts {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Backlog is how many connections may wait to be accepted: the most that one
// of the sites asks for, or 0 when none asks.
func (e *Endpoint) Backlog() int {
	backlog := 0
	for s := range e.Sites() {
		backlog = max(backlog, s.Connections.ServerListenBacklog)
	}
	return backlog
}

// Holds reports whether binding b of site s is served by this endpoint.
func (e *Endpoint) Holds(b Binding, s *Site) bool {
	hosts := e.any
	if b.Address.IsValid() {
		hosts = e.exact[b.Address]
	}
	return b.Port == e.Port && hosts[b.Host] == s
}

// add enters one binding of s. It returns the site that holds the place
// already, or nil.
func (e *Endpoint) add(b Binding, s *Site) *Site {
	hosts := e.any
	if b.Address.IsValid() {
		if e.exact[b.Address] == nil {
			e.exact[b.Address] = map[string]*Site{}
		}
		hosts = e.exact[b.Address]
	}
	if other := hosts[b.Host]; other != nil {
		return other
	}
	hosts[b.Host] = s
	return nil
}
