package explain_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/explain"
)

// mute is a source of accounts that tells nothing without the password.
type mute struct{}

func (mute) Authenticate(context.Context, auth.Credentials) (*auth.Principal, error) {
	return nil, auth.ErrLogon
}

// source is one that gives the same answer to every name.
type source struct {
	mute
	name  string
	knows *auth.Principal
	err   error
}

func (s source) Find(context.Context, string) (*auth.Principal, error) { return s.knows, s.err }

func (s source) Source() auth.Source {
	return auth.Source{Name: "accounts of " + s.name, Origin: s.name + ":1:1", Unasked: "hours"}
}

// TestSourcesInOrder tells what comes of several sources: as at a login, who
// knows the name counts, whoever is down before it.
func TestSourcesInOrder(t *testing.T) {
	jo := auth.NewPrincipal("HARBOUR", "jo", []string{"Sales"}).WithHome(`C:\homes\jo`)
	knows, none := source{name: "a", knows: jo}, source{name: "b", err: auth.ErrLogon}
	off := source{name: "c", err: auth.ErrAccountDisabled}
	down := source{name: "d", err: fmt.Errorf("%w: no answer in time", auth.ErrProvider)}
	const unanswered = "a source of accounts could not be asked: no answer in time"
	for _, c := range []struct {
		name, user string
		sources    []auth.Provider
		want       []string // the steps about accounts: result, text, origin
	}{
		{"known", "jo", []auth.Provider{none, knows, off}, []string{`allowed accounts of a know HARBOUR\jo; groups: sales; home attribute: C:\homes\jo a:1:1`, "not known here hours "}},
		{"known by the next", "jo", []auth.Provider{down, mute{}, knows}, []string{
			"not known here " + unanswered + " d:1:1", "not known here a source of accounts could not be asked: it tells nothing without the password ",
			`allowed accounts of a know HARBOUR\jo; groups: sales; home attribute: C:\homes\jo a:1:1`, "not known here hours ",
		}},
		{"unknown", "jo", []auth.Provider{none, none}, []string{`refused no source of accounts knows "jo" (sub-status 41) `}},
		{"disabled", "jo", []auth.Provider{none, off, none}, []string{"refused the account is disabled (sub-status 41) c:1:1"}},
		{"down", "jo", []auth.Provider{off, down, none}, []string{"refused " + unanswered + " (sub-status 34) d:1:1"}},
		{"anonymous", "ftp", []auth.Provider{none}, []string{"refused anonymous login is not allowed (sub-status 42) "}},
		{"anonymous and down", "ftp", []auth.Provider{down}, []string{"refused anonymous login is not allowed (" + unanswered + ") (sub-status 42) d:1:1"}},
	} {
		snapshot := sites(t)
		for _, s := range snapshot.Sites {
			if s.Name == "nobody" {
				s.Login.Providers = c.sources
			}
		}
		answer, err := explain.Ask(t.Context(), snapshot, explain.Query{Site: "nobody", User: c.user, Path: "/", Verb: "NOOP", TLS: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, step := range answer.Steps {
			if step.Name == "account" {
				got = append(got, fmt.Sprintf("%s %s %s", step.Result, step.Text, step.Origin))
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
		if last := answer.Steps[len(answer.Steps)-1]; (last.Name == "account") != strings.HasPrefix(c.want[0], "refused") {
			t.Errorf("%s: ends with %+v", c.name, last)
		}
	}
}
