package access

import (
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/reversedns"
)

// AddressEntry is one entry of system.ftpServer/security/ipSecurity: a network
// or a name.
type AddressEntry struct {
	// Network is what the entry is about when Domain is "".
	Network netip.Prefix
	// Domain is a host name in lower case, "*.example.com" for all names below
	// example.com, or "*" for all clients that have a name.
	Domain  string
	Allowed bool
	// Origin is where the entry is written, as file:line:col.
	Origin string
}

// String is the network or the name.
func (e *AddressEntry) String() string {
	switch {
	case e.Domain != "":
		return e.Domain
	case e.Network.IsSingleIP():
		return e.Network.Addr().String()
	default:
		return e.Network.String()
	}
}

// Names tells what the addresses of clients are called. It may take a while,
// but not long.
type Names interface {
	Names(addr netip.Addr) reversedns.Names
}

// Client is whom rules for addresses are asked about: the peer of a control
// connection.
type Client struct {
	Addr netip.Addr
	// Names is asked when a rule with a name could decide. With nil no name is
	// ever known.
	Names Names
	// anywhere says that no rule for addresses counts.
	anywhere bool
}

// Anywhere is nobody in particular, who is served wherever somebody is. It is
// for questions about accounts; sessions come from an address.
func Anywhere() Client { return Client{anywhere: true} }

// AddressSettings are the effective settings of ipSecurity at one location.
type AddressSettings struct {
	// Entries are in the order of evaluation.
	Entries []AddressEntry
	// AllowUnlisted is for clients that no entry matches.
	AllowUnlisted bool
	// ReverseDNS lets entries with names match.
	ReverseDNS bool
	// Origin is where AllowUnlisted is written, "" for the default.
	Origin string
}

// AddressRules decide which client addresses are served. They are fixed once
// built and safe for concurrent use; nil refuses nobody.
type AddressRules struct {
	settings AddressSettings
	ip4, ip6 networks
	// domains are the places of entries with names that can match.
	domains []int32
}

// NewAddressRules returns the rules of settings.
func NewAddressRules(settings AddressSettings) *AddressRules {
	r := &AddressRules{settings: settings}
	var ip4, ip6 []placed
	for i := range settings.Entries {
		e, place := &settings.Entries[i], int32(i) //nolint:gosec // a file has fewer entries
		switch {
		case e.Domain != "":
			if settings.ReverseDNS {
				r.domains = append(r.domains, place)
			}
		case e.Network.Addr().Is4():
			ip4 = append(ip4, placed{e.Network, place})
		default:
			ip6 = append(ip6, placed{e.Network, place})
		}
	}
	r.ip4, r.ip6 = newNetworks(ip4), newNetworks(ip6)
	return r
}

// Restrict reports whether some client could be refused.
func (r *AddressRules) Restrict() bool {
	return r != nil && (len(r.settings.Entries) > 0 || !r.settings.AllowUnlisted)
}

// AddressDecision is the outcome for one client and why.
type AddressDecision struct {
	Allowed bool
	// Entry decided; nil when none matched.
	Entry *AddressEntry
	// Unknown says that Entry denies a name and that the client's could not be
	// found out.
	Unknown bool
	// Origin is where the deciding entry or attribute is written, as
	// file:line:col, or "" when it is a default.
	Origin string
}

// Reason says in words why.
func (d AddressDecision) Reason() string {
	switch {
	case d.Entry == nil && d.Allowed:
		return "no entry matches the address, and allowUnlisted is true"
	case d.Entry == nil:
		return "no entry matches the address, and allowUnlisted is false"
	case d.Unknown:
		return "the name of the address could not be found out, and an entry denies " + d.Entry.String()
	case d.Allowed:
		return "an entry allows " + d.Entry.String()
	default:
		return "an entry denies " + d.Entry.String()
	}
}

// denied is the refusal of d.
func (d AddressDecision) denied() *Denied {
	return &Denied{SubStatus: SubStatusIPRestriction, Reason: d.Reason(), Origin: d.Origin}
}

// Decide finds the first entry that matches the client. Names are looked up
// only when an entry with one comes before the first network that matches.
func (r *AddressRules) Decide(c Client) AddressDecision {
	if r == nil || c.anywhere {
		return AddressDecision{Allowed: true}
	}
	addr := c.Addr.Unmap().WithZone("")
	place := none
	switch {
	case addr.Is4():
		place = r.ip4.find(numberOf(addr))
	case addr.Is6():
		place = r.ip6.find(numberOf(addr))
	default:
		// Who has no address cannot be told from those who are denied.
		return AddressDecision{Origin: r.settings.Origin}
	}
	if len(r.domains) > 0 && r.domains[0] < place {
		if d, decided := r.byName(addr, c.Names, place); decided {
			return d
		}
	}
	if place != none {
		e := &r.settings.Entries[place]
		return AddressDecision{Allowed: e.Allowed, Entry: e, Origin: e.Origin}
	}
	return AddressDecision{Allowed: r.settings.AllowUnlisted, Origin: r.settings.Origin}
}

// Exempts reports whether it is an entry for this one address that allows it.
// Such addresses are not blocked for failed logins.
func (r *AddressRules) Exempts(addr netip.Addr) bool {
	d := r.Decide(Client{Addr: addr})
	return d.Allowed && d.Entry != nil && d.Entry.Domain == "" && d.Entry.Network.IsSingleIP()
}

// byName decides by the entries with names before a place. Whoever owns an
// address decides what it is called, so an Allow counts only for a name that
// leads back to the address, and a Deny for any. As long as the names are not
// known, no Allow matches and every Deny does.
func (r *AddressRules) byName(addr netip.Addr, source Names, before int32) (d AddressDecision, decided bool) {
	var names reversedns.Names
	if source != nil {
		names = source.Names(addr)
	}
	for _, place := range r.domains {
		if place >= before {
			break
		}
		e := &r.settings.Entries[place]
		switch {
		case e.Allowed && e.names(names.Confirmed), !e.Allowed && e.names(names.Claimed):
			return AddressDecision{Allowed: e.Allowed, Entry: e, Origin: e.Origin}, true
		case !e.Allowed && !names.Known:
			return AddressDecision{Entry: e, Unknown: true, Origin: e.Origin}, true
		}
	}
	return AddressDecision{}, false
}

// names reports whether one of the names is meant by the entry.
func (e *AddressEntry) names(names []string) bool {
	for _, name := range names {
		if domainMatches(e.Domain, name) {
			return true
		}
	}
	return false
}

// domainMatches reports whether name is the domain, or below "*.domain".
func domainMatches(domain, name string) bool {
	if below, wild := strings.CutPrefix(domain, "*"); wild {
		return len(name) > len(below) && strings.HasSuffix(name, below)
	}
	return name == domain
}
