// Package explain tells what would come of one command, step by step, with the
// line that decides: it asks the same functions that decide on the wire, in the
// same order, and does nothing.
package explain

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Query is what is asked: whether User may say Verb of Path on Site. The
// password is taken to be right.
type Query struct {
	Site, User, Path, Verb string
	// TLS says that the control connection is encrypted, and data connections
	// with it.
	TLS bool
	// Client is the address of the client; without a valid one, rules for
	// addresses do not count. Names tells what it is called, as far as the rules
	// want to know.
	Client netip.Addr
	Names  access.Names
}

// Result is how a step ended.
type Result string

// The results of a step.
const (
	// Passed: nothing is refused here.
	Passed Result = "allowed"
	// Refused: the client hears a refusal, and the steps end.
	Refused Result = "refused"
	// Unknown: only the running server, or the client, knows.
	Unknown Result = "not known here"
)

// Step is one decision.
type Step struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Text   string `json:"text"`
	// Origin is the line that decides, as file:line:col, "default" for the
	// schema's default, and "" for none.
	Origin string `json:"origin,omitempty"`
}

// Answer is all that is to be said to a Query.
type Answer struct {
	Allowed bool `json:"allowed"`
	// Unknown says that it cannot be told here whether it is allowed.
	Unknown bool `json:"unknown,omitempty"`
	// Reply is what the client hears of a refusal, in its short form; "" when it
	// is allowed, or the client hears nothing.
	Reply string `json:"reply,omitempty"`
	// SubStatus and Win32 are what the log keeps of a refusal.
	SubStatus int    `json:"subStatus"`
	Win32     uint32 `json:"win32Status"`
	Steps     []Step `json:"steps"`
	// View is what the user sees of the site after the login; nil when that is
	// refused.
	View *vfs.View `json:"-"`
}

// walk is an Answer that comes into being.
type walk struct {
	Answer
	site *site.Site
	verb ftpserver.Verb
	Query
	// named says that the client has to name the site, implicit that TLS comes
	// first.
	named, implicit bool
	client          access.Client
	principal       *auth.Principal
}

// Ask explains a query to the sites of a configuration. The error says that
// the question makes no sense.
func Ask(ctx context.Context, sites *site.Snapshot, q Query) (*Answer, error) {
	w := &walk{Query: q, client: access.Anywhere()}
	if q.Client.IsValid() {
		w.client = access.Client{Addr: q.Client, Names: q.Names}
	}
	if err := w.find(sites); err != nil {
		return nil, err
	}
	w.Query.Verb = strings.ToUpper(w.Query.Verb)
	for _, step := range []func(context.Context) bool{
		w.binding, w.address, w.channel, w.lockOut, w.account, w.home, w.command, w.transfer, w.path,
	} {
		if !step(ctx) {
			return &w.Answer, nil
		}
	}
	w.Allowed = !w.Unknown
	return &w.Answer, nil
}

// find finds the site.
func (w *walk) find(sites *site.Snapshot) error {
	var names []string
	for _, s := range sites.Sites {
		if strings.EqualFold(s.Name, w.Site) {
			w.site = s
			return nil
		}
		names = append(names, s.Name)
	}
	for _, s := range sites.Stopped {
		if strings.EqualFold(s.Name, w.Site) && s.Reason != "" {
			return fmt.Errorf("site %q is stopped: %s", s.Name, s.Reason)
		} else if strings.EqualFold(s.Name, w.Site) {
			return fmt.Errorf("site %q is stopped: serverAutoStart is false", s.Name)
		}
	}
	return fmt.Errorf("there is no ftp site %q; those that run are: %s", w.Site, strings.Join(names, ", "))
}

func (w *walk) pass(name, origin, format string, args ...any) bool {
	w.Steps = append(w.Steps, Step{name, Passed, fmt.Sprintf(format, args...), origin})
	return true
}

// unknown notes what is not to be told here.
func (w *walk) unknown(name, origin, text string) {
	w.Steps = append(w.Steps, Step{name, Unknown, text, origin})
}

// refuse ends the walk.
func (w *walk) refuse(name, origin, text string, r ftpserver.Refusal) bool {
	w.Steps = append(w.Steps, Step{name, Refused, text, origin})
	if r.Reply.Code != 0 {
		w.Reply = strings.TrimRight(string(r.Reply.AppendTo(nil)), "\r\n")
	}
	w.SubStatus, w.Win32, w.Unknown = r.SubStatus, r.Win32, false
	return false
}

// because writes a refusal and the sub-status it has in the log.
func because(text string, subStatus int) string {
	if subStatus == access.SubStatusOK {
		return text
	}
	return fmt.Sprintf("%s (sub-status %d)", text, subStatus)
}

// binding names where the site is reached.
func (w *walk) binding(context.Context) bool {
	var named *site.Binding
	for i := range w.site.Bindings {
		b := &w.site.Bindings[i]
		switch {
		case b.Implicit() && !w.TLS:
		case b.Host == "":
			w.implicit = b.Implicit()
			return w.pass("binding", b.Origin, "%s leads to site %s without a host name", b, w.site.Name)
		case named == nil:
			named = b
		}
	}
	if named == nil {
		b := w.site.Bindings[0]
		return w.refuse("binding", b.Origin, fmt.Sprintf("%s is for connections that begin with TLS; who speaks in clear text there is not answered", b), ftpserver.Refusal{})
	}
	w.named = true
	return w.pass("binding", named.Origin, "%s leads to site %s, once the client has named the host: HOST %s, or %s|%s as the user name",
		named, w.site.Name, named.Host, named.Host, w.User)
}

// address asks the rules for client addresses.
func (w *walk) address(context.Context) bool {
	if !w.Client.IsValid() {
		w.unknown("client address", "", "the address of the client was not given")
		return true
	}
	var denied *access.Denied
	err := w.site.Root.Admit(w.client)
	if !errors.As(err, &denied) {
		d := w.site.Root.DecideAddress(w.client)
		return w.pass("client address", d.Origin, "%s may connect: %s", w.Client, d.Reason())
	}
	r := ftpserver.AddressRefusalOf(denied, w.named)
	if w.implicit { // nothing is said before TLS
		r.Reply = ftp.Reply{}
	}
	return w.refuse("client address", denied.Origin, because(denied.Reason, denied.SubStatus), r)
}

// channel asks the policy of the control connection.
func (w *walk) channel(context.Context) bool {
	how := map[bool]string{true: "encrypted", false: "in clear text"}[w.TLS]
	if w.TLS && w.site.TLS.Settings == nil {
		w.unknown("TLS", "", "the site itself has no certificate, so the client must have TLS by that of the port: "+w.site.TLS.Reason)
	}
	if sub := w.site.Channel.Credentials(w.TLS); sub != access.SubStatusOK {
		return w.refuse("control channel", w.site.Channel.ControlOrigin, because(access.Text(sub), sub), ftpserver.PolicyRefusalOf(sub))
	}
	return w.pass("control channel", w.site.Channel.ControlOrigin, "credentials may be sent %s", how)
}

// lockOut is about what failed before.
func (w *walk) lockOut(context.Context) bool {
	w.unknown("lock-out", "", "how often logins of the client failed is known to the running server only")
	return true
}

// home enters the directory that a session starts in.
func (w *walk) home(context.Context) bool {
	view := w.site.Root.View(w.principal, w.client)
	start, err := view.Start()
	if err == nil || errors.Is(err, content.ErrImpersonation) {
		w.View = view
	}
	if errors.Is(err, content.ErrImpersonation) {
		return w.cannotLook("home directory")
	}
	if err == nil {
		return w.pass("home directory", "", "the session starts in %s", start)
	}
	r, text := ftpserver.HomeRefusalOf(err), reasonOf(err)
	var missing *vfs.HomeError
	if errors.As(err, &missing) && missing.Folder != "" {
		text += "; create " + missing.Folder
	}
	return w.refuse("home directory", originOf(err), because(text, r.SubStatus), r)
}

// cannotLook says that only somebody else could ask the file system.
func (w *walk) cannotLook(step string) bool {
	w.Unknown = true
	text := fmt.Sprintf("the file system decides by the rights of the user %s, as whom only root may ask", w.principal.OSUser().Name)
	w.unknown(step, "", text)
	return true
}

// asWhom says whose rights the file system went by.
func (w *walk) asWhom() string {
	if u := w.principal.OSUser(); u != nil {
		return ", with the rights of the user " + u.Name
	}
	return ""
}

// command asks whether the site has the verb.
func (w *walk) command(context.Context) bool {
	if err := w.site.Commands.Check(w.Verb); err != nil {
		r := ftpserver.RefusalOf(err)
		return w.refuse("command", originOf(err), because(reasonOf(err), r.SubStatus), r)
	}
	verb, known := ftpserver.LookUp(w.Verb, w.site.Protocol.FeatureSet)
	if !known {
		return w.refuse("command", "", fmt.Sprintf("there is no command %s in the site's feature set", w.Verb), ftpserver.UnknownVerb())
	}
	if verb.Refused != nil {
		return w.refuse("command", "", fmt.Sprintf("%s is known and not served", w.Verb), ftpserver.RefusalOf(verb.Refused))
	}
	w.verb = verb
	return w.pass("command", "", "%s is a command of the site", w.Verb)
}

// transfer asks the policy of data connections.
func (w *walk) transfer(context.Context) bool {
	if !w.verb.Data {
		return true
	}
	how := map[bool]string{true: "encrypted (PROT P)", false: "in clear text"}[w.TLS]
	if sub := w.site.Channel.Transfer(w.TLS); sub != access.SubStatusOK {
		return w.refuse("data channel", w.site.Channel.DataOrigin, because(access.Text(sub), sub), ftpserver.PolicyRefusalOf(sub))
	}
	return w.pass("data channel", w.site.Channel.DataOrigin, "data may go %s", how)
}

// path asks filter, rules and file system.
func (w *walk) path(context.Context) bool {
	if w.verb.Asks == 0 {
		return w.pass("path", "", "%s asks nothing of a path", w.Verb)
	}
	p := vpath.Clean(w.Path)
	t := w.View.Explain(p, w.verb.Asks)
	if t.Filtered != nil {
		return w.pathRefused("request filter", t.Filtered)
	}
	w.pass("request filter", "", "%s passes", p)
	var denied *access.Denied
	if errors.As(t.Err, &denied) && denied.SubStatus == access.SubStatusIPRestriction {
		return w.pathRefused("client address", t.Err)
	}
	if !t.Rule.Allowed {
		return w.pathRefused("authorization", t.Err)
	}
	w.pass("authorization", t.Rule.Rule.Origin, "this rule allows %s", t.Permission)
	switch {
	case errors.Is(t.Err, content.ErrImpersonation), errors.Is(t.Found, content.ErrImpersonation):
		return w.cannotLook("file system")
	case t.Err != nil:
		return w.pathRefused("file system", t.Err)
	case t.Found != nil && w.verb.Asks.Writes():
		w.pass("file system", "", "nothing is there yet%s; whether it can be written is not tried", w.asWhom())
	case w.verb.Asks.Writes():
		w.pass("file system", "", "%s is there%s; whether it can be changed is not tried", p, w.asWhom())
	default:
		w.pass("file system", "", "%s can be read%s", p, w.asWhom())
	}
	return true
}

func (w *walk) pathRefused(step string, err error) bool {
	r := ftpserver.RefusalOf(err)
	return w.refuse(step, originOf(err), because(reasonOf(err), r.SubStatus), r)
}

// originOf is the line that an error names.
func originOf(err error) string {
	var denied *access.Denied
	if errors.As(err, &denied) {
		return denied.Origin
	}
	return ""
}

// reasonOf is the error without that line.
func reasonOf(err error) string {
	var denied *access.Denied
	if errors.As(err, &denied) {
		return denied.Reason
	}
	return err.Error()
}
