package access

import (
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Tree answers, for every virtual path of one site, which rules and which
// filter are in force. It is fixed once built and safe for concurrent use.
type Tree struct {
	root node
	// anywhere says that some path has rules for addresses.
	anywhere bool
}

// node is one segment of a location's path.
type node struct {
	children map[string]*node // by folded segment
	// rules are the nearest rules at this node or above, nil when there are
	// none.
	rules *ruleset
	// filter is the effective request filter, nil when there is none.
	filter *RequestFilter
	// addresses are the effective rules for client addresses, nil when there are
	// none.
	addresses *AddressRules
	level     *Level // what is written for this very path, nil for none
}

// NewTree builds the tree of levels, in any order. Two levels of one path are
// one: the rules of the later follow those of the earlier.
func NewTree(levels []Level) *Tree {
	t := &Tree{}
	for i := range levels {
		t.root.at(levels[i].Path).add(&levels[i])
		t.anywhere = t.anywhere || levels[i].Addresses != nil
	}
	t.root.inherit(nil, nil, nil)
	return t
}

// at returns the node of path below n, making it when it is missing.
func (n *node) at(path vpath.Path) *node {
	for segment := range path.Segments() {
		key := vpath.Fold(segment)
		child := n.children[key]
		if child == nil {
			child = &node{}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[key] = child
		}
		n = child
	}
	return n
}

func (n *node) add(l *Level) {
	if n.level == nil {
		n.level = l
		return
	}
	merged := *n.level
	if l.Clear {
		merged.Clear, merged.Rules = true, nil
	}
	merged.Rules = append(merged.Rules[:len(merged.Rules):len(merged.Rules)], l.Rules...)
	if l.Filter != nil {
		merged.Filter = l.Filter
	}
	if l.Addresses != nil {
		merged.Addresses = l.Addresses
	}
	n.level = &merged
}

// inherit gives n and everything below it what is in force there.
func (n *node) inherit(rules *ruleset, filter *RequestFilter, addresses *AddressRules) {
	if l := n.level; l != nil {
		if l.Clear {
			rules = nil
		}
		if len(l.Rules) > 0 {
			rules = newRuleset(l, rules)
		}
		if l.Filter != nil {
			filter = l.Filter
		}
		if l.Addresses != nil {
			addresses = l.Addresses
		}
	}
	n.rules, n.filter, n.addresses = rules, filter, addresses
	for _, child := range n.children {
		child.inherit(rules, filter, addresses)
	}
}

// lookup returns the deepest node on the way to path.
func (t *Tree) lookup(path vpath.Path) *node {
	n, _ := t.find(path)
	return n
}

// find is lookup that also reports whether the node is path's own.
func (t *Tree) find(path vpath.Path) (n *node, exact bool) {
	n = &t.root
	var buf [foldBuffer]byte
	for segment := range path.Segments() {
		child := n.children[string(vpath.AppendFold(buf[:0], segment))]
		if child == nil {
			return n, false
		}
		n = child
	}
	return n, true
}

// foldBuffer is the length in bytes up to which a segment is folded without
// allocation.
const foldBuffer = 256

// Authorize returns nil when p has perm (Read or Write, one of them) at path,
// and a *Denied with sub-status 1 otherwise.
func (t *Tree) Authorize(p *auth.Principal, path vpath.Path, perm Permission) error {
	d := t.Decide(p, path, perm)
	if d.Allowed {
		return nil
	}
	denied := &Denied{SubStatus: SubStatusAuthorization, Reason: "no authorization rule grants " + perm.String()}
	if d.Rule != nil {
		denied.Reason, denied.Origin = "an authorization rule denies "+perm.String(), d.Rule.Origin
	}
	return denied
}

// Decide is Authorize with the deciding rule.
func (t *Tree) Decide(p *auth.Principal, path vpath.Path, perm Permission) Decision {
	return denyFirst(t.lookup(path).rules, claimsOf(p), perm)
}

// Admit returns nil when the client's address is served at path, and a *Denied
// with sub-status 4 otherwise.
func (t *Tree) Admit(c Client, path vpath.Path) error {
	if d := t.DecideAddress(c, path); !d.Allowed {
		return d.denied()
	}
	return nil
}

// DecideAddress is Admit with the deciding entry.
func (t *Tree) DecideAddress(c Client, path vpath.Path) AddressDecision {
	if !t.anywhere {
		return AddressDecision{Allowed: true}
	}
	return t.lookup(path).addresses.Decide(c)
}

// Filter returns the request filter in force at path, which may be nil.
func (t *Tree) Filter(path vpath.Path) *RequestFilter {
	return t.lookup(path).filter
}

// Hidden returns a function that reports whether an entry of the directory
// dir is a hidden segment, by the filter in force at the entry.
func (t *Tree) Hidden(dir vpath.Path) func(name string) bool {
	n, exact := t.find(dir)
	return func(name string) bool {
		filter := n.filter
		if exact && len(n.children) > 0 {
			var buf [foldBuffer]byte
			if child := n.children[string(vpath.AppendFold(buf[:0], name))]; child != nil {
				filter = child.filter
			}
		}
		return filter.Hides(name)
	}
}

// Granted returns all that p is granted at path when they come from c.
func (t *Tree) Granted(p *auth.Principal, c Client, path vpath.Path) Permission {
	return t.lookup(path).granted(claimsOf(p), c)
}

// Entries returns a function that tells what p, who comes from c, is granted at
// an entry of the directory dir, and which filter is in force there. It is for asking about
// many entries of one directory.
func (t *Tree) Entries(p *auth.Principal, c Client, dir vpath.Path) func(name string) (Permission, *RequestFilter) {
	n, exact := t.find(dir)
	claims := claimsOf(p)
	usual := n.granted(claims, c)
	return func(name string) (Permission, *RequestFilter) {
		if exact && len(n.children) > 0 {
			var buf [foldBuffer]byte
			if child := n.children[string(vpath.AppendFold(buf[:0], name))]; child != nil {
				return child.granted(claims, c), child.filter
			}
		}
		return usual, n.filter
	}
}

// granted are the permissions that c has at n coming from a client.
func (n *node) granted(c claims, from Client) (granted Permission) {
	if !n.addresses.Decide(from).Allowed {
		return 0
	}
	for _, perm := range [...]Permission{Read, Write} {
		if denyFirst(n.rules, c, perm).Allowed {
			granted |= perm
		}
	}
	return granted
}
