package w3clog

import (
	"fmt"
	"sync"
)

// stream is one directory: lines that wait, and the file they go to.
type stream struct {
	queue queue
	disk  disk
	batch batch // taken from queue and not written yet
}

// flush writes what an earlier attempt left, then what came since.
func (st *stream) flush() error {
	if err := st.write(); err != nil {
		return err
	}
	st.batch = st.queue.take(st.batch)
	return st.write()
}

func (st *stream) write() error {
	n, err := st.disk.write(&st.batch)
	st.batch.drop(n)
	if err != nil {
		return fmt.Errorf("writing the log in %s: %w", st.disk.dir, err)
	}
	return nil
}

// waiting are the streams to which lines came since they were last written.
// With it a writing costs what there is to write, not what there could be in
// thousands of logs.
type waiting struct {
	wake chan struct{} // told when much waits in one of them

	mu   sync.Mutex
	list []*stream
}

func (w *waiting) add(st *stream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, st)
}

// take moves the streams to a set.
func (w *waiting) take(to map[*stream]struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, st := range w.list {
		to[st] = struct{}{}
		w.list[i] = nil
	}
	w.list = w.list[:0]
}
