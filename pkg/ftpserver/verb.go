package ftpserver

import (
	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// Verb is what the command table says of a command, for whoever explains what
// would come of it.
type Verb struct {
	// Asks is what it asks of a path; 0 for nothing.
	Asks vfs.Request
	// Data says that it uses a data connection.
	Data bool
	// InClear says that it is answered in clear text whatever the policy of the
	// control channel is; USER and PASS are judged by themselves.
	InClear bool
	// Refused is the error that it is always answered with; nil for most.
	Refused error
}

// LookUp returns the row of a verb in upper case, if the feature set has it.
func LookUp(verb string, set site.FeatureSet) (Verb, bool) {
	for _, row := range commands() {
		if row.verb == verb && (!row.extended || set == site.Extended) {
			v := Verb{Asks: row.asks, Data: row.data, InClear: row.inClear}
			if row.refuses != nil {
				v.Refused = row.refuses
			}
			return v, true
		}
	}
	return Verb{}, false
}

// Refusal is what a client hears of an error, and what the log keeps of it.
type Refusal struct {
	Reply     ftp.Reply
	Win32     uint32
	SubStatus int
}

// RefusalOf returns the refusal that the error of a command means.
func RefusalOf(err error) Refusal { return refused(outcomeOf(err)) }

// LoginRefusalOf returns the refusal of PASS for an error of the accounts,
// HomeRefusalOf for one of the home directory.
func LoginRefusalOf(err error) Refusal {
	r, _ := logonRefused(err)
	return refused(outcomeOf(r))
}

// HomeRefusalOf is explained at LoginRefusalOf.
func HomeRefusalOf(err error) Refusal { return refused(outcomeOf(homeRefused(err))) }

// PolicyRefusalOf returns the refusal of a channel policy by its sub-status.
func PolicyRefusalOf(subStatus int) Refusal { return refused(outcomeOf(policyRefusal(subStatus))) }

// AddressRefusalOf returns the refusal of a client's address: by the site that
// answers without a host name, or by one that was named.
func AddressRefusalOf(d *access.Denied, named bool) Refusal {
	if named {
		return refused(outcomeOf(addressRefused(d)))
	}
	return refused(outcomeOf(turnedAway(d)))
}

// UnknownVerb is the refusal of a verb that is not there.
func UnknownVerb() Refusal { return refused(outcomeOf(errNotUnderstood)) }

func refused(o outcome) Refusal { return Refusal{o.reply, o.win32, o.sub} }
