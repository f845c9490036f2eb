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

// Check returns nil when verb, in upper case, may be used, and a *Denied with
// sub-status 51 otherwise.
func (f *CommandFilter) Check(verb string) error {
	if f == nil {
		return nil
	}
	allowed, listed := f.allowed[verb]
	if !listed {
		allowed = f.allowUnlisted
	}
	if allowed {
		return nil
	}
	return &Denied{SubStatus: SubStatusCommandFiltered, Reason: "commandFiltering does not allow " + verb}
}
