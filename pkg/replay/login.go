package replay

import (
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/explain"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// loginKey is all that a login depends on, but for the password.
type loginKey struct {
	tenant *tenant
	user   string
	addr   netip.Addr
	clear  bool
}

// login is what would come of a login now.
type login struct {
	user    string
	verdict *verdict
	// open is why it is not known; "" when it is.
	open string
	// view is what the user sees; nil when nothing.
	view *vfs.View
}

// loginOf asks for the login of a user.
func (r *replayer) loginOf(l *line, user string, known tls) *login {
	key := loginKey{l.tenant, user, r.client(l), known == inClear}
	if found, ok := r.logins.get(key); ok {
		return found
	}
	lg := &login{user: user}
	r.names = false
	answer, err := explain.Ask(r.ctx, r.sites, explain.Query{
		Site: l.tenant.name, User: user, Path: "/", Verb: "PASS", TLS: !key.clear, Client: key.addr, Names: &r.names,
	})
	switch {
	case err != nil:
		lg.open = err.Error()
	case bool(r.names):
		lg.open = nameDecides
	case answer.SubStatus == access.SubStatusCustomAuthentication:
		lg.open = "logins at a source of accounts that does not answer without the password"
	case answer.Unknown:
		lg.open = "logins that depend on the rights of a user of the system"
	}
	if err == nil {
		lg.view, lg.verdict = answer.View, verdictOf(answer)
	}
	r.logins.put(key, lg)
	return lg
}

// nameDecides is why rules for names of clients are not asked.
const nameDecides = "commands that the name of the client's address decides"

// verdictOf is the last step of an answer, or the one about the account when
// all passed.
func verdictOf(answer *explain.Answer) *verdict {
	decides := answer.Steps[len(answer.Steps)-1]
	if decides.Result == explain.Refused {
		return &verdict{refused: true, step: decides.Name, text: decides.Text, origin: decides.Origin}
	}
	for _, step := range answer.Steps {
		if step.Name == "account" && step.Result == explain.Passed {
			decides = step
		}
	}
	return &verdict{step: decides.Name, text: decides.Text, origin: decides.Origin}
}

// pass compares the login that PASS ends.
func (r *replayer) pass(l *line, d *dialogue, was outcome) {
	user, known := d.user, d.named
	switch {
	case known:
		user = r.typed(l, user)
	case was == allowed:
		user, known = r.logged(l)
	case l.sub == access.SubStatusAnonymousNotAllowed: // nobody else has it
		user, known = auth.Anonymous().Name(), true
	}
	if !known {
		r.skip("logins of which the log does not have the user", l)
		return
	}
	lg := r.loginOf(l, user, d.tls)
	if was == allowed {
		d.login = lg
	}
	if lg.open != "" {
		r.skip(lg.open, l)
		return
	}
	d.gone = was == allowed && lg.verdict.refused && !d.loose
	r.judged(l, was, lg.verdict, user, "")
}

// typed is the account that USER named, without the name of the site.
func (r *replayer) typed(l *line, name string) string {
	if _, account, found := strings.Cut(name, "|"); found {
		if name = account; name == "" {
			return auth.Anonymous().Name()
		}
	}
	domain, account, found := strings.Cut(name, `\`)
	if !found {
		return name
	}
	if r.sites.UseDomainNameAsHostName {
		for _, b := range l.tenant.site.Bindings {
			if b.Host != "" && strings.EqualFold(b.Host, domain) {
				return account
			}
		}
	}
	if strings.EqualFold(domain, r.options.Computer) {
		return account
	}
	return name
}

// logged is who gave a command by cs-username, where anonymous users have none.
// It is not known when the log does not have the column.
func (r *replayer) logged(l *line) (user string, known bool) {
	name := l.text(userName)
	domain, account, found := strings.Cut(name, `\`)
	switch {
	case name == "":
		return auth.Anonymous().Name(), l.has(userName)
	case !found:
		return name, true
	case strings.EqualFold(domain, r.options.Computer), strings.EqualFold(domain, l.text(computerName)):
		return account, true
	case r.options.Computer != "" || !r.unknown(l, name) || r.unknown(l, account):
		return name, true
	}
	if domain = strings.ToUpper(domain); !r.taken[domain] && len(r.taken) < maxNotes {
		r.taken[domain] = true
		r.note("%s: %s is taken for the name of the old computer; --computer %s says so, or another name that it is not", l.place, printable(domain), printable(domain))
	}
	return account, true
}

// unknown reports whether no source of accounts knows a name.
func (r *replayer) unknown(l *line, user string) bool {
	lg := r.loginOf(l, user, unknownTLS)
	return lg.verdict != nil && lg.verdict.refused && lg.verdict.step == "account"
}

// viewOf is who gives a command, and what they see; with neither, open says why.
// An account that could not log in now has been told of when view is nil.
func (r *replayer) viewOf(l *line, d *dialogue, was outcome) (lg *login, open string) {
	if d.login != nil && (!d.loose || l.raw(userName) == nil) {
		return d.login, d.login.open
	}
	user, known := r.logged(l)
	if !known {
		return nil, "commands of which the log does not have the user"
	}
	lg = r.loginOf(l, user, d.tls)
	if lg.open == "" && was == allowed && lg.verdict.refused {
		d.gone = !d.loose
		return lg, ""
	}
	if !d.loose {
		d.login = lg
	}
	return lg, lg.open
}
