package replay

// recent remembers what was used lately: at most twice the size, whatever is
// asked. What was not used while size others were is forgotten.
type recent[K comparable, V any] struct {
	size     int
	now, old map[K]V
}

func newRecent[K comparable, V any](size int) recent[K, V] {
	return recent[K, V]{size: size, now: map[K]V{}}
}

// get returns what is remembered of a key.
func (r *recent[K, V]) get(key K) (V, bool) {
	if v, found := r.now[key]; found {
		return v, true
	}
	v, found := r.old[key]
	if found {
		r.put(key, v)
	}
	return v, found
}

// put remembers v.
func (r *recent[K, V]) put(key K, v V) {
	if len(r.now) >= r.size {
		r.now, r.old = make(map[K]V, r.size), r.now
	}
	r.now[key] = v
}

// drop forgets a key.
func (r *recent[K, V]) drop(key K) {
	delete(r.now, key)
	delete(r.old, key)
}
