package ftpserver

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
)

// SessionInfo is a session as administrators see it, with what IIS tells of one
// (sessions/session).
type SessionInfo struct {
	// ID is x-session of the log.
	ID string
	// SiteID and Site say where the session is; 0 and "" before a site is chosen.
	SiteID uint32
	Site   string
	// User is who is logged in, <Anonymous> for anonymous and "" for nobody.
	User string
	// Client is the other side, Local our own.
	Client, Local netip.AddrPort
	// Host is the virtual host name that the client gave.
	Host string
	// Started is when the client connected.
	Started time.Time
	// Command is what is being done, "" when nothing is; Previous was done
	// before. Passwords are not shown.
	Command, Previous string
	// CommandStarted is when Command began, or Previous, if nothing is done.
	CommandStarted time.Time
	// Sent and Received are bytes of all the session.
	Sent, Received int64
	// LastStatus is the code of the last reply.
	LastStatus int
	// Secure says that the control channel is encrypted.
	Secure bool
}

// anonymousShown is the name of somebody anonymous.
const anonymousShown = "<Anonymous>"

// shown is what others may see of a session, while it goes on.
type shown struct {
	mu             sync.Mutex
	site           *site.Site
	user, host     string
	now, before    ftp.Command
	began          time.Time
	sent, received int64
	status         int
	secure         bool
}

// siteNow is the site that the session is on, or nil.
func (v *shown) siteNow() *site.Site {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.site
}

// showBegin shows the command that begins.
func (s *session) showBegin(cmd ftp.Command) {
	if cmd.Verb == "PASS" || cmd.Verb == "ACCT" {
		cmd.Arg = masked
	}
	v := &s.shown
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now, v.began = cmd, s.now.began
}

// showEnd shows what the session is after a command, or after the greeting.
func (s *session) showEnd(status int) {
	v := &s.shown
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now.Verb != "" {
		v.before, v.now = v.now, ftp.Command{}
	}
	v.site, v.host, v.secure = s.site, s.host, s.isSecure()
	v.sent, v.received = s.params.sent, s.params.received
	if status != 0 {
		v.status = status
	}
	switch p := s.who.principal; {
	case p == nil:
		v.user = ""
	case p.Anonymous():
		v.user = anonymousShown
	default:
		v.user = s.who.logName
	}
}

// info is what is shown of the session. It is safe to call from another
// goroutine.
func (s *session) info() SessionInfo {
	v := &s.shown
	v.mu.Lock()
	defer v.mu.Unlock()
	i := SessionInfo{
		ID: s.id, User: v.user, Host: v.host, Client: s.remote, Local: s.local, Started: s.connected,
		Command: commandText(v.now), Previous: commandText(v.before), CommandStarted: v.began,
		Sent: v.sent, Received: v.received, LastStatus: v.status, Secure: v.secure,
	}
	if v.site != nil {
		i.SiteID, i.Site = v.site.ID, v.site.Name
	}
	if j := s.job.Load(); j != nil && j.data {
		if stores(v.now.Verb) {
			i.Received += j.moved.Load()
		} else {
			i.Sent += j.moved.Load()
		}
	}
	return i
}

// stores reports whether the client sends the data of a command.
func stores(verb string) bool { return verb == "STOR" || verb == "APPE" || verb == "STOU" }

func commandText(c ftp.Command) string {
	if c.Arg == "" {
		return c.Verb
	}
	return c.Verb + " " + c.Arg
}

// Sessions are all sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	var list []SessionInfo
	s.each(func(ses *session) { list = append(list, ses.info()) })
	slices.SortFunc(list, func(a, b SessionInfo) int { return a.Started.Compare(b.Started) })
	return list
}
