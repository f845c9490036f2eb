// Package admin is the door through which a running host is looked at and told
// what to do: HTTP on a socket that only its owner can use, and on an address of
// the network for those who ask for one and have a key.
package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
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

// answers are the functions for the methods of one path. They return what is to
// be said.
type answers map[string]func(*http.Request) (any, error)

// Handler answers all of the interface but for who may use it. The version is
// that of the program.
func Handler(h *host.Host, version string) http.Handler {
	mux := http.NewServeMux()
	for path, methods := range (&door{h, version}).paths() {
		for method, answer := range methods {
			mux.Handle(method+" "+path, respond(answer))
		}
		mux.Handle(path, otherMethod(slices.Sorted(maps.Keys(methods))))
	}
	mux.Handle("/", respond(func(r *http.Request) (any, error) {
		return nil, failure(http.StatusNotFound, "there is no "+r.URL.Path+" here")
	}))
	return mux
}

// paths are all there are.
func (d *door) paths() map[string]answers {
	return map[string]answers{
		"/api/status":                      {"GET": d.status},
		"/api/reload":                      {"POST": d.reload},
		"/api/plan":                        {"POST": d.plan},
		"/api/ftp/sites":                   {"GET": d.sites},
		"/api/ftp/sites/{site}":            {"GET": d.site, "PATCH": d.setSite},
		"/api/ftp/sessions":                {"GET": d.sessions, "DELETE": d.terminateUser},
		"/api/ftp/sessions/{id}":           {"DELETE": d.terminate},
		"/api/ftp/bans":                    {"GET": d.bans},
		"/api/ftp/bans/{address...}":       {"DELETE": d.removeBan},
		"/api/ftp/logging/flush":           {"POST": d.flushLogs},
		"/api/ftp/credentials-cache/flush": {"POST": d.flushCredentials},
	}
}

// otherMethod says which methods a path has.
func otherMethod(methods []string) http.Handler {
	allow := strings.Join(methods, ", ")
	answer := respond(func(r *http.Request) (any, error) {
		return nil, failure(http.StatusMethodNotAllowed, r.URL.Path+" has no "+r.Method+", only "+allow)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		answer.ServeHTTP(w, r)
	})
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
		w.Header().Set("Cache-Control", "no-store")
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

// body reads the JSON of a request, which is one object and nothing else.
func body(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return failure(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit))
	case errors.Is(err, io.EOF):
		return failure(http.StatusBadRequest, "the body is empty; it has to be JSON")
	default:
		return failure(http.StatusBadRequest, "the body is not the JSON that is expected here: "+err.Error())
	}
}

func (d *door) status(*http.Request) (any, error) {
	now := d.host.Overview()
	last := report(now.Last)
	return api.Status{
		Version: d.version, PID: os.Getpid(), Started: now.Started, Generation: now.Generation, Since: now.Since,
		Stopping: now.Stopping, Looked: now.Looked, Result: last.Result, Problems: last.Problems, Reloads: api.Reloads(now.Reloads),
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
	if r.ContentLength != 0 {
		if err := body(r, &plan); err != nil {
			return nil, err
		}
	}
	if err := plannable(plan.File); err != nil {
		return nil, err
	}
	would, err := d.host.Plan(plan.File)
	if err != nil {
		return nil, err
	}
	return report(would), nil
}

// maxPlan bounds the file of a plan in bytes; that of ten thousand sites has 20
// MiB.
const maxPlan = 256 << 20

// plannable refuses what cannot be read to its end. What is not there is left to
// the host to say.
func plannable(file string) error {
	if file == "" {
		return nil
	}
	if !filepath.IsAbs(file) {
		return failure(http.StatusBadRequest, "file is not an absolute path: "+file)
	}
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil
	case !info.Mode().IsRegular():
		return failure(http.StatusBadRequest, file+" is not a plain file; write what is to be planned into one")
	case info.Size() > maxPlan:
		return failure(http.StatusBadRequest, fmt.Sprintf("%s is larger than %d bytes", file, maxPlan))
	}
	return nil
}

func report(r host.Report) api.Report {
	said := api.Report{Result: api.Applied, Generation: r.Generation, Problems: Problems(r.Problems), Changes: []api.Change{}}
	switch {
	case r.Refused:
		said.Result = api.Refused
	case !r.Changed:
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
	return siteOf(s), err // said only without an error
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

// called reports whether a user has a name, with or without the domain, or the
// brackets of <Anonymous>.
func called(user, name string) bool {
	_, bare, _ := strings.Cut(user, `\`)
	return user != "" && slices.ContainsFunc([]string{user, bare, strings.Trim(user, "<>")}, func(s string) bool { return strings.EqualFold(s, name) })
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
