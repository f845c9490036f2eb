// Package source notices that files have changed, in whatever way people and
// tools save them: in place, beside and renamed, by swapping links, on file
// systems that tell and on those that do not. It does not know what the files
// are for.
package source

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options say how a Watcher waits. Zero values get the defaults.
type Options struct {
	// Quiet is how long nothing may happen before a change is told; 250 ms.
	Quiet time.Duration
	// Longest is after what time it is told although it goes on; 2 s.
	Longest time.Duration
	// Poll is the time between two looks at files whose file system does not
	// tell what happens on it; 500 ms.
	Poll time.Duration
	// Safety is the time between two looks at everything; 30 s.
	Safety time.Duration
	// OnError hears, once for each cause, why files are polled instead of
	// watched; nil is allowed. It must not call the watcher.
	OnError func(error)
}

const (
	defaultQuiet   = 250 * time.Millisecond
	defaultLongest = 2 * time.Second
	defaultPoll    = 500 * time.Millisecond
	defaultSafety  = 30 * time.Second
)

// Set says what is watched. Nothing of it has to exist. Links are followed,
// and watched, wherever they stand in a path.
type Set struct {
	Files []string
	// Folders are watched with all of their files and those of their
	// sub-folders, but for names that begin with a dot.
	Folders []string
	// Rare are files that are looked at once in each Period, and not between.
	Rare   []string
	Period time.Duration
}

// Watcher tells when files of a set have another content than before, or have
// come, gone, or become readable or unreadable. It is safe for concurrent use.
type Watcher struct {
	options Options
	open    func() (*fsnotify.Watcher, error)
	observe func(k key, before sight, now time.Time, thorough bool) observation
	poke    chan struct{} // the set is another one

	mu     sync.Mutex
	items  []*item
	period time.Duration
	pause  pause
	tree   tree
	// polled and safe are when polled items and all items are looked at next.
	polled, safe time.Time
}

// New makes a watcher that watches nothing yet and runs nothing before Run.
func New(o Options) *Watcher {
	o.Quiet = cmp.Or(o.Quiet, defaultQuiet)
	o.Longest = cmp.Or(o.Longest, defaultLongest)
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	o.Safety = cmp.Or(o.Safety, defaultSafety)
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return &Watcher{
		options: o, open: fsnotify.NewWatcher, observe: observe, poke: make(chan struct{}, 1),
		pause: pause{quiet: o.Quiet, longest: o.Longest},
		tree:  tree{onError: o.OnError, said: map[string]bool{}},
	}
}

// Watch replaces the set. What a path that is new in it holds at this moment
// counts as known, so read the files after the call, not before.
func (w *Watcher) Watch(s Set) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := map[key]*item{}
	for _, i := range w.items {
		known[i.key] = i
	}
	w.items, w.period = nil, max(s.Period, time.Second)
	entered, now := map[key]bool{}, time.Now()
	enter := func(path string, k kind) {
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		name := key{path, k}
		if entered[name] {
			return // named twice
		}
		entered[name] = true
		i := known[name]
		if i == nil {
			i = &item{key: name, observe: w.observe, remote: true, next: now.Add(w.period)}
			i.look(now, true)
			i.told = i.seen
		}
		w.items = append(w.items, i)
	}
	for _, path := range s.Files {
		enter(path, file)
	}
	for _, path := range s.Folders {
		enter(path, folder)
	}
	for _, path := range s.Rare {
		enter(path, rare)
	}
	select {
	case w.poke <- struct{}{}:
	default: // Run has not taken the last one yet
	}
}

// Run calls changed, in its own goroutine and so never twice at once, each
// time that files of the set have changed and nothing has happened to them for
// a while. It returns when ctx has ended and changed has returned. It may run
// once only.
func (w *Watcher) Run(ctx context.Context, changed func()) {
	events, err := w.open()
	if err != nil {
		w.mu.Lock()
		w.tree.say(err)
		w.mu.Unlock()
		events = &fsnotify.Watcher{} // whose channels are nil: nothing comes
	} else {
		defer func() { _ = events.Close() }() // nothing is lost with it
		w.mu.Lock()
		w.tree.events = events
		w.mu.Unlock()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events.Events:
			w.mu.Lock()
			if w.tree.concerns(e.Name) {
				w.pause.event(time.Now())
			}
			w.mu.Unlock()
		case err := <-events.Errors:
			w.mu.Lock()
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.tree.say(err)
			}
			w.pause.event(time.Now())
			w.mu.Unlock()
		case <-w.poke:
			w.mu.Lock()
			w.safe = time.Time{}
			w.mu.Unlock()
		case <-timer.C:
			if w.tick(time.Now()) && ctx.Err() == nil {
				changed()
			}
		}
		timer.Reset(time.Until(w.next()))
	}
}

// tick looks at what is due and reports whether a change is to be told now.
func (w *Watcher) tick(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := w.pause.over(now)
	moves := w.look(now, over)
	differs := false
	for _, i := range w.items {
		differs = differs || !i.seen.same(i.told)
	}
	switch {
	case !w.pause.pending():
		if differs {
			w.pause.event(now)
		}
		return false
	case !over:
		return false
	case moves && !w.pause.tooLong(now):
		w.pause.event(now) // no event said so, but it is not quiet
		return false
	}
	w.pause.end()
	for _, i := range w.items {
		i.told = i.seen
	}
	return differs
}

// look looks at the items that are due, after an event at the content of all
// that have events, and reports whether one whose file system tells nothing
// has changed since the last look.
func (w *Watcher) look(now time.Time, event bool) (moves bool) {
	everything := event || !now.Before(w.safe)
	polled := !now.Before(w.polled)
	if everything {
		w.safe = now.Add(w.options.Safety)
	}
	if polled || everything {
		w.polled = now.Add(w.options.Poll)
	}
	due := func(i *item) bool {
		if i.kind == rare {
			return !now.Before(i.next) || event && !i.seen.same(i.told)
		}
		return everything || polled && i.polled
	}
	// What was not watched before may have changed before it was, so it is
	// looked at again; links that are swapped all the time must not hold us.
	for range 3 {
		for _, i := range w.items {
			if due(i) {
				moves = i.look(now, event) && (i.polled || i.kind == rare) || moves
				i.next = now.Add(w.period)
			}
		}
		if !w.tree.follow(w.items) {
			break
		}
	}
	return moves
}

// next is when the next look is due.
func (w *Watcher) next() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.safe
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if w.pause.pending() {
		sooner(w.pause.due)
	}
	for _, i := range w.items {
		switch {
		case i.kind == rare:
			sooner(i.next)
		case i.polled:
			sooner(w.polled)
		}
	}
	return next
}
