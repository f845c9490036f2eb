package ftpserver

import (
	"errors"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
)

// Rules for addresses are asked at three moments: when a client connects, about
// the site that answers without a host name; when it chooses a site, about that
// one; and by the view, at every path. Which moments IIS has is not known; the
// last alone would be enough to protect the files.

// admit asks whether a site serves the client's address at all; to no site
// everybody may come.
func (s *session) admit(to *site.Site) (denied *access.Denied) {
	if to == nil {
		return nil
	}
	if err := to.Root.Admit(s.client()); errors.As(err, &denied) {
		s.notice(denied, to)
	}
	return denied
}

// turnAway ends a session that has not begun. Where TLS comes first nothing is
// said in clear.
func (s *session) turnAway(denied *access.Denied) {
	r := turnedAway(denied)
	if s.at.Implicit() {
		s.ended = outcomeOf(r)
		return
	}
	s.leave(r)
}

// notice logs what a rule for addresses refused, with the deciding line.
func (s *session) notice(err error, at *site.Site) {
	var denied *access.Denied
	if !errors.As(err, &denied) || denied.SubStatus != access.SubStatusIPRestriction {
		return
	}
	e := s.describe(s.server.refusals.Warn(), at).Int(logging.SubStatus, denied.SubStatus).
		Str("reason", denied.Reason).Str(logging.Origin, denied.Origin)
	if s.now.path != "" {
		e.Str(logging.Path, string(s.now.path))
	}
	e.Msg("client address refused")
}
