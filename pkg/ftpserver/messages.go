package ftpserver

import (
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// Codes that more than one place looks at.
const (
	codeReady   = 220
	codeGoodbye = 221
)

// greet says hello, or why not. It reports whether the session goes on.
func (s *session) greet() bool {
	if !s.arrive() {
		return false
	}
	s.recordOpened()
	if denied := s.admit(s.site); denied != nil {
		s.turnAway(denied)
		return false
	}
	if s.at.Implicit() {
		s.secure.sized, s.secure.protect = true, true
		if here := s.tlsHere(); here.Settings == nil {
			s.event(zerolog.WarnLevel).Str("reason", here.Reason).Msg("TLS comes first on this port, and there is no certificate")
			s.ended = outcome{sub: here.Missing}
			return false
		}
		if !s.shake() {
			return false
		}
	}
	if s.full() {
		s.leave(s.tooMany())
		return false
	}
	s.answer(s.banner())
	return true
}

// tooMany is the refusal over maxConnections. Where the site wants it, the
// connection is reset and nobody hears the answer.
func (s *session) tooMany() *refusal {
	r := goodbye(access.SubStatusMaxConnections)
	if s.site.Connections.ResetOnMaxConnections {
		s.reset()
		return r
	}
	if text := s.site.Messages.MaxClients; text != "" {
		lines := s.message(text)
		r.lines, r.text = lines[:len(lines)-1], lines[len(lines)-1]
	}
	return r
}

// banner is the greeting. The site's banner comes after the product line.
func (s *session) banner() ftp.Reply {
	var lines []string
	if s.site == nil || !s.site.Messages.SuppressDefaultBanner {
		lines = append(lines, s.product())
	}
	if s.site != nil && s.site.Messages.Banner != "" {
		lines = append(lines, s.message(s.site.Messages.Banner)...)
	}
	return replyLines(codeReady, lines)
}

// product is how the server calls itself here.
func (s *session) product() string {
	if s.site == nil {
		return product
	}
	return s.page().Fit(s.site.Protocol.Identity)
}

// replyLines is a reply of several lines, all alike; of none, one empty line.
func replyLines(code int, lines []string) ftp.Reply {
	if len(lines) == 0 {
		return reply(code, "")
	}
	last := len(lines) - 1
	return ftp.Reply{Code: code, Lines: lines[:last], Text: lines[last]}
}

// farewell is the answer to QUIT.
func (s *session) farewell() ftp.Reply {
	if s.site == nil || s.site.Messages.Exit == "" {
		return reply(codeGoodbye, textGoodbye)
	}
	return replyLines(codeGoodbye, s.message(s.site.Messages.Exit))
}

// message is a configured text as lines, its variables replaced if the site
// wants that, with nothing in it that the session's encoding lacks.
func (s *session) message(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		if s.site.Messages.ExpandVariables {
			lines[i] = expand(lines[i], s.variable)
		}
		lines[i] = s.page().Fit(lines[i])
	}
	return lines
}

// variable returns the value of a message variable. The two counters are
// named from the client's side: %BytesReceived% is what the server sent.
func (s *session) variable(name string) (value string, known bool) {
	switch strings.ToLower(name) {
	case "bytesreceived":
		return strconv.FormatInt(s.params.sent, 10), true
	case "bytessent":
		return strconv.FormatInt(s.params.received, 10), true
	case "sessionid":
		return s.id, true
	case "sitename":
		return s.site.Name, true
	case "username":
		return s.userName(), true
	default:
		return "", false
	}
}

// userName is who is logged in, as shown to the client.
func (s *session) userName() string {
	if s.who.principal == nil {
		return ""
	}
	return s.who.principal.Name()
}

// expand replaces each %name% that variable knows and leaves all else as it
// is.
func expand(text string, variable func(name string) (string, bool)) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "%")
		value, known := "", false
		if closed {
			value, known = variable(name)
		}
		if known {
			b.WriteString(value)
			text = after
			continue
		}
		// Not a variable: the second sign may begin one.
		b.WriteByte('%')
		text = rest
	}
}

// origin is whether a client sits on this machine.
type origin uint8

const (
	unknownOrigin origin = iota
	here
	elsewhere
)

// wantsDetails reports whether errors are told in detail: the site allows it
// and the client's address is one of this machine's own.
func (s *session) wantsDetails() bool {
	if s.site == nil || !s.site.Messages.AllowLocalDetailedErrors {
		return false
	}
	if s.who.from == unknownOrigin {
		s.who.from = s.findOrigin()
	}
	return s.who.from == here
}

func (s *session) findOrigin() origin {
	client := s.remote.Addr()
	if client.IsLoopback() || client == s.local.Addr() {
		return here
	}
	if s.server.config.LocalAddresses == nil {
		return elsewhere
	}
	for _, own := range s.server.config.LocalAddresses() {
		if own.Unmap() == client {
			return here
		}
	}
	return elsewhere
}
