package access

import (
	"maps"
	"strings"
)

// CommandFilter decides which verbs a site knows (commandFiltering). It is
// fixed once built; nil allows every verb.
type CommandFilter struct {
	allowUnlisted bool
	allowed       map[string]bool
	unlisted      string            // origin of allowUnlisted
	origins       map[string]string // by verb
}

// NewCommandFilter returns a filter of the listed verbs, in any case, and of
// all others as allowUnlisted says.
func NewCommandFilter(allowUnlisted bool, list map[string]bool) *CommandFilter {
	f := &CommandFilter{allowUnlisted: allowUnlisted, allowed: make(map[string]bool, len(list))}
	for verb, allowed := range maps.All(list) {
		f.allowed[strings.ToUpper(verb)] = allowed
	}
	return f
}

// From returns f with the places where it is written, as file:line:col:
// allowUnlisted, and the entries by their verbs, in any case.
func (f *CommandFilter) From(unlisted string, entries map[string]string) *CommandFilter {
	placed := *f
	placed.unlisted, placed.origins = unlisted, make(map[string]string, len(entries))
	for verb, origin := range entries {
		placed.origins[strings.ToUpper(verb)] = origin
	}
	return &placed
}

// Check returns nil when verb, in upper case, may be used, and a *Denied with
// sub-status 51 otherwise.
func (f *CommandFilter) Check(verb string) error {
	if f == nil {
		return nil
	}
	allowed, listed := f.allowed[verb]
	origin := f.origins[verb]
	if !listed {
		allowed, origin = f.allowUnlisted, f.unlisted
	}
	if allowed {
		return nil
	}
	return &Denied{SubStatus: SubStatusCommandFiltered, Reason: "commandFiltering does not allow " + verb, Origin: origin}
}
