package ftpserver

import (
	"errors"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/site"
)

// What others may ask of a session. Its own goroutine does it, as soon as it
// does nothing else.
const (
	// callFollow has it look whether its site is still served.
	callFollow int32 = 1 << iota
	// callTerminate has it end, and its transfer before.
	callTerminate
)

// errCalled interrupts the wait for a command.
var errCalled = errors.New("session is called")

// call asks something of the session. It is safe to call from another
// goroutine.
func (s *session) call(what int32) {
	s.called.Or(what)
	if j := s.job.Load(); j != nil && what == callTerminate {
		j.cancel(goodbye(access.SubStatusDisconnectedByAdmin))
	}
	s.wake()
}

// obey does what was asked, and reports whether the session goes on.
func (s *session) obey() bool {
	if s.called.Swap(0)&callTerminate != 0 {
		s.leave(goodbye(access.SubStatusDisconnectedByAdmin))
		return false
	}
	if r := s.follow(); r != nil {
		s.leave(r)
		return false
	}
	return true
}

// Follow has sessions end whose site is not served any more, after their
// transfers; the others follow at their next command. The host calls it when it
// has changed what the functions given to Serve return.
func (s *Server) Follow() {
	served := map[*site.Endpoint]map[uint32]bool{}
	s.each(func(ses *session) {
		on := ses.shown.siteNow()
		if on == nil {
			return // nothing is lost, and its time is short
		}
		e := ses.endpoint()
		if e != nil && served[e] == nil {
			served[e] = map[uint32]bool{}
			for at := range e.Sites() {
				served[e][at.ID] = true
			}
		}
		if e == nil || !served[e][on.ID] {
			ses.call(callFollow)
		}
	})
}

// Renew has every session look, at its next command, whether its account may
// still log in, and with which groups. The host calls it when accounts may have
// changed.
func (s *Server) Renew() { s.renewals.Add(1) }

// Terminate ends a session, whatever it does, and reports whether there is one
// with this ID. The client hears 421, and the log has sub-status 52.
func (s *Server) Terminate(id string) (found bool) {
	s.each(func(ses *session) {
		if ses.id == id {
			found = true
			ses.call(callTerminate)
		}
	})
	return found
}

// TerminateSite ends the sessions of a site, by its ID, as Terminate does, and
// returns how many there are.
func (s *Server) TerminateSite(id uint32) (n int) {
	s.each(func(ses *session) {
		if on := ses.shown.siteNow(); on != nil && on.ID == id {
			n++
			ses.call(callTerminate)
		}
	})
	return n
}
