package access

import "strings"

// Shadow is an entry that can never decide because of one before it.
type Shadow struct{ Entry, By *AddressEntry }

// Shadowed finds the entries all of whose addresses or names earlier entries
// decide about; By is one of those. Entries with names that cannot match at all
// are not among them.
func (r *AddressRules) Shadowed() []Shadow {
	if r == nil {
		return nil
	}
	decides := map[int32]bool{}
	for _, w := range []*networks{&r.ip4, &r.ip6} {
		for _, place := range w.first {
			decides[place] = true
		}
	}
	domains := r.shadowedDomains()
	var found []Shadow
	for i := range r.settings.Entries {
		e, place := &r.settings.Entries[i], int32(i) //nolint:gosec // a file has fewer entries
		switch {
		case e.Domain != "":
			if by := domains[place]; by != nil {
				found = append(found, Shadow{e, by})
			}
		case !decides[place]:
			w := &r.ip6
			if e.Network.Addr().Is4() {
				w = &r.ip4
			}
			by := w.find(numberOf(e.Network.Addr()))
			found = append(found, Shadow{e, &r.settings.Entries[by]})
		}
	}
	return found
}

// shadowedDomains are the places of names that an earlier entry covers. An
// Allow needs a name that is confirmed and a Deny does not, so an Allow covers
// no Deny.
func (r *AddressRules) shadowedDomains() map[int32]*AddressEntry {
	found := map[int32]*AddressEntry{}
	allows, denies := map[string]*AddressEntry{}, map[string]*AddressEntry{}
	for _, place := range r.domains {
		e := &r.settings.Entries[place]
		by := covering(denies, e.Domain)
		if by == nil && e.Allowed {
			by = covering(allows, e.Domain)
		}
		if by != nil {
			found[place] = by
		}
		earlier := denies
		if e.Allowed {
			earlier = allows
		}
		if earlier[e.Domain] == nil {
			earlier[e.Domain] = e
		}
	}
	return found
}

// covering returns the entry of a domain, of one of the wildcards above it, or
// of all names.
func covering(earlier map[string]*AddressEntry, domain string) *AddressEntry {
	if e := earlier[domain]; e != nil {
		return e
	}
	for rest := strings.TrimPrefix(domain, "*."); ; {
		_, above, more := strings.Cut(rest, ".")
		if !more {
			return earlier["*"]
		}
		if e := earlier["*."+above]; e != nil {
			return e
		}
		rest = above
	}
}
