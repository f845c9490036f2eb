package site

import (
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/ftphost/ftphost/pkg/auth"
)

// OtherUsers is the name under which those count together for whom there is no
// place.
const OtherUsers = "other"

// UserCounters count what one user does at a site. They are safe for concurrent
// use.
type UserCounters struct {
	// Name is the account in its own spelling, or OtherUsers.
	Name string
	// Logins are those that succeeded; the others are as in Counters.
	Logins, FilesSent, FilesReceived, BytesSent, BytesReceived atomic.Int64
}

// users are the counters of users by folded name. The zero value has none.
type users struct {
	mu     sync.Mutex
	byName map[string]*UserCounters
	other  *UserCounters
}

// User returns the counters of a user, or those of the others when there are
// already most users with counters of their own. It returns nil when most is 0.
// Only users who have proved who they are may be counted: a name stays until the
// site is gone.
func (c *Counters) User(name string, most uint32) *UserCounters {
	if most == 0 {
		return nil
	}
	u := &c.users
	u.mu.Lock()
	defer u.mu.Unlock()
	key := auth.Fold(name)
	if found := u.byName[key]; found != nil {
		return found
	}
	if key == auth.Fold(OtherUsers) || uint64(len(u.byName)) >= uint64(most) {
		if u.other == nil {
			u.other = &UserCounters{Name: OtherUsers}
		}
		return u.other
	}
	if u.byName == nil {
		u.byName = map[string]*UserCounters{}
	}
	found := &UserCounters{Name: name}
	u.byName[key] = found
	return found
}

// Users yields the counters of all users that have some, those of the others
// last.
func (c *Counters) Users() iter.Seq[*UserCounters] {
	c.users.mu.Lock()
	all, other := maps.Clone(c.users.byName), c.users.other
	c.users.mu.Unlock()
	return func(yield func(*UserCounters) bool) {
		for _, u := range all {
			if !yield(u) {
				return
			}
		}
		if other != nil {
			yield(other)
		}
	}
}
