// Package admin is the door through which a running host is looked at and told
// what to do: HTTP on a socket that only its owner can use, and on an address of
// the network for those who ask for one and have a key.
package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/host"
)

// maxBody bounds the body of a request in bytes.
const maxBody = 64 << 10

// door answers requests about one host.
type door struct {
	host    *host.Host
	version string
}

// Handler answers all of the interface but for who may use it. The version is
// that of the program.
func Handler(h *host.Host, version string) http.Handler {
	d := &door{h, version}
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"GET /api/status":                       d.status,
		"POST /api/reload":                      d.reload,
		"POST /api/plan":                        d.plan,
		"GET /api/ftp/sites":                    d.sites,
		"GET /api/ftp/sites/{site}":             d.site,
		"PATCH /api/ftp/sites/{site}":           d.setSite,
		"GET /api/ftp/sessions":                 d.sessions,
		"DELETE /api/ftp/sessions":              d.terminateUser,
		"DELETE /api/ftp/sessions/{id}":         d.terminate,
		"GET /api/ftp/bans":                     d.bans,
		"DELETE /api/ftp/bans/{address...}":     d.removeBan,
		"POST /api/ftp/logging/flush":           d.flushLogs,
		"POST /api/ftp/credentials-cache/flush": d.flushCredentials,
	} {
		mux.Handle(pattern, respond(answer))
	}
	mux.Handle("/", respond(func(r *http.Request) (any, error) {
		return nil, failure(http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+" here")
	}))
	return mux
}

// respond makes a handler of a function that returns what is to be said.
func respond(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		said, err := answer(r)
		status := http.StatusOK
		if err != nil {
			f := failureOf(err)
			said, status = f, f.Status
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		// One who has gone does not hear it.
		_ = json.NewEncoder(w).Encode(said)
	})
}

func failure(status int, detail string) *api.Failure {
	return &api.Failure{Title: http.StatusText(status), Detail: detail, Status: status}
}

func failureOf(err error) *api.Failure {
	var f *api.Failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, host.ErrNoSite):
		return failure(http.StatusNotFound, err.Error())
	case errors.Is(err, host.ErrStopping):
		return failure(http.StatusServiceUnavailable, err.Error())
	default:
		return failure(http.StatusConflict, err.Error())
	}
}

// body reads the JSON of a request.
func body(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return failure(http.StatusBadRequest, "the body is not the JSON that is expected here: "+err.Error())
	}
	return nil
}

func (d *door) status(*http.Request) (any, error) {
	now := d.host.Overview()
	last := report(now.Last)
	return api.Status{
		Version: d.version, PID: os.Getpid(), Started: now.Started, Generation: now.Generation, Since: now.Since,
		Looked: now.Looked, Result: last.Result, Problems: last.Problems, Reloads: api.Reloads(now.Reloads),
		Sessions: now.Sessions, Sites: d.allSites(),
	}, nil
}

func (d *door) reload(r *http.Request) (any, error) {
	done, err := d.host.Reload(r.Context(), true)
	if err != nil {
		return nil, err
	}
	return report(done), nil
}

func (d *door) plan(r *http.Request) (any, error) {
	var plan api.Plan
	if err := body(r, &plan); err != nil {
		return nil, err
	}
	would, err := d.host.Plan(plan.File)
	if err != nil {
		return nil, err
	}
	return report(would), nil
}

func report(r host.Report) api.Report {
	said := api.Report{Result: api.Applied, Generation: r.Generation, Problems: Problems(r.Problems), Changes: []api.Change{}}
	switch {
	case r.Refused:
		said.Result = api.Refused
	case len(r.Changes) == 0:
		said.Result = api.Unchanged
	}
	for _, c := range r.Changes {
		said.Changes = append(said.Changes, api.Change{ID: c.ID, Site: c.Name, Change: c.Kind, Detail: c.Detail})
	}
	return said
}

// Problems are findings as JSON.
func Problems(list apphost.ErrorList) []api.Problem {
	said := []api.Problem{}
	for _, p := range list {
		severity := "error"
		if p.Warning {
			severity = "warning"
		}
		said = append(said, api.Problem{Severity: severity, File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Col, Section: p.Section, Message: p.Msg})
	}
	return said
}

func (d *door) allSites() []api.Site {
	list := []api.Site{}
	for _, s := range d.host.Status() {
		list = append(list, siteOf(s))
	}
	return list
}

func siteOf(s host.SiteStatus) api.Site {
	said := api.Site{ID: s.ID, Name: s.Name, State: s.State, Reason: s.Reason, Listen: s.Listen, Sessions: s.Sessions, LogFolder: s.LogFolder}
	if said.Listen == nil {
		said.Listen = []string{}
	}
	said.Certificate = Certificate(s.Certificate)
	return said
}

// Certificate is how the certificate of a site is, as JSON; nil for none.
func Certificate(c *host.CertificateStatus) *api.Certificate {
	if c == nil {
		return nil
	}
	return &api.Certificate{Thumbprint: c.Thumbprint, File: c.File, Until: c.Until, DaysLeft: c.DaysLeft, Reason: c.Reason}
}

func (d *door) sites(*http.Request) (any, error) { return api.Sites{Sites: d.allSites()}, nil }

func (d *door) site(r *http.Request) (any, error) {
	s, err := d.host.Site(r.PathValue("site"))
	return siteOf(s), err
}

func (d *door) setSite(r *http.Request) (any, error) {
	var wanted api.SetSite
	if err := body(r, &wanted); err != nil {
		return nil, err
	}
	var s host.SiteStatus
	var err error
	switch name := r.PathValue("site"); wanted.State {
	case api.Started, api.Stopped:
		s, err = d.host.SetSite(r.Context(), name, wanted.State == api.Started)
	case api.Restarted:
		s, err = d.host.RestartSite(r.Context(), name)
	default:
		err = failure(http.StatusBadRequest, "the state of a site can be Started, Stopped or Restarted")
	}
	return siteOf(s), err
}

func (d *door) sessions(r *http.Request) (any, error) {
	of := r.URL.Query().Get("site")
	list := api.Sessions{Sessions: []api.Session{}}
	var id uint32
	if of != "" {
		s, err := d.host.Site(of)
		if err != nil {
			return nil, err
		}
		id = s.ID
	}
	for _, s := range d.host.Sessions() {
		if of == "" || s.SiteID == id {
			list.Sessions = append(list.Sessions, sessionOf(s))
		}
	}
	return list, nil
}

func sessionOf(s ftpserver.SessionInfo) api.Session {
	return api.Session{
		SessionID: s.ID, SiteID: s.SiteID, Site: s.Site, UserName: s.User, ClientIP: s.Client.Addr().String(), ClientPort: s.Client.Port(),
		Host: s.Host, SessionStartTime: s.Started, CurrentCommand: s.Command, PreviousCommand: s.Previous, CommandStartTime: s.CommandStarted,
		BytesSent: s.Sent, BytesReceived: s.Received, LastErrorStatus: s.LastStatus, Encrypted: s.Secure,
	}
}

func (d *door) terminate(r *http.Request) (any, error) {
	if !d.host.Terminate(r.PathValue("id")) {
		return nil, failure(http.StatusNotFound, "there is no session "+r.PathValue("id")+"; it may have ended")
	}
	return api.Ended{Ended: 1}, nil
}

func (d *door) terminateUser(r *http.Request) (any, error) {
	user := r.URL.Query().Get("user")
	if user == "" {
		return nil, failure(http.StatusBadRequest, "say whose sessions are to end: ?user=NAME")
	}
	ended := api.Ended{}
	for _, s := range d.host.Sessions() {
		if called(s.User, user) && d.host.Terminate(s.ID) {
			ended.Ended++
		}
	}
	return ended, nil
}

// called reports whether a user has a name, with or without the domain.
func called(user, name string) bool {
	_, bare, _ := strings.Cut(user, `\`)
	return user != "" && slices.ContainsFunc([]string{user, bare}, func(s string) bool { return strings.EqualFold(s, name) })
}

func (d *door) bans(*http.Request) (any, error) {
	list := api.Bans{Bans: []api.Ban{}}
	for _, b := range d.host.Bans() {
		address := b.Network.String()
		if b.Network.IsSingleIP() {
			address = b.Network.Addr().String()
		}
		list.Bans = append(list.Bans, api.Ban{Address: address, Failures: b.Failures, Until: b.Until})
	}
	return list, nil
}

func (d *door) removeBan(r *http.Request) (any, error) {
	text := r.PathValue("address")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, failure(http.StatusBadRequest, `"`+text+`" is not an address`)
		}
		addr = network.Addr()
	}
	if !d.host.RemoveBan(addr) {
		return nil, failure(http.StatusNotFound, text+" is not blocked")
	}
	return struct{}{}, nil
}

func (d *door) flushLogs(*http.Request) (any, error) {
	if err := d.host.FlushLogs(); err != nil {
		return nil, failure(http.StatusInternalServerError, err.Error())
	}
	return struct{}{}, nil
}

func (d *door) flushCredentials(*http.Request) (any, error) {
	d.host.FlushCredentials()
	return struct{}{}, nil
}
