// Package access decides whether something may be done at a virtual path:
// authorization rules, client addresses, request filtering and command
// filtering, by location.
// It opens nothing and writes no replies.
package access

import (
	"strings"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// Permission is what a rule grants or denies, with IIS's numbers.
type Permission uint8

// The permissions. A rule may name both; a question names one.
const (
	Read  Permission = 1
	Write Permission = 2
)

// String returns the words of the configuration file.
func (p Permission) String() string {
	var words []string
	if p&Read != 0 {
		words = append(words, "Read")
	}
	if p&Write != 0 {
		words = append(words, "Write")
	}
	if len(words) == 0 {
		return "None"
	}
	return strings.Join(words, ", ")
}

// Names with a meaning of their own among the users of a rule.
const (
	// Everybody matches every principal, anonymous ones too.
	Everybody = "*"
	// AnonymousUsers matches anonymous principals only.
	AnonymousUsers = "?"
)

// Rule is one entry of system.ftpServer/security/authorization. It matches
// when one of its users or one of its roles does; without permissions it
// matches nothing.
type Rule struct {
	Deny        bool
	Users       []string // account names, "*" or "?"
	Roles       []string // group names
	Permissions Permission
	// Origin is where the rule is written, as file:line:col.
	Origin string
}

// Level is what one location says, or the server level with the Path "/".
type Level struct {
	Path vpath.Path
	// Clear drops the rules inherited from above.
	Clear bool
	// Rules are the rules written here, in order.
	Rules []Rule
	// Filter is the effective request filter from here down; nil inherits.
	Filter *RequestFilter
	// Addresses are the effective rules for client addresses from here down;
	// nil inherits.
	Addresses *AddressRules
}

// Denied is a refusal by configuration.
type Denied struct {
	// SubStatus is one of the SubStatus constants.
	SubStatus int
	// Reason says what refused, for the log and for explain.
	Reason string
	// Origin is where the refusing rule is written, or "" when no single line
	// refuses.
	Origin string
}

// Error returns the reason and its origin.
func (d *Denied) Error() string {
	if d.Origin == "" {
		return d.Reason
	}
	return d.Reason + " (" + d.Origin + ")"
}

// Decision is the outcome of an authorization and why.
type Decision struct {
	Allowed bool
	// Rule decided; nil when no rule grants the request.
	Rule *Rule
}
