package access

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
)

// networks finds the first of many networks that has an address. All addresses
// of one family are cut into spans, each with the entry that decides there, so
// that finding one is a search in sorted numbers. Building takes n log n steps.
type networks struct {
	// starts are the first numbers of the spans; of IPv6 the high halves, each
	// once. The first is 0.
	starts ladder
	// low are the low halves for IPv6, and groups is where those of each high half
	// begin, with one more at the end. Both are nil for IPv4.
	low    []uint64
	groups []int32
	first  []int32 // the place of the entry that decides in each span, or none
}

// none is the place of no entry. It is larger than all others, so that the
// smaller of two places is always the earlier entry.
const none = int32(1<<31 - 1)

// number is an address of either family.
type number struct{ high, low uint64 }

func numberOf(a netip.Addr) number {
	if a.Is4() {
		b := a.As4()
		return number{low: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return number{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (n number) less(than number) bool {
	return n.high < than.high || n.high == than.high && n.low < than.low
}

// after is the number behind the last of the addresses that have length bits
// in common with n, of size bits each. It is beyond all addresses when ok is
// false.
func (n number) after(length, size int) (next number, ok bool) {
	host := size - length
	step := number{low: 1 << (host & 63)}
	switch {
	case host == 128:
		return number{}, false
	case host >= 64:
		step = number{high: 1 << (host - 64)}
	}
	var carry uint64
	next.low, carry = bits.Add64(n.low, step.low, 0)
	next.high, carry = bits.Add64(n.high, step.high, carry)
	return next, carry == 0 && (size == 128 || next.low < 1<<32)
}

// placed is a network and the place of its entry in the list.
type placed struct {
	prefix netip.Prefix
	place  int32
}

// newNetworks builds the spans of networks of one family.
func newNetworks(list []placed) networks {
	if len(list) == 0 {
		return networks{}
	}
	// Two networks are apart or one is in the other, and in this order the
	// wider comes first: those that are open form a stack.
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b placed) int {
		return cmp.Or(a.prefix.Addr().Compare(b.prefix.Addr()), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()), cmp.Compare(a.place, b.place))
	})
	b := builder{}
	b.begin(number{}, none)
	for _, p := range list {
		start := numberOf(p.prefix.Addr())
		b.close(&start)
		next, ok := start.after(p.prefix.Bits(), p.prefix.Addr().BitLen())
		first := min(p.place, b.current())
		b.open = append(b.open, opened{next: next, ends: ok, first: first})
		b.begin(start, first)
	}
	b.close(nil)
	return b.networks(list[0].prefix.Addr().Is4())
}

// builder is the spans so far and the networks around the last of them.
type builder struct {
	starts []number
	first  []int32
	open   []opened
}

type opened struct {
	next  number // the first address behind the network
	ends  bool   // false when there is none
	first int32  // who decides in it
}

func (b *builder) current() int32 {
	if len(b.open) == 0 {
		return none
	}
	return b.open[len(b.open)-1].first
}

// close ends the networks that end at or before until, all of them for nil.
func (b *builder) close(until *number) {
	for len(b.open) > 0 {
		last := b.open[len(b.open)-1]
		if until != nil && (!last.ends || until.less(last.next)) {
			return
		}
		b.open = b.open[:len(b.open)-1]
		if last.ends {
			b.begin(last.next, b.current())
		}
	}
}

// begin starts a span, in place of one that starts there already.
func (b *builder) begin(start number, first int32) {
	if n := len(b.starts); n > 0 && b.starts[n-1] == start {
		b.starts, b.first = b.starts[:n-1], b.first[:n-1]
	}
	if n := len(b.first); n > 0 && b.first[n-1] == first {
		return
	}
	b.starts, b.first = append(b.starts, start), append(b.first, first)
}

// networks are the spans in the form for searching.
func (b *builder) networks(ip4 bool) networks {
	w := networks{first: b.first}
	var keys []uint64
	for i, n := range b.starts {
		switch {
		case ip4:
			keys = append(keys, n.low)
			continue
		case i == 0 || n.high != b.starts[i-1].high:
			keys, w.groups = append(keys, n.high), append(w.groups, int32(i)) //nolint:gosec // a file has fewer entries
		}
		w.low = append(w.low, n.low)
	}
	if !ip4 {
		w.groups = append(w.groups, int32(len(b.starts))) //nolint:gosec // a file has fewer entries
	}
	w.starts = newLadder(keys)
	return w
}

// find returns the place of the first entry that has n, or none.
func (w *networks) find(n number) int32 {
	if len(w.first) == 0 {
		return none
	}
	if w.groups == nil {
		return w.first[w.starts.find(n.low)]
	}
	group := w.starts.find(n.high)
	from, to := w.groups[group], w.groups[group+1]
	switch low := w.low[from:to]; {
	case w.starts[0][group] != n.high:
		return w.first[to-1]
	case n.low < low[0]: // the span before reaches into this group
		return w.first[from-1]
	default:
		return w.first[int(from)+search(low, n.low)]
	}
}
