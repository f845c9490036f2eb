package ftpserver

import (
	"math"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/site"
)

// place is where a session is: the endpoint it came in by, and the site it
// uses there.
type place struct {
	endpoint func() *site.Endpoint
	// at is what endpoint answered last.
	at *site.Endpoint
	// host is the virtual host name the client gave, "" for none.
	host string
	// site is nil as long as the client has to name a host.
	site *site.Site
	// tag is s-sitename of the log.
	tag string
	// users is where the session counts as a user; nil when nobody is logged in.
	users *site.Level
	// tally counts what the user does; nil when nobody asks for that.
	tally *site.UserCounters
}

// countUser counts who logs in, and nil who logs out.
func (p *place) countUser(as *site.Level, user *site.UserCounters) {
	if p.tally = user; user != nil {
		user.Logins.Add(1)
	}
	if p.users != nil {
		p.users.Leave()
	}
	if p.users = as; as != nil {
		as.Enter()
	}
}

// arrive finds the site a new session starts on. It reports false when the
// endpoint is no longer served.
func (s *session) arrive() bool {
	s.at = s.endpoint()
	if s.at == nil {
		return false
	}
	s.enter(s.at.Select(s.local.Addr(), s.host))
	return true
}

// enter moves the session to a site, or to none.
func (s *session) enter(to *site.Site) {
	if s.site != nil {
		s.site.Counters.Connections.Leave()
	}
	s.site, s.tag = to, ""
	s.limitLines()
	if to == nil {
		return
	}
	to.Counters.Connections.Enter()
	s.tag = "FTPSVC" + strconv.FormatUint(uint64(to.ID), 10)
}

// limitLines makes the reader obey the site.
func (s *session) limitLines() {
	if s.site == nil {
		s.in.SetLimit(noSiteCommandLine)
		return
	}
	s.in.SetLimit(s.site.MaxCommandLine)
}

// noSiteCommandLine is the longest command line as long as there is no site
// whose maxCommandLine could be obeyed.
const noSiteCommandLine = 4096

// full reports whether the session is one too many for its site.
func (s *session) full() bool {
	if s.site == nil || s.site.Connections.MaxConnections == math.MaxUint32 {
		return false
	}
	return s.site.Counters.Connections.Now() > int64(s.site.Connections.MaxConnections)
}

// choose selects the site of a host name, for HOST and USER.
func (s *session) choose(host string) error {
	found := s.at.Select(s.local.Addr(), host)
	if found == nil {
		return errHostExpected
	}
	if found == s.site {
		s.host = host
		return nil
	}
	if denied := s.admit(found); denied != nil {
		return addressRefused(denied)
	}
	s.host = host
	s.enter(found)
	if s.full() {
		return s.tooMany()
	}
	return nil
}

// follow moves the session to the current version of its site. Someone who is
// logged in stays on the site that let them in: when it is gone, or lets them in
// no more, or their home directory is no longer theirs or somewhere else, the
// session ends.
func (s *session) follow() *refusal {
	current, renewals := s.endpoint(), s.server.renewals.Load()
	if current == s.at && s.who.renewed == renewals {
		return nil
	}
	if current == nil {
		return goodbye(access.SubStatusSiteStopping)
	}
	s.at = current
	found, renewed := current.Select(s.local.Addr(), s.host), s.who.renewed == renewals
	s.who.renewed = renewals
	switch {
	case found == s.site && (renewed || s.who.principal == nil):
		return nil
	case s.who.principal != nil && (found == nil || found.ID != s.site.ID):
		return goodbye(access.SubStatusSiteStopping)
	}
	if found != s.site {
		if denied := s.admit(found); denied != nil {
			return turnedAway(denied)
		}
		s.enter(found)
	}
	if s.who.principal == nil {
		return nil
	}
	return s.renew()
}

// renew gives somebody who is logged in the rights that they would have after a
// login now.
func (s *session) renew() *refusal {
	now, err := s.site.Login.Renew(s.who.principal)
	if err != nil {
		s.event(zerolog.InfoLevel).Err(err).Msg("logged in before, and would not be now: the session ends")
		return goodbye(access.SubStatusConfigurationChanged)
	}
	before := s.who.view
	s.who.principal, s.who.view = now, s.site.Root.View(now, s.client())
	if _, err := s.who.view.Start(); err != nil || !s.who.view.Shows(before) {
		return goodbye(access.SubStatusConfigurationChanged)
	}
	return nil
}
