package w3clog

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// stream is one directory: lines that wait, and the files they go to. Only the
// holder of Files.writing touches what is not the queue's.
type stream struct {
	queue   queue
	disks   [kinds]disk
	batches [kinds]batch // taken from queue and not written yet
	flushed time.Time
	err     error // what keeps the lines from the disk
	told    bool  // err was reported
	lost    int64 // lines that nobody has been told of

	unused bool // by the configuration in force; Files.mu guards it
}

func newStream(dir string, waiting *waiting) *stream {
	st := &stream{}
	st.queue.stream, st.queue.waiting = st, waiting
	for k := range st.disks {
		st.disks[k] = disk{dir: dir, kind: kind(k)}
	}
	return st
}

// due reports whether it is time to write.
func (st *stream) due(now time.Time) bool {
	// Ticks come a little early or late.
	return st.err != nil || now.Sub(st.flushed) >= st.queue.interval()-tickInterval/2
}

// flush writes what an earlier attempt left, then what came since. One kind
// does not wait for the other.
func (st *stream) flush(now time.Time) {
	st.flushed, st.err = now, nil
	for k := range kinds {
		err := st.write(k)
		if err == nil {
			var dropped int64
			st.batches[k], dropped = st.queue.take(k, st.batches[k])
			st.lost += dropped
			err = st.write(k)
		}
		st.fail(err)
	}
}

func (st *stream) write(k kind) error {
	n, err := st.disks[k].write(&st.batches[k])
	st.batches[k].drop(n)
	return err
}

// sync returns when the disk has what was written.
func (st *stream) sync() {
	for k := range st.disks {
		st.fail(st.disks[k].sync())
	}
}

// leave closes the files for good.
func (st *stream) leave() error {
	var errs []error
	for k := range st.disks {
		errs = append(errs, st.disks[k].leave())
	}
	return errors.Join(errs...)
}

// fail keeps the first error.
func (st *stream) fail(err error) {
	if err != nil && st.err == nil {
		st.err = fmt.Errorf("writing the log in %s: %w", st.disks[w3cLines].dir, err)
	}
}

// written reports whether nothing is left of what was taken.
func (st *stream) written() bool {
	for k := range st.batches {
		if len(st.batches[k].data) > 0 {
			return false
		}
	}
	return st.err == nil
}

// idle closes the files when they were not used for a while, and gives memory
// back. It reports whether there is nothing more to do.
func (st *stream) idle(now time.Time) bool {
	if st.told || st.lost > 0 {
		return false // somebody is to be told
	}
	for k := range st.disks {
		if !st.disks[k].idle(now) {
			return false
		}
	}
	st.batches = [kinds]batch{}
	return st.queue.release()
}

// open counts the open files; those beyond the limit are closed.
func (st *stream) open(before, limit int) int {
	for k := range st.disks {
		if st.disks[k].file == nil {
			continue
		}
		if before++; before > limit {
			_ = st.disks[k].close() // every line in it was written and checked
		}
	}
	return before
}

// waiting are the streams to which lines came since they were last written.
// With it a writing costs what there is to write, not what there could be in
// thousands of logs.
type waiting struct {
	wake chan struct{} // told when the writer has more to do than a tick says

	mu   sync.Mutex
	list []*stream
}

func (w *waiting) add(st *stream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, st)
}

// hurry wakes the writer.
func (w *waiting) hurry() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
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
