package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/site"
)

// ErrNoSite means that no site has a name or number.
var ErrNoSite = compile.ErrNoSite

// Overview is how the whole host is.
type Overview struct {
	// Started is when the host began, Generation the number of what is served
	// and Since when that came.
	Started    time.Time
	Generation uint64
	Since      time.Time
	// Looked is when the configuration was last looked at, and Last what came of
	// that.
	Looked time.Time
	Last   Report
	// Stopping says that the host serves nobody new any more.
	Stopping bool
	// Reloads count looks since the start by what came of them.
	Reloads Reloads
	// Sessions is how many there are.
	Sessions int
}

// Reloads count looks at the configuration by what came of them. One that is
// refused counts whenever it is looked at.
type Reloads struct{ Applied, Unchanged, Refused uint64 }

// Overview tells how the host is.
func (h *Host) Overview() Overview {
	now, sessions := h.current.Load(), len(h.server.Sessions())
	h.looks.mu.Lock()
	defer h.looks.mu.Unlock()
	return Overview{
		Started: h.started, Generation: now.number, Since: now.since, Looked: h.looks.when, Last: h.looks.last,
		Stopping: h.ending.Load(), Reloads: h.looks.count, Sessions: sessions,
	}
}

// Admin says where the configuration that is served wants the host to be looked
// at.
func (h *Host) Admin() compile.Admin { return h.current.Load().result.Admin }

// Sessions are all sessions, the oldest first.
func (h *Host) Sessions() []ftpserver.SessionInfo { return h.server.Sessions() }

// Terminate ends a session by its ID, whatever it does, and reports whether
// there is one. The log has sub-status 52.
func (h *Host) Terminate(id string) bool { return h.server.Terminate(id) }

// Bans are the addresses that are blocked because logins failed.
func (h *Host) Bans() []auth.Block { return h.attempts.List() }

// RemoveBan lets an address in again, and reports whether it was blocked.
func (h *Host) RemoveBan(addr netip.Addr) bool { return h.attempts.Remove(addr) }

// FlushLogs writes all log lines that wait; IIS's FlushLog. When it returns nil
// the disk has them.
func (h *Host) FlushLogs() error { return h.logs.Flush() }

// FlushCredentials forgets remembered passwords: the next login of everybody is
// proved anew. It is IIS's Flush of the credentials cache.
func (h *Host) FlushCredentials() { h.parts.Verified.Flush() }

// SetSite starts or stops a site, by name or number, and writes that down as IIS
// does: serverAutoStart says the same after a restart of the host. Sessions of a
// site that stops end after their transfers. The error is ErrNoSite, ErrStopping
// or says why it could not be done.
func (h *Host) SetSite(ctx context.Context, name string, run bool) (SiteStatus, error) {
	if _, err := h.options.Home.SetAutoStart(name, run); err != nil {
		return SiteStatus{}, err
	}
	return h.renew(ctx, name)
}

// RestartSite ends all sessions of a site, with their transfers, and builds it
// anew. The errors are those of SetSite.
func (h *Host) RestartSite(ctx context.Context, name string) (SiteStatus, error) {
	s, err := h.Site(name)
	if err != nil {
		return SiteStatus{}, err
	}
	if s.State != Started {
		return s, fmt.Errorf("site %q is stopped; start it with: ftphost site start %q", s.Name, s.Name)
	}
	h.server.TerminateSite(s.ID)
	return h.renew(ctx, name)
}

// renew builds everything anew and tells how a site is then.
func (h *Host) renew(ctx context.Context, name string) (SiteStatus, error) {
	r, err := h.Reload(ctx, true)
	switch {
	case err != nil:
		return SiteStatus{}, err
	case r.Refused:
		return SiteStatus{}, errors.New("the configuration is refused, so the site is as it was; see: ftphost check")
	default:
		return h.Site(name)
	}
}

// Site is how one site is, by name or number.
func (h *Host) Site(name string) (SiteStatus, error) {
	var numbered *SiteStatus
	for _, s := range h.Status() {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
		if strconv.FormatUint(uint64(s.ID), 10) == name {
			numbered = &s
		}
	}
	if numbered == nil {
		return SiteStatus{}, fmt.Errorf("%q: %w", name, ErrNoSite)
	}
	return *numbered, nil
}

// Sites yields the sites that are served now.
func (h *Host) Sites() []*site.Site { return h.current.Load().Sites }

// TurnedAway counts what was turned away before it had a site, since the start.
type TurnedAway struct {
	// Strangers came to passive ports where nobody expected them, and
	// PortsExhausted could not have a passive port.
	Strangers, PortsExhausted uint64
	// ControlHandshakes and DataHandshakes failed in TLS.
	ControlHandshakes, DataHandshakes uint64
	// Blocked connections came from addresses with too many failed logins.
	Blocked uint64
}

// TurnedAway returns the present counts.
func (h *Host) TurnedAway() TurnedAway {
	ports, server := h.ports.Counters(), h.server.Counters()
	return TurnedAway{
		Strangers: ports.Strangers, PortsExhausted: ports.Exhausted,
		ControlHandshakes: server.ControlRefused, DataHandshakes: server.DataRefused, Blocked: server.Blocked,
	}
}
