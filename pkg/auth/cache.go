package auth

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// VerifyCache remembers successful password checks for a while, so that a
// client that logs in often does not pay a slow hash each time
// (credentialsCache). An entry is found only by the stored hash and the
// password together: a changed password never hits. Neither is kept, only
// their digest with a secret of this process, which is worth nothing outside
// of it. It is safe for concurrent use.
type VerifyCache struct {
	secret     [sha256.Size]byte
	maxEntries int

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	order   *list.List // of cacheEntry, oldest first
}

type cacheKey [sha256.Size]byte

type cacheEntry struct {
	key     cacheKey
	expires time.Time
}

// NewVerifyCache returns an empty cache of at most maxEntries entries; the
// oldest makes room for a new one. With maxEntries below 1 it remembers
// nothing.
func NewVerifyCache(maxEntries int) *VerifyCache {
	c := &VerifyCache{maxEntries: maxEntries}
	rand.Read(c.secret[:]) // never fails, as its documentation promises
	c.clear()
	return c
}

// Verify reports whether password belongs to hash: from memory if check said
// so less than its lifetime ago, by calling check otherwise. Only a success is
// remembered, for lifetime from now on; a lifetime of 0 remembers nothing. A
// nil cache always calls check.
func (c *VerifyCache) Verify(hash, password string, lifetime time.Duration, check func() bool) bool {
	if c == nil || lifetime <= 0 {
		return check()
	}
	key := c.key(hash, password)
	if c.holds(key) {
		return true
	}
	if !check() {
		return false
	}
	c.add(key, lifetime)
	return true
}

// Flush forgets everything.
func (c *VerifyCache) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *VerifyCache) clear() {
	c.entries = map[cacheKey]*list.Element{}
	c.order = list.New()
}

// usualKeyText is the length up to which a key is made without allocation.
const usualKeyText = 512

// key puts the length of hash before it, so that no two pairs share a key. The
// secret comes first and needs no HMAC: nobody is shown a key, so that nobody
// can continue one.
func (c *VerifyCache) key(hash, password string) cacheKey {
	var usual [usualKeyText]byte
	text := append(usual[:0], c.secret[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(len(hash)))
	text = append(text, hash...)
	text = append(text, password...)
	key := sha256.Sum256(text)
	clear(text)
	return key
}

func (c *VerifyCache) holds(key cacheKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return false
	}
	if !time.Now().Before(e.Value.(cacheEntry).expires) {
		c.remove(e)
		return false
	}
	return true
}

func (c *VerifyCache) add(key cacheKey, lifetime time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.maxEntries < 1 {
		return
	}
	if e, ok := c.entries[key]; ok {
		c.remove(e)
	}
	if len(c.entries) >= c.maxEntries {
		c.remove(c.order.Front())
	}
	c.entries[key] = c.order.PushBack(cacheEntry{key, time.Now().Add(lifetime)})
}

func (c *VerifyCache) remove(e *list.Element) {
	delete(c.entries, e.Value.(cacheEntry).key)
	c.order.Remove(e)
}
