package ldap

import (
	"sync"
	"time"

	"github.com/ftphost/ftphost/pkg/auth"
)

// memory remembers for a while who an account is. It is safe for concurrent
// use.
type memory struct {
	most     int
	lifetime time.Duration

	mu      sync.Mutex
	entries map[string]*memo
}

type memo struct {
	dn        string
	principal *auth.Principal
	expires   time.Time
}

func newMemory(most int, lifetime time.Duration) *memory {
	return &memory{most: most, lifetime: lifetime, entries: map[string]*memo{}}
}

// get returns what is remembered of a name, or nil.
func (m *memory) get(name string) *memo {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[name]
	if e != nil && !time.Now().Before(e.expires) {
		delete(m.entries, name)
		return nil
	}
	return e
}

// put remembers an account. When there is no room, what has expired goes, and
// then whatever comes first.
func (m *memory) put(name, dn string, p *auth.Principal) {
	if m.lifetime <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if len(m.entries) >= m.most {
		for key, e := range m.entries {
			if !now.Before(e.expires) {
				delete(m.entries, key)
			}
		}
	}
	for key := range m.entries {
		if len(m.entries) < m.most {
			break
		}
		delete(m.entries, key)
	}
	m.entries[name] = &memo{dn, p, now.Add(m.lifetime)}
}
