package replay

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// verdict is how something is decided now, by which step and where that is
// written.
type verdict struct {
	refused            bool
	step, text, origin string
	// open is why it is not known; "" when it is.
	open string
}

// verdictKey is all that a verdict depends on.
type verdictKey struct {
	tenant *tenant
	addr   netip.Addr // of a verdict about an address alone
	login  *login
	verb   *verb
	how    how
	path   string
}

// how is what else counts.
type how struct {
	tls tls
	// protect says that data connections are encrypted, file that the path is a
	// file.
	protect, file bool
	// setsTime is an MDTM with a time.
	setsTime bool
	// sub is the sub-status of a refusal then: it chooses what is told when
	// nothing refuses now.
	sub int
}

// turnedAway reports whether the address was refused, rather than a path.
func (l *line) turnedAway() bool {
	return l.sub == access.SubStatusIPRestriction && (l.code == 421 || l.code == 0)
}

// arrives compares whether the address of a client is served, once for each
// session, and reports whether it is. Was is whether it was served then.
func (r *replayer) arrives(l *line, d *dialogue, was outcome) bool {
	d.arrived = true
	addr := r.client(l)
	if !addr.IsValid() {
		if was == refused {
			r.skip("clients without an address", l)
		}
		return true
	}
	key := verdictKey{tenant: l.tenant, addr: addr}
	v, known := r.verdicts.get(key)
	if !known {
		r.names = false
		decision := l.tenant.site.Root.DecideAddress(access.Client{Addr: addr, Names: &r.names})
		v = &verdict{refused: !decision.Allowed, step: "client address", text: decision.Reason(), origin: decision.Origin}
		if r.names {
			v = &verdict{open: nameDecides}
		}
		r.verdicts.put(key, v)
	}
	switch {
	case v.open != "" && was == refused:
		r.skip(v.open, l)
	case v.open != "":
	case was == refused, v.refused:
		r.judged(l, was, v, addr.String(), "")
	}
	return !v.refused
}

// judged counts a decision, and keeps it when it is another one now.
func (r *replayer) judged(l *line, was outcome, v *verdict, user, path string) {
	r.report.Compared++
	if v.refused != (was == refused) {
		r.differs(l, v, user, path)
	}
}

// compare compares a command that is not PASS.
func (r *replayer) compare(l *line, d *dialogue, was outcome) {
	if l.choosesSite() {
		r.skip("commands that choose a site", l)
		return
	}
	state := how{tls: d.tls, protect: d.protect, setsTime: l.verb.name == "MDTM" && setsTime(l.raw(stem))}
	if was == refused {
		state.said(l.sub)
	}
	if l.verb.name == "PROT" {
		state.protect = strings.EqualFold(l.text(stem), "P")
	}
	path, known := d.path(l)
	if path == "" && was == refused && ofPath(l.sub) {
		known = false // SITE and COMB have theirs in the argument
	}
	if !known {
		r.skip("commands of which the log does not have the path", l)
		return
	}
	var lg *login
	user := ""
	if path != "" {
		var why string
		lg, why = r.viewOf(l, d, was)
		switch {
		case why != "":
			r.skip(why, l)
			return
		case lg.view == nil && was == allowed:
			r.judged(l, was, lg.verdict, lg.user, path)
			return
		case lg.view == nil:
			r.skip("refusals of users who could not log in now", l)
			return
		}
		user = lg.user
		state.file = l.aboutFile(was)
	}
	v := r.verdict(l, lg, state, path, true)
	if v.refused != (was == refused) && v.open == "" && strings.Contains(path, "+") {
		// A plus sign may be one.
		v = r.verdict(l, lg, state, path, false)
	}
	if v.open != "" {
		r.skip(v.open, l)
		return
	}
	if was == allowed && v.refused && l.verb.name == "USER" {
		d.gone = !d.loose // PASS would be refused for the same reason
	}
	r.judged(l, was, v, user, path)
}

// said is what a refusal tells about the connections.
func (h *how) said(sub int) {
	h.sub = sub
	switch sub {
	case access.SubStatusDataRequiresSSL:
		h.protect = false
	case access.SubStatusDataDeniesSSL:
		h.tls, h.protect = secure, true
	case access.SubStatusControlRequiresSSL, access.SubStatusCredentialsRequireSSL:
		h.tls = inClear
	}
}

// aboutFile reports whether the path of a command is known to be a file.
func (l *line) aboutFile(was outcome) bool {
	if was == refused {
		return l.sub == access.SubStatusExtension
	}
	return l.verb.name == "SIZE" || l.verb.name == "MDTM" && l.code == 213
}

// verdict decides about a command; plus says that a plus sign in the path is a
// space.
func (r *replayer) verdict(l *line, lg *login, state how, path string, plus bool) *verdict {
	if plus {
		path = spaced(path)
	}
	key := verdictKey{tenant: l.tenant, login: lg, verb: l.verb, how: state, path: path}
	v, known := r.verdicts.get(key)
	if !known {
		r.names = false
		v = decide(key)
		if r.names {
			v = &verdict{open: nameDecides}
		}
		if len(path) <= longestPath {
			r.verdicts.put(key, v)
		}
	}
	return v
}

// decide asks what a session asks before a command, in its order.
func decide(key verdictKey) *verdict {
	s, name := key.tenant.site, key.verb.name
	if err := s.Commands.Check(name); err != nil {
		return deniedBy("command", err)
	}
	row := key.verb.rows[s.Protocol.FeatureSet]
	switch {
	case row == nil:
		return &verdict{refused: true, step: "command", text: fmt.Sprintf("there is no command %s in the site's feature set", printable(name))}
	case row.Refused != nil:
		return &verdict{refused: true, step: "command", text: name + " is known and not served"}
	}
	if v := policies(s, *row, key); v != nil {
		return v
	}
	asks := asksOf(name, *row, key.how.setsTime)
	v := passed(s, key)
	if asks == 0 || key.login == nil {
		return v
	}
	t := key.login.view.Judge(vpath.Clean(key.path), asks, key.how.file)
	if t.Err != nil {
		return deniedBy("", t.Err)
	}
	switch sub := key.how.sub; {
	case sub >= access.SubStatusHiddenSegment && sub <= access.SubStatusPathTooLong:
		v.step, v.text = "request filter", "the path passes"
	case ofPath(sub) && t.Rule.Rule != nil:
		v.step, v.origin, v.text = "authorization", t.Rule.Rule.Origin, "this rule allows "+t.Permission.String()
	}
	return v
}

// asksOf is what a command asks of the path that the log has of it.
func asksOf(name string, row ftpserver.Verb, setsTime bool) vfs.Request {
	switch {
	case name == "CDUP", name == "XCUP":
		return vfs.Enter
	case setsTime:
		return vfs.SetAttributes
	default:
		return row.Asks
	}
}

// policies asks those of control and data channel, as far as the session is
// known; nil means that nothing refuses.
func policies(s *site.Site, row ftpserver.Verb, key verdictKey) *verdict {
	sub := access.SubStatusOK
	switch isSecure := key.how.tls == secure; {
	case key.how.tls == unknownTLS:
	case key.verb.name == "USER":
		sub = s.Channel.Credentials(isSecure)
	case key.verb.name == "CCC":
		sub = s.Channel.Command(false, false)
	default:
		sub = s.Channel.Command(isSecure, row.InClear)
	}
	if sub != access.SubStatusOK {
		return &verdict{refused: true, step: "control channel", text: access.Text(sub), origin: s.Channel.ControlOrigin}
	}
	if key.verb.name == "PROT" && key.how.protect || row.Data && (key.how.tls != unknownTLS || key.how.sub == access.SubStatusDataRequiresSSL) {
		if sub := s.Channel.Transfer(key.how.protect); sub != access.SubStatusOK {
			return &verdict{refused: true, step: "data channel", text: access.Text(sub), origin: s.Channel.DataOrigin}
		}
	}
	// On a site that is reached by its name only, the certificate of the port
	// counts.
	byAddress := slices.ContainsFunc(s.Bindings, func(b site.Binding) bool { return b.Host == "" })
	if key.verb.name == "AUTH" && byAddress && s.TLS.Settings == nil {
		return &verdict{refused: true, step: "TLS", text: s.TLS.Reason}
	}
	return nil
}

// passed is what is told when nothing refuses.
func passed(s *site.Site, key verdictKey) *verdict {
	switch key.how.sub {
	case access.SubStatusDataRequiresSSL, access.SubStatusDataDeniesSSL:
		return &verdict{step: "data channel", text: "data may go as it did", origin: s.Channel.DataOrigin}
	case access.SubStatusControlRequiresSSL, access.SubStatusCredentialsRequireSSL:
		return &verdict{step: "control channel", text: "clear text is allowed", origin: s.Channel.ControlOrigin}
	default:
		return &verdict{step: "command", text: key.verb.name + " is a command of the site"}
	}
}

// deniedBy is a refusal; without a step the sub-status says which.
func deniedBy(step string, err error) *verdict {
	v := &verdict{refused: true, step: step, text: err.Error()}
	var denied *access.Denied
	if !errors.As(err, &denied) {
		return v
	}
	v.text, v.origin = denied.Reason, denied.Origin
	if step != "" {
		return v
	}
	switch denied.SubStatus {
	case access.SubStatusAuthorization:
		v.step = "authorization"
	case access.SubStatusIPRestriction:
		v.step = "client address"
	case access.SubStatusVirtualDirectoryRoot:
		v.step = "virtual directory"
	default:
		v.step = "request filter"
	}
	return v
}
