package history

import (
	"context"
	"sync"
	"time"
)

// Keeper keeps histories of a configuration while it is served: one for each
// change, but where changes follow each other within Settings.Period, only the
// last of them, when the period has passed. So ten quick changes do not push
// out what was there for a year.
type Keeper struct {
	// OnKept hears of each new history; OnError of what could not be kept. Both
	// may be nil, and are set before the first use.
	OnKept  func(name string)
	OnError func(error)

	mu       sync.Mutex
	now      state // nil: nothing waits
	settings Settings
	changed  chan struct{}
}

// NewKeeper makes a keeper. Nothing is written before Run.
func NewKeeper() *Keeper { return &Keeper{changed: make(chan struct{}, 1)} }

// Changed says that the parts are in force as they are at this moment. They
// are read before it returns, and written later.
func (k *Keeper) Changed(parts []Part, s Settings) {
	var now state
	var err error
	if s.Enabled {
		now, err = read(parts)
	}
	if err != nil {
		k.failed(err)
		return
	}
	k.mu.Lock()
	k.now, k.settings = now, s
	k.mu.Unlock()
	select {
	case k.changed <- struct{}{}:
	default: // Run looks soon anyway
	}
}

// Run writes the histories until ctx ends; what still waits then is written at
// once.
func (k *Keeper) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			k.write()
			return
		case <-k.changed:
		case <-timer.C:
		}
		if wait := k.due(); wait > 0 {
			timer.Reset(wait)
			continue
		}
		k.write()
	}
}

// due says how long a change has to wait still.
func (k *Keeper) due() time.Duration {
	k.mu.Lock()
	waits, s := k.now != nil, k.settings
	k.mu.Unlock()
	if !waits {
		return 0
	}
	entries, err := List(s.Folder)
	if err != nil || len(entries) == 0 {
		return 0
	}
	age := time.Since(entries[len(entries)-1].Time)
	if age < 0 {
		return 0 // the clock was changed; better one history more
	}
	return s.Period - age
}

// write keeps what waits.
func (k *Keeper) write() {
	k.mu.Lock()
	now, s := k.now, k.settings
	k.now = nil
	k.mu.Unlock()
	if now == nil {
		return
	}
	name, kept, err := keep(now, s)
	if err != nil {
		k.failed(err)
	}
	if kept && k.OnKept != nil {
		k.OnKept(name)
	}
}

func (k *Keeper) failed(err error) {
	if k.OnError != nil {
		k.OnError(err)
	}
}
