package ftpserver

import (
	"context"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
)

// auth begins TLS (RFC 4217 §4). What was sent behind it is gone already,
// whatever the answer (row.lastInBuffer): nothing said in clear may count as
// said in secret. The handshake follows the reply; a login in clear text does
// not outlive it.
func (s *session) auth(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	implied := false
	switch strings.ToUpper(cmd.Arg) {
	case "TLS", "TLS-C":
	case "SSL", "TLS-P":
		implied = authSSLProtects
	default:
		return ftp.Reply{}, errUnknownMechanism
	}
	if s.isSecure() {
		return ftp.Reply{}, errSequence
	}
	if here := s.tlsHere(); here.Settings == nil {
		return ftp.Reply{}, noCertificate(here.Missing)
	}
	s.then = func() bool {
		if !s.shake() {
			return false
		}
		s.logOut()
		s.secure.sized, s.secure.protect, s.secure.unprotected = implied, implied, false
		return true
	}
	return reply(234, textExpectTLS), nil
}

// authSSLProtects says that AUTH SSL and AUTH TLS-P encrypt data connections
// before any PROT. Microsoft's documents disagree; clients that say SSL and no
// PROT expect it.
const authSSLProtects = true

// pbsz is answered and has no effect: TLS has no buffers to agree on (RFC 4217
// §8).
func (s *session) pbsz(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if s.secure.tls == nil {
		return ftp.Reply{}, errSequence
	}
	if _, err := parseCount(cmd.Arg); err != nil {
		return ftp.Reply{}, err
	}
	s.secure.sized = true
	return successful(200, cmd.Verb), nil
}

// prot says whether data connections are encrypted (RFC 4217 §9). What the site
// requires is asked at the transfer.
func (s *session) prot(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if s.secure.tls == nil || !s.secure.sized {
		return ftp.Reply{}, errSequence
	}
	s.secure.unprotected = true
	switch strings.ToUpper(cmd.Arg) {
	case "C":
		s.secure.protect = false
	case "P":
		if s.site != nil && s.site.Channel.Transfer(true) == access.SubStatusDataDeniesSSL {
			return ftp.Reply{}, errDataDeniesTLS
		}
		s.secure.protect = true
	case "S", "E":
		return ftp.Reply{}, errProtection
	default:
		return ftp.Reply{}, errParameterValue
	}
	s.secure.unprotected = false
	return successful(200, cmd.Verb), nil
}

// ccc returns the control connection to clear text (RFC 4217 §6) after the
// reply; data connections stay as PROT said.
func (s *session) ccc(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	switch {
	case !s.isSecure():
		return ftp.Reply{}, errNotSecure
	case s.at.Implicit(), s.site != nil && s.site.Channel.Control == site.ControlRequire:
		return ftp.Reply{}, errControlNeedsTLS
	}
	s.then = s.unshake
	return successful(200, cmd.Verb), nil
}
