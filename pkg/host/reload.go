package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

// Report is what came of a look at the configuration.
type Report struct {
	// Generation is the number of what is served now; each change has the next.
	Generation uint64
	// Refused says that the configuration is not served, and what was served
	// before is.
	Refused bool
	// Changed says that something else is written than what was served before, or
	// that something else came of it.
	Changed bool
	// Problems are all findings, errors and warnings.
	Problems apphost.ErrorList
	// Changes are what became of the sites.
	Changes []compile.Change
	// Took is how long it took.
	Took Took
}

// Took is how long the parts of a look at the configuration took: reading and
// checking it, building sites from it, and bringing what runs to that.
type Took struct{ Load, Build, Apply time.Duration }

// ErrStopping means that the host stops and follows no configuration any more.
var ErrStopping = errors.New("the server is stopping")

// Reload brings what is served to what the configuration says now. Sites that
// have changed are followed by their sessions at the next command; sessions of
// sites that are gone end after their transfers. When the configuration makes
// no sense nothing changes, and when a single site makes none that site goes on
// as it was. Afresh builds sites anew of which the same is written, which finds
// folders and certificates that have come or gone. The error is ErrStopping.
func (h *Host) Reload(ctx context.Context, afresh bool) (Report, error) {
	r, err := h.look(ctx, afresh)
	if err == nil && h.options.OnLook != nil {
		h.options.OnLook(r)
	}
	if h.current.Load().result.Displaced {
		h.straighten(ctx)
	}
	return r, err
}

// quickFrom is from how many sites on a change is applied before the lines are
// looked at on which unchanged sites are written now.
const quickFrom = 1000

// straighten builds the sites again whose lines have moved, which nobody notices
// but who is told of a line. If the file says something else by now, the next
// look does it.
func (h *Host) straighten(ctx context.Context) {
	h.changing.Lock()
	defer h.changing.Unlock()
	before := h.current.Load()
	if h.state == stopping || !before.result.Displaced {
		return
	}
	parts := h.parts
	parts.Previous = before.result
	_, next, fresh, problems := h.prepare(ctx, before, parts, &Took{})
	if next == nil || !next.result.SameText(before.result) {
		closeAll(fresh)
		return
	}
	next.number, next.since, next.changes = before.number, before.since, before.changes
	h.apply(before, next, fresh)
	h.looks.correct(problems)
}

// look is Reload, but that nobody is told.
func (h *Host) look(ctx context.Context, afresh bool) (Report, error) {
	h.changing.Lock()
	defer h.changing.Unlock()
	if h.state == stopping {
		return Report{}, ErrStopping
	}
	before := h.current.Load()
	r := Report{Generation: before.number}
	start := time.Now()
	parts := h.parts
	parts.Previous, parts.Afresh, parts.Quick = before.result, afresh, !afresh && len(before.Sites) >= quickFrom
	home, next, fresh, problems := h.prepare(ctx, before, parts, &r.Took)
	r.Problems = problems
	switch {
	case next == nil:
		r.Refused = true
		h.refuse(problems)
	case next.result.Same(before.result) && len(fresh) == 0:
		h.adopt(home, next.result)
	default:
		h.adopt(home, next.result)
		h.apply(before, next, fresh)
		h.tell(before, next)
		r.Generation, r.Changes = next.number, next.changes
		r.Changed = len(r.Changes) > 0 || !next.result.SameText(before.result)
	}
	if !r.Refused {
		h.server.Renew()
	}
	// Opening endpoints is a part of applying.
	r.Took.Apply = time.Since(start) - r.Took.Load - r.Took.Build
	h.looks.add(r)
	return r, nil
}

// follow reloads because files have changed.
func (h *Host) follow(ctx context.Context) {
	h.watcher.Watch(h.options.Home.Sources()) // other files, perhaps
	if _, err := h.Reload(ctx, false); err != nil && !errors.Is(err, ErrStopping) {
		h.options.Log.Error().Err(err).Msg("configuration not applied")
	}
}

// adopt keeps what belongs to a configuration that has turned out good.
func (h *Host) adopt(home compile.Home, r *compile.Result) {
	h.keeper.Changed(home.Kept(), r.History)
	if err := home.KeepShared(); err != nil {
		h.options.Log.Error().Err(err).Msg("no copy of the shared configuration")
	}
	h.managers.open(home.Administration()) // which may be that copy
}

// Plan tells what Reload would do if a file were the applicationHost.config; ""
// means the one there is. Nothing changes; whether ports can be opened shows
// only when they are. The error is ErrStopping.
func (h *Host) Plan(file string) (Report, error) {
	h.changing.Lock()
	defer h.changing.Unlock()
	if h.state == stopping {
		return Report{}, ErrStopping
	}
	before := h.current.Load()
	parts := h.parts
	parts.Previous, parts.Afresh = before.result, true
	_, result, problems := h.load(file, parts, &Took{})
	if result == nil {
		return Report{Generation: before.number, Refused: true, Problems: problems}, nil
	}
	changes := compile.Changes(before.result, result)
	return Report{Generation: before.number, Changed: len(changes) > 0 || !result.SameText(before.result), Problems: problems, Changes: changes}, nil
}

// load reads and compiles the configuration, with a file in the place of
// applicationHost.config unless that is "". The result is nil when it is
// refused.
func (h *Host) load(file string, parts compile.Parts, took *Took) (home compile.Home, r *compile.Result, problems apphost.ErrorList) {
	start := time.Now()
	home, problems = h.options.Home.Resolve()
	if problems.Errors() > 0 {
		return home, nil, problems
	}
	if file != "" {
		home = home.With(file)
	}
	cfg, more := home.Load()
	problems = append(problems, more...)
	if cfg == nil {
		return home, nil, problems
	}
	loaded := time.Now()
	result, more := compile.Snapshot(cfg, parts)
	took.Load, took.Build = took.Load+loaded.Sub(start), took.Build+time.Since(loaded)
	problems = append(problems, more...)
	problems.Sort()
	if result == nil {
		return home, nil, problems
	}
	if high := result.Passive.High + h.options.PortOffset; result.Passive.High > 0 && high > maxPort {
		problems = append(problems, &apphost.Error{Msg: fmt.Sprintf("--port-offset %d moves the passive port %d above %d", h.options.PortOffset, result.Passive.High, maxPort)})
		return home, nil, problems
	}
	return home, result, problems
}

// prepare compiles the configuration and opens its endpoints, beside those that
// are open. The generation is nil when the configuration is refused. A site
// that is served now and whose endpoints cannot be opened goes on as it was.
func (h *Host) prepare(ctx context.Context, before *generation, parts compile.Parts, took *Took) (home compile.Home, next *generation, fresh []*opened, problems apphost.ErrorList) {
	parts.Unopened = map[uint32]string{}
	there := before.sockets()
	for {
		var result *compile.Result
		if home, result, problems = h.load("", parts, took); result == nil {
			closeAll(fresh)
			return home, nil, nil, problems
		}
		next = newGeneration(before, result, problems)
		more := next.open(ctx, h, there)
		fresh, there = append(fresh, more...), append(there, more...)
		if !next.failNews(before, parts.Unopened) {
			unused := func(o *opened) bool { return !slices.Contains(next.opened, o) }
			closeAll(slices.DeleteFunc(slices.Clone(fresh), func(o *opened) bool { return !unused(o) }))
			return home, next, slices.DeleteFunc(fresh, unused), problems
		}
	}
}

// failNews enters the sites that were served before and cannot have one of
// their addresses, and reports whether there are any that were not entered yet.
func (g *generation) failNews(before *generation, unopened map[uint32]string) (found bool) {
	for id, reasons := range g.failed {
		if _, known := unopened[id]; !known && before.result.Serves(id) {
			unopened[id], found = strings.Join(reasons, "; "), true
		}
	}
	return found
}

// apply makes next current. The caller holds changing.
func (h *Host) apply(before, next *generation, fresh []*opened) {
	h.obey(next.result)
	next.adjust(h)
	atOnce, soon := next.enter(before.sockets())
	h.current.Store(next)
	h.keepLogs(next)
	if h.state == running {
		for _, o := range fresh {
			h.serve(o)
		}
	}
	h.leave(fresh)
	h.giveUp(atOnce)
	if len(soon) > 0 {
		h.closeSoon(soon)
	}
	h.server.Follow()
	h.ends.lookSoon()
	if err := before.result.Release(next.result); err != nil {
		h.options.Log.Warn().Err(err).Msg("sources of accounts that are used no more not closed")
	}
}

// obey applies the settings of the whole server.
func (h *Host) obey(r *compile.Result) {
	h.attempts.SetPolicy(r.Attempts)
	h.ports.SetRange(r.Passive.Low, r.Passive.High)
}

// looks remembers what came of looking at the configuration. It has a lock of
// its own: a look takes seconds when there is much to see, and whoever asks how
// the host is does not wait for it.
type looks struct {
	mu    sync.Mutex
	when  time.Time
	last  Report
	count Reloads
}

// correct replaces the findings of the last look by those with the right lines.
func (l *looks) correct(problems apphost.ErrorList) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last.Problems = problems
}

// add counts a look.
func (l *looks) add(r Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.Refused:
		l.count.Refused++
	case r.Changed:
		l.count.Applied++
	default:
		l.count.Unchanged++
	}
	l.when, l.last = time.Now(), r
}
