// Package api has what the admin interface of a running host says, as JSON, and
// a client for it. The resources are called as those of IIS.Administration
// would be if it knew FTP.
package api

import "time"

// Status is GET /api/status: how the whole host is.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	// Generation is the number of what is served, from 1; each change of the
	// configuration has the next. Since is when it came.
	Generation uint64    `json:"generation"`
	Since      time.Time `json:"since"`
	// Stopping says that nobody new is served any more.
	Stopping bool `json:"stopping,omitempty"`
	// Looked is when the configuration was last looked at, Result what came of it
	// and Problems what was found.
	Looked   time.Time `json:"looked"`
	Result   string    `json:"result"`
	Problems []Problem `json:"problems"`
	Reloads  Reloads   `json:"reloads"`
	Sessions int       `json:"sessions"`
	Sites    []Site    `json:"sites"`
}

// What came of a look at the configuration.
const (
	// Applied means that it is served now, also when no site is different by it.
	Applied = "applied"
	// Unchanged means that it said what was served already.
	Unchanged = "unchanged"
	// Refused means that what was served before is served on.
	Refused = "refused"
)

// Reloads count looks at the configuration since the start by what came of them.
type Reloads struct {
	Applied   uint64 `json:"applied"`
	Unchanged uint64 `json:"unchanged"`
	Refused   uint64 `json:"refused"`
}

// Problem is one finding about the configuration.
type Problem struct {
	// Severity is error or warning.
	Severity string `json:"severity"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Section  string `json:"section,omitempty"`
	Message  string `json:"message"`
}

// Report is what POST /api/reload did, or POST /api/plan would do.
type Report struct {
	Result     string    `json:"result"`
	Generation uint64    `json:"generation"`
	Problems   []Problem `json:"problems"`
	Changes    []Change  `json:"changes"`
}

// Change is what becomes of one site.
type Change struct {
	ID   uint32 `json:"id"`
	Site string `json:"site"`
	// Change is added, removed, started, stopped, changed, or kept as it was.
	Change string `json:"change"`
	Detail string `json:"detail,omitempty"`
}

// Plan is the body of POST /api/plan.
type Plan struct {
	// File takes the place of applicationHost.config, as an absolute path; ""
	// is the file there is.
	File string `json:"file"`
}

// Site is one site of GET /api/ftp/sites.
type Site struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	// State is Started or Stopped.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Listen are the addresses the site is reached at.
	Listen      []string     `json:"listen"`
	Sessions    int64        `json:"sessions"`
	Certificate *Certificate `json:"certificate,omitempty"`
	LogFolder   string       `json:"logFolder,omitempty"`
}

// Certificate is that of a site.
type Certificate struct {
	Thumbprint string    `json:"thumbprint,omitempty"`
	File       string    `json:"file,omitempty"`
	Until      time.Time `json:"until,omitzero"`
	// DaysLeft is negative when it has expired.
	DaysLeft int `json:"daysLeft"`
	// Reason says why there is none.
	Reason string `json:"reason,omitempty"`
}

// SetSite is the body of PATCH /api/ftp/sites/{name or number}.
type SetSite struct {
	// State is the one the site is to have: Started, Stopped, or Restarted for
	// one after the other.
	State string `json:"state"`
}

// The states of sites, and what PATCH knows beside them.
const (
	Started   = "Started"
	Stopped   = "Stopped"
	Restarted = "Restarted"
)

// Session is one of GET /api/ftp/sessions, with the attributes that IIS has for
// one.
type Session struct {
	SessionID        string    `json:"sessionId"`
	SiteID           uint32    `json:"siteId"`
	Site             string    `json:"site"`
	UserName         string    `json:"userName"`
	ClientIP         string    `json:"clientIp"`
	ClientPort       uint16    `json:"clientPort"`
	Host             string    `json:"host,omitempty"`
	SessionStartTime time.Time `json:"sessionStartTime"`
	CurrentCommand   string    `json:"currentCommand"`
	PreviousCommand  string    `json:"previousCommand"`
	CommandStartTime time.Time `json:"commandStartTime,omitzero"`
	BytesSent        int64     `json:"bytesSent"`
	BytesReceived    int64     `json:"bytesReceived"`
	LastErrorStatus  int       `json:"lastErrorStatus"`
	Encrypted        bool      `json:"encrypted"`
}

// Ban is one address of GET /api/ftp/bans that is blocked because logins
// failed.
type Ban struct {
	// Address is an address, or the network of an IPv6 address.
	Address  string    `json:"address"`
	Failures uint32    `json:"failures"`
	Until    time.Time `json:"until"`
}

// Lists, as they are answered.
type (
	// Sites is GET /api/ftp/sites.
	Sites struct {
		Sites []Site `json:"sites"`
	}
	// Sessions is GET /api/ftp/sessions.
	Sessions struct {
		Sessions []Session `json:"sessions"`
	}
	// Bans is GET /api/ftp/bans.
	Bans struct {
		Bans []Ban `json:"bans"`
	}
	// Ended is DELETE of sessions.
	Ended struct {
		Ended int `json:"ended"`
	}
)

// Failure is the body of every answer that is no success.
type Failure struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Status int    `json:"status"`
}

func (f *Failure) Error() string { return f.Detail }
