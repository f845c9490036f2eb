package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
)

// generation is what is served from one change of the configuration to the
// next. It is fixed once it is current.
type generation struct {
	*site.Snapshot
	result *compile.Result
	// number counts the generations, from 1.
	number uint64
	// since is when it came.
	since time.Time
	// problems are what was found on the way.
	problems apphost.ErrorList
	// changes are what became of the sites of the one before.
	changes []compile.Change
	// byAddress has its endpoints.
	byAddress map[socketAddress]*site.Endpoint
	opened    []*opened
	// beside are sockets that are open although a wider one has their port: to
	// close one would reset the connections that are just being made there.
	beside []*opened
	failed map[uint32][]string // site ID → what could not be opened
}

// opened is one open endpoint. It outlives the generations that have it.
type opened struct {
	at       socketAddress
	listener net.Listener
	// backlog is how long its queue was made; 0 is as the system likes it.
	backlog int
	// endpoint is nil when nobody is served there any more.
	endpoint atomic.Pointer[site.Endpoint]
}

// socketAddress is what a listener is bound to, by the configured port; the zero
// Addr stands for all addresses.
type socketAddress struct {
	addr netip.Addr
	port uint16
}

func addressOf(e *site.Endpoint) socketAddress { return socketAddress{e.Listen, e.Port} }

// newGeneration is the one that follows before, which may be nil. Nothing is
// open yet.
func newGeneration(before *generation, r *compile.Result, problems apphost.ErrorList) *generation {
	g := &generation{Snapshot: r.Snapshot, result: r, number: 1, since: time.Now(), problems: problems, failed: map[uint32][]string{}, byAddress: make(map[socketAddress]*site.Endpoint, len(r.Snapshot.Endpoints))}
	for _, e := range g.Endpoints {
		g.byAddress[addressOf(e)] = e
	}
	var earlier *compile.Result
	if before != nil {
		g.number, earlier = before.number+1, before.result
	}
	g.changes = compile.Changes(earlier, r)
	return g
}

// open takes over what there is of the endpoints and opens the others. It
// returns what was opened. An endpoint that cannot be opened is noted for the
// sites that want it, and the others go on.
func (g *generation) open(ctx context.Context, h *Host, there []*opened) (fresh []*opened) {
	at, inTheWay := map[socketAddress]*opened{}, map[uint16][]*opened{}
	for _, o := range there {
		at[o.at] = o
		if g.byAddress[o.at] == nil {
			inTheWay[o.at.port] = append(inTheWay[o.at.port], o)
		}
	}
	for _, e := range g.Endpoints {
		if o := at[addressOf(e)]; o != nil {
			g.opened = append(g.opened, o)
			continue
		}
		o, err := h.open(ctx, e, inTheWay[e.Port])
		if err != nil {
			g.note(e, err)
			continue
		}
		g.opened, fresh = append(g.opened, o), append(fresh, o)
	}
	return fresh
}

// note records that an endpoint is not open, for each site bound to it.
func (g *generation) note(e *site.Endpoint, err error) {
	for _, s := range g.Sites {
		for _, b := range s.Bindings {
			if e.Holds(b, s) {
				g.failed[s.ID] = append(g.failed[s.ID], fmt.Sprintf("%s: %v", b.Origin, err))
			}
		}
	}
}

// enter has the sockets serve this generation. Those that it does not need are
// to be closed, at once or, if they have been opened on more addresses than are
// served now, soon: sessions that came by those go on.
func (g *generation) enter(before []*opened) (atOnce, soon []*opened) {
	for _, o := range g.opened {
		o.endpoint.Store(g.endpointAt(o.at))
	}
	for _, o := range before {
		if g.byAddress[o.at] != nil {
			continue
		}
		if e := g.endpointAt(o.at); e != nil {
			o.endpoint.Store(e)
			g.beside = append(g.beside, o)
		} else if e := g.within(o.at); e != nil {
			o.endpoint.Store(e)
			soon = append(soon, o)
		} else {
			o.endpoint.Store(nil)
			atOnce = append(atOnce, o)
		}
	}
	return atOnce, soon
}

// within is what is served at some of the addresses that a wide socket is bound
// to, or nil.
func (g *generation) within(at socketAddress) *site.Endpoint {
	var narrow []*site.Endpoint
	for _, e := range g.Endpoints {
		if e.Port == at.port && (!at.addr.IsValid() || at.addr.IsUnspecified() && at.addr.Is4() == e.Listen.Is4()) {
			narrow = append(narrow, e)
		}
	}
	return site.Joined(narrow)
}

// sockets are all that are open.
func (g *generation) sockets() []*opened { return slices.Concat(g.opened, g.beside) }

// endpointAt is the endpoint that serves connections to an address, or nil: the
// one of just that address, or of all addresses of its family, or of all.
func (g *generation) endpointAt(at socketAddress) *site.Endpoint {
	if e := g.byAddress[at]; e != nil {
		return e
	}
	if at.addr.IsValid() {
		family := netip.IPv6Unspecified()
		if at.addr.Is4() {
			family = netip.IPv4Unspecified()
		}
		if e := g.byAddress[socketAddress{family, at.port}]; e != nil {
			return e
		}
	}
	return g.byAddress[socketAddress{port: at.port}]
}

// logFailures logs which bindings are not open.
func (g *generation) logFailures(h *Host) {
	for _, s := range g.Sites {
		for _, reason := range g.failed[s.ID] {
			h.options.Log.Error().Str(logging.Site, s.Name).Str("reason", reason).Msg("binding not opened")
		}
	}
}

// Generation is the number of what is served now, from 1; each change has the
// next.
func (h *Host) Generation() uint64 { return h.current.Load().number }
