package site

import (
	"cmp"
	"net/netip"
	"slices"
)

// Snapshot is everything that is served: the sites and their endpoints. It is
// fixed once built; the host swaps one for the next.
type Snapshot struct {
	// Sites are the sites to run, in file order.
	Sites []*Site
	// Endpoints are the sockets they need, by port and address.
	Endpoints []*Endpoint
	// Stopped are the sites of the file that are not run, with the reason.
	Stopped []Stopped
	// Kept are sites among them that go on as they were before, because what the
	// file says of them now cannot be served, each with the reason.
	Kept map[*Site]string
	// UseDomainNameAsHostName lets host\user select a site.
	UseDomainNameAsHostName bool
}

// Stopped is a site that is configured but not run.
type Stopped struct {
	Name string
	ID   uint32
	// Reason says what is wrong, where and what to do; "" when the site is
	// switched off by serverAutoStart.
	Reason string
}

// Conflict is a binding that another site holds already.
type Conflict struct {
	Binding Binding
	Site    *Site
	Holder  *Site
}

// Endpoints groups the bindings of sites by the sockets they need. A port is
// opened on all addresses when one of its bindings asks for all of them, or
// one of its sites for sockets that are shared; otherwise on the named
// addresses only: nothing listens that was not asked for. Either way the site
// is found by the local address of a connection. Bindings that another site holds are returned; the first
// in the order of sites keeps them.
func Endpoints(sites []*Site) ([]*Endpoint, []Conflict) {
	wide := wideSockets(sites)
	byKey := map[socket]*Endpoint{}
	var conflicts []Conflict
	for _, s := range sites {
		for _, b := range s.Bindings {
			k := socketFor(b, wide)
			e := byKey[k]
			if e == nil {
				e = &Endpoint{
					Listen: k.addr, Port: k.port,
					exact: map[netip.Addr]map[string]*Site{}, any: map[string]*Site{},
				}
				byKey[k] = e
			}
			if holder := e.add(b, s); holder != nil && holder != s {
				conflicts = append(conflicts, Conflict{Binding: b, Site: s, Holder: holder})
			}
		}
	}
	endpoints := make([]*Endpoint, 0, len(byKey))
	for _, e := range byKey {
		endpoints = append(endpoints, e)
	}
	slices.SortFunc(endpoints, func(a, b *Endpoint) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), a.Listen.Compare(b.Listen))
	})
	return endpoints, conflicts
}

// socket is what one listening socket is bound to; the zero Addr is all
// addresses of both families.
type socket struct {
	addr netip.Addr
	port uint16
}

// wideSockets are the sockets on all addresses, or on all of one family, that
// bindings or their sites ask for.
func wideSockets(sites []*Site) map[socket]bool {
	wide := map[socket]bool{}
	for _, s := range sites {
		for _, b := range s.Bindings {
			if s.Connections.PoolSockets {
				wide[socket{port: b.Port}] = true
			}
			if !b.Address.IsValid() || b.Address.IsUnspecified() {
				wide[socket{b.Address, b.Port}] = true
			}
		}
	}
	return wide
}

// socketFor returns the socket that serves b: the widest one its port has.
func socketFor(b Binding, wide map[socket]bool) socket {
	if all := (socket{port: b.Port}); wide[all] {
		return all
	}
	if b.Address.IsValid() {
		if family := (socket{unspecified(b.Address), b.Port}); wide[family] {
			return family
		}
	}
	return socket{b.Address, b.Port}
}
