package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftpserver"
)

// account finds out who the user is: the first source that knows the name
// counts, as if the password were right there.
func (w *walk) account(ctx context.Context) bool {
	login := w.site.Login
	if auth.IsAnonymousName(w.User) && login.AllowAnonymous {
		w.principal = auth.Anonymous()
		return w.pass("account", "", "anonymous access is on, with any password")
	}
	if len(login.Providers) == 0 && !login.AllowAnonymous {
		return w.loginRefused(auth.ErrNoMethod, "")
	}
	refusal, origin := auth.ErrLogon, ""
	var unanswered []Step
	for _, p := range login.Providers {
		found, source, err := find(ctx, p, w.User)
		if err == nil {
			w.Steps = append(w.Steps, unanswered...)
			return w.known(found, source)
		}
		if errors.Is(err, auth.ErrProvider) {
			unanswered = append(unanswered, Step{"account", Unknown, err.Error(), source.Origin})
		}
		if refusal = auth.MoreTelling(refusal, err); errors.Is(refusal, err) {
			origin = source.Origin
		}
	}
	if errors.Is(refusal, auth.ErrLogon) {
		origin = ""
	}
	if auth.IsAnonymousName(w.User) {
		refusal = auth.AnonymousRefusal(refusal)
	}
	return w.loginRefused(refusal, origin)
}

// find asks one source whose the name is.
func find(ctx context.Context, p auth.Provider, user string) (*auth.Principal, auth.Source, error) {
	f, ok := p.(auth.Finder)
	if !ok {
		return nil, auth.Source{}, fmt.Errorf("%w: it tells nothing without the password", auth.ErrProvider)
	}
	found, err := f.Find(ctx, user)
	return found, f.Source(), err
}

// known notes whom a source knows.
func (w *walk) known(p *auth.Principal, s auth.Source) bool {
	w.principal = p
	text := fmt.Sprintf("%s know %s; groups: %s", s.Name, p.QualifiedName(), groupsOf(p))
	if p.Home() != "" {
		text += "; home attribute: " + p.Home()
	}
	if u := p.OSUser(); u != nil {
		text += "; user of the operating system: " + u.Name
	}
	w.pass("account", s.Origin, "%s", text)
	if s.Unasked != "" {
		w.unknown("account", "", s.Unasked)
	}
	return true
}

func (w *walk) loginRefused(err error, origin string) bool {
	r := ftpserver.LoginRefusalOf(err)
	text := err.Error()
	if errors.Is(err, auth.ErrLogon) {
		text = fmt.Sprintf("no source of accounts knows %q", w.User)
	}
	return w.refuse("account", origin, because(text, r.SubStatus), r)
}

// groupsOf are the groups by their bare names: rules may qualify them.
func groupsOf(p *auth.Principal) string {
	bare := slices.DeleteFunc(slices.Clone(p.GroupKeys()), func(key string) bool { return strings.ContainsAny(key, `\@`) })
	if len(bare) == 0 {
		return "none"
	}
	return strings.Join(bare, ", ")
}
