package host

import (
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/logging"
)

// refuse logs why a configuration is not served, once for each state of it. The
// caller holds changing.
func (h *Host) refuse(problems apphost.ErrorList) {
	last := h.looks.last
	if last.Refused && last.Problems.Error() == problems.Error() {
		return
	}
	h.options.Log.Error().Int("errors", problems.Errors()).Msg("the configuration is refused; what was served before goes on")
	h.logProblems(problems)
}

// maxProblemsLogged is how many findings of one look go to the log.
const maxProblemsLogged = 20

// logProblems logs findings, errors before warnings.
func (h *Host) logProblems(problems apphost.ErrorList) {
	for _, warnings := range []bool{false, true} {
		for i, p := range problems {
			if i >= maxProblemsLogged || p.Warning != warnings {
				continue
			}
			e := h.options.Log.Error()
			if p.Warning {
				e = h.options.Log.Warn()
			}
			e.Str(logging.Origin, p.Pos.String()).Msg(p.Msg)
		}
	}
}

// tell logs what changed.
func (h *Host) tell(before, next *generation) {
	h.options.Log.Info().Uint64(logging.Generation, next.number).Int(logging.Sites, len(next.Sites)).Int("changes", len(next.changes)).
		Int(logging.Listeners, len(next.opened)).Msg("configuration applied")
	for i, c := range next.changes {
		if i == maxProblemsLogged {
			break
		}
		e := h.options.Log.Info()
		if c.Kind == compile.Kept || c.Kind == compile.Stopped && c.Detail != "" {
			e = h.options.Log.Error()
		}
		e = e.Str(logging.Site, c.Name)
		if c.Detail != "" {
			e = e.Str("detail", c.Detail)
		}
		e.Msg("site " + c.Kind)
	}
	next.logFailures(h)
	known := map[string]bool{}
	for _, p := range before.problems {
		known[withoutNumbers(p.Msg)] = true
	}
	h.logProblems(slices.DeleteFunc(slices.Clone(next.problems), func(p *apphost.Error) bool {
		told := func(c compile.Change) bool { return strings.Contains(c.Detail, p.Msg) }
		return known[withoutNumbers(p.Msg)] || slices.ContainsFunc(next.changes, told)
	}))
}

// withoutNumbers is a finding that stays the same when lines above it come or
// go, of which it names some.
func withoutNumbers(msg string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, msg)
}
