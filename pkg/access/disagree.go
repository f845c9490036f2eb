package access

import (
	"cmp"
	"slices"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// Model is another reading of how IIS orders its rules.
type Model int

// The other readings.
const (
	// FirstMatch takes the first rule that matches, inherited rules first.
	FirstMatch Model = iota
	// SpecificFirst takes the first rule that matches, the deepest location
	// first.
	SpecificFirst
)

// String returns the model's name in messages.
func (m Model) String() string {
	if m == SpecificFirst {
		return "specific-first"
	}
	return "first-match"
}

func (m Model) order() order {
	if m == SpecificFirst {
		return specificFirst
	}
	return firstMatch
}

// Disagreement is a request that another reading of the rules would grant and
// that is refused here, deny coming first.
type Disagreement struct {
	// Path is the location from which on both rules are in force.
	Path vpath.Path
	// Who is whom it concerns, such as "user bob as a member of staff".
	Who string
	// Permissions are the ones in question.
	Permissions Permission
	// Model is the reading that would grant them.
	Model Model
	// Deny is the rule that decides, Allow the one that would. Each tells its
	// Origin.
	Deny, Allow *Rule
}

// firstMatch is the order in which the first matching rule decides, parents
// first.
func firstMatch(rules *ruleset, c claims, perm Permission) (d Decision) {
	for s := rules; s != nil; s = s.up {
		if own, ok := s.earliest(c, perm); ok {
			d = own
		}
	}
	return d
}

// specificFirst is the order in which the first matching rule of the deepest
// level decides.
func specificFirst(rules *ruleset, c claims, perm Permission) Decision {
	for s := rules; s != nil; s = s.up {
		if d, ok := s.earliest(c, perm); ok {
			return d
		}
	}
	return Decision{}
}

// earliest decides by the first rule of this level alone that matches.
func (s *ruleset) earliest(c claims, perm Permission) (d Decision, ok bool) {
	allow, deny := s.match(c, perm)
	place := first(allow, deny)
	if place == 0 {
		return Decision{}, false
	}
	return Decision{Allowed: place == allow, Rule: s.rule(place)}, true
}

// Disagreements finds the rules of levels for which another reading than
// deny-first would decide otherwise, sorted by path. Who is a member of which
// group is not known here, so a rule for a group is taken to concern the
// subjects of other rules as well; one example of them is told. Every pair of
// rules is told once for each model. The work grows with the number of rules,
// not with the number of pairs.
func Disagreements(levels []Level) []Disagreement {
	f := finder{seen: map[pair]int{}, samples: map[*ruleset]samples{}}
	f.walk(&NewTree(levels).root)
	slices.SortStableFunc(f.found, func(a, b Disagreement) int { return cmp.Compare(a.Path, b.Path) })
	return f.found
}

type finder struct {
	found   []Disagreement
	seen    map[pair]int // place in found
	samples map[*ruleset]samples
}

type pair struct {
	deny, allow *Rule
	model       Model
}

// samples are example subjects of the rules of a level and of those above it.
type samples struct {
	allow, deny [permissions]sample
}

// sample is the first named subjects of one kind of rule: those of the
// topmost level that has any, and those of the level itself.
type sample struct {
	inherited, own []subject
}

func (f *finder) walk(n *node) {
	if s := n.rules; s != nil && n.level != nil && len(n.level.Rules) > 0 {
		f.samples[s] = f.sample(s)
		for i := range s.level.Rules {
			f.examine(s, &s.level.Rules[i])
		}
	}
	keys := make([]string, 0, len(n.children))
	for key := range n.children {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		f.walk(n.children[key])
	}
}

// sample collects the example subjects of s. Those of the levels above have
// been collected before.
func (f *finder) sample(s *ruleset) samples {
	var all samples
	above := f.samples[s.up]
	for i := range permissions {
		all.allow[i] = sample{inherited: above.allow[i].topmost()}
		all.deny[i] = sample{inherited: above.deny[i].topmost()}
	}
	for i := range s.level.Rules {
		r := &s.level.Rules[i]
		for _, perm := range [...]Permission{Read, Write} {
			to := &all.allow[index(perm)]
			if r.Deny {
				to = &all.deny[index(perm)]
			}
			if r.Permissions&perm != 0 && len(to.own) < maxSamples {
				to.own = append(to.own, sampleOf(r, to.own)...)
			}
		}
	}
	return all
}

// maxSamples is one user and one group.
const maxSamples = 2

func (s sample) topmost() []subject {
	if len(s.inherited) > 0 {
		return s.inherited
	}
	return s.own
}

// sampleOf returns the named subjects of r of a kind that have has not yet.
func sampleOf(r *Rule, have []subject) (found []subject) {
	has := func(group bool) bool {
		return slices.ContainsFunc(have, func(s subject) bool { return s.group == group })
	}
	for _, s := range subjects(r) {
		if s.named() && !has(s.group) {
			found = append(found, s)
			have = append(slices.Clone(have), s)
		}
	}
	return found
}

// examine tries r of the level s on everybody it names.
func (f *finder) examine(s *ruleset, r *Rule) {
	for _, perm := range [...]Permission{Read, Write} {
		if r.Permissions&perm == 0 {
			continue
		}
		others := f.samples[s].deny[index(perm)]
		if r.Deny {
			others = f.samples[s].allow[index(perm)]
		}
		for _, who := range subjects(r) {
			f.try(s, r, perm, who, subject{})
			if !who.group && who.name == Everybody {
				f.try(s, r, perm, subject{name: AnonymousUsers}, subject{})
			}
			for _, other := range slices.Concat(others.inherited, others.own) {
				if who.meets(other) {
					f.try(s, r, perm, who, other)
				}
			}
		}
	}
}

// try compares the models for a principal that is who and, if it is set, also
// other. Only what r takes part in is told: the rest is found at its own rules.
func (f *finder) try(s *ruleset, r *Rule, perm Permission, who, other subject) {
	c := who.claims(other)
	decided := denyFirst(s, c, perm)
	if decided.Allowed || decided.Rule == nil {
		return
	}
	for _, model := range [...]Model{FirstMatch, SpecificFirst} {
		would := model.order()(s, c, perm)
		if !would.Allowed || decided.Rule != r && would.Rule != r {
			continue
		}
		key := pair{decided.Rule, would.Rule, model}
		if i, ok := f.seen[key]; ok {
			f.found[i].Permissions |= perm
			continue
		}
		f.seen[key] = len(f.found)
		f.found = append(f.found, Disagreement{
			Path: s.level.Path, Who: who.describe(other), Permissions: perm,
			Model: model, Deny: decided.Rule, Allow: would.Rule,
		})
	}
}
