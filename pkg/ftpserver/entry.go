package ftpserver

import (
	"net/netip"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vpath"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// exchange is what the log needs to know of the command being answered.
type exchange struct {
	began time.Time
	// path is the virtual path the command was about; "" for none. It is
	// x-fullpath of the log, and so the path from the root that the client
	// sees, which is the home where users are isolated: what IIS writes there
	// is not known, and cs-username says whose home it is.
	path vpath.Path
	// sent and received count bytes, those of the data channel included: the
	// line of a transfer is where people look for its size.
	sent, received int64
	// identity marks a PASS that carries an e-mail address instead of a
	// password: the log shows it.
	identity bool
}

// The pseudo methods of the log.
const (
	controlOpened = "ControlChannelOpened"
	controlClosed = "ControlChannelClosed"
	dataOpened    = "DataChannelOpened"
	dataClosed    = "DataChannelClosed"
)

// masked stands for an argument that nobody may read.
const masked = "***"

// entry begins a line of the log.
func (s *session) entry(method string) w3clog.Entry {
	return w3clog.Entry{
		Time:         time.Now(),
		ClientIP:     s.remote.Addr(),
		ClientPort:   s.remote.Port(),
		UserName:     s.who.logName,
		SiteName:     s.tag,
		ComputerName: s.server.config.ComputerName,
		Host:         s.host,
		ServerIP:     s.local.Addr(),
		ServerPort:   s.local.Port(),
		Method:       method,
		Session:      s.id,
	}
}

// log is the log of the session's site, or the one that all sites share; nil
// when there is none.
func (s *session) log() *w3clog.Log {
	switch {
	case s.site != nil:
		return s.site.Log
	case s.at != nil:
		return s.at.Log
	default:
		return nil
	}
}

// logs reports whether there is a log to write to.
func (s *session) logs() bool { return s.log() != nil }

// record writes the line of the command that was just answered.
func (s *session) record(cmd ftp.Command, out outcome) {
	if !s.logs() {
		return
	}
	e := s.entry(cmd.Typed)
	e.Argument = s.argument(cmd)
	e.Status, e.Win32, e.SubStatus = out.reply.Code, out.win32, out.sub
	e.BytesSent, e.BytesReceived = s.now.sent, s.now.received
	e.TimeTaken = e.Time.Sub(s.now.began)
	e.FullPath = string(s.now.path)
	e.Info = out.info()
	row := s.server.commands[cmd.Verb]
	e.Infrastructure = row != nil && row.infrastructure
	s.log().Write(&e)
}

// argument is that of a command as the log may have it.
func (s *session) argument(cmd ftp.Command) string {
	switch cmd.Verb {
	case "PASS":
		if !s.now.identity {
			return masked
		}
	case "ACCT":
		return masked
	case "SITE": // clients that can change a password elsewhere try it here
		if name, _, _ := strings.Cut(cmd.Arg, " "); strings.EqualFold(name, "PSWD") {
			return name + " " + masked
		}
	}
	return cmd.Arg
}

// info is x-debug: the text of the sub-status and what refused.
func (o *outcome) info() string {
	switch {
	case o.sub == access.SubStatusOK:
		return o.why
	case o.why == "":
		return access.Text(o.sub)
	default:
		return access.Text(o.sub) + " " + o.why
	}
}

// recordOpened and recordClosed write the lines of the control channel.
func (s *session) recordOpened() {
	if !s.logs() {
		return
	}
	e := s.entry(controlOpened)
	e.Infrastructure = true
	s.log().Write(&e)
}

func (s *session) recordClosed() {
	if !s.logs() {
		return
	}
	e := s.entry(controlClosed)
	e.Infrastructure = true
	e.Win32, e.SubStatus, e.Info = s.ended.win32, s.ended.sub, s.ended.info()
	s.log().Write(&e)
}

// recordData writes a line of the data channel, whose own port stands in
// s-port.
func (s *session) recordData(method string, local netip.AddrPort, out outcome) {
	if !s.logs() {
		return
	}
	e := s.entry(method)
	e.Infrastructure = true
	e.ServerIP, e.ServerPort = local.Addr(), local.Port()
	e.Win32, e.SubStatus, e.Info = out.win32, out.sub, out.info()
	s.log().Write(&e)
}

// logNameOf is cs-username: nothing for anonymous, otherwise the qualified
// name; accounts without a domain belong to this computer.
func (s *session) logNameOf(p *auth.Principal) string {
	switch {
	case p.Anonymous():
		return ""
	case p.Domain() == "" && s.server.config.ComputerName != "":
		return s.server.config.ComputerName + `\` + p.Name()
	default:
		return p.QualifiedName()
	}
}
