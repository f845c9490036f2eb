// Package logging is the process log and the names of its fields. It never
// holds a logger: New returns one, and it is handed down by value.
package logging

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// Names of the fields of a log line. Messages are short constant phrases in
// lower case; the facts are in fields under these names.
const (
	// Site is the name of the site.
	Site = "site"
	// Session is the identifier of the control connection (x-session).
	Session = "session"
	// Remote is the client's address and port.
	Remote = "remote"
	// Network is an address, or the network it belongs to.
	Network = "network"
	// Local is the server's address and port of a connection.
	Local = "local"
	// Listener is the address and port that is listened on.
	Listener = "listener"
	// Endpoint is the configured address and port, before any port offset.
	Endpoint = "endpoint"
	// Grace is how long transfers may go on while the server stops.
	Grace = "grace"
	// User is the qualified name of the account.
	User = "user"
	// Verb is the command as recognised, upper case.
	Verb = "verb"
	// Path is the virtual path.
	Path = "path"
	// Status is the FTP reply code.
	Status = "status"
	// SubStatus is the reason of a refusal (sc-substatus).
	SubStatus = "substatus"
	// Origin is the deciding line of configuration, as file:line:col.
	Origin = "origin"
	// File is a file of the server itself: configuration, accounts, log.
	File = "file"
	// Bytes counts transferred bytes.
	Bytes = "bytes"
	// Duration is how long something took.
	Duration = "duration"
	// Sites counts the sites that are served.
	Sites = "sites"
	// Generation is the number of a state of the configuration.
	Generation = "generation"
	// Listeners counts the open endpoints.
	Listeners = "listeners"
	// Remaining counts sessions that still run while the server stops.
	Remaining = "remaining"
	// Direction is the direction of a line of protocol trace: "in" or "out".
	Direction = "direction"
)

// New returns a logger that writes to w lines of level and above: one JSON
// object a line, or text for people when console is set.
func New(w io.Writer, console bool, level zerolog.Level) zerolog.Logger {
	if console {
		w = zerolog.NewConsoleWriter(func(c *zerolog.ConsoleWriter) {
			c.Out = w
			c.TimeFormat = time.DateTime
		})
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}
