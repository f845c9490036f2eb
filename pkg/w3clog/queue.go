package w3clog

import (
	"sync"
	"time"
)

// Bounds of what waits in memory for the disk, per directory and kind. Twice
// maxBuffered is held at most: lines being written and lines arriving.
const (
	maxBuffered = 4 << 20
	// wakeSize is when the writer is woken before its time.
	wakeSize = 256 << 10
)

// queue holds the lines of one directory until they are written.
type queue struct {
	stream  *stream  // whose it is
	waiting *waiting // where it is to be noted

	mu      sync.Mutex
	noted   bool // since the last take
	closed  bool
	retired bool
	current *Log // whose settings count, whatever log a line comes through
	outputs [kinds]output
	line    line      // here because one of its own would be garbage for each Write
	record  *recorder // nil until there is a JSON line to make
	last    *Log      // who wrote last, and which file that was
	span    span
	turns   int
}

// output is what waits for one kind of file.
type output struct {
	batch   batch
	dropped int64
}

// append takes the event. It reports false when the queue is no longer the
// one of its directory.
func (q *queue) append(l *Log, e *Entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.retired {
		return q.closed
	}
	if q.current != nil {
		l = q.current
	}
	w3c, json := len(l.layout.columns) > 0, l.settings.JSON
	if !w3c && !json || !l.settings.Selective.selects(e) {
		return true
	}
	if !q.noted {
		q.noted = true
		q.waiting.add(q.stream)
	}
	if l != q.last || !q.span.holds(e.Time) {
		q.last, q.span = l, l.settings.spanOf(e.Time, l.settings.location())
		q.turns++
	}
	if w3c {
		q.add(w3cLines, e)
	}
	if json {
		q.add(jsonLines, e)
	}
	return true
}

// add appends the line of one kind to what waits.
func (q *queue) add(k kind, e *Entry) {
	out := &q.outputs[k]
	before := len(out.batch.data)
	after := out.batch.data
	switch {
	case before >= maxBuffered:
	case k == jsonLines:
		if q.record == nil {
			q.record = newRecorder()
		}
		after = q.record.append(after, e)
	default:
		w := &q.line
		w.buf, w.utf8 = after, q.last.settings.UTF8
		w.write(q.last.layout.columns, e)
		after, w.buf = w.buf, nil
	}
	if len(after) > maxBuffered || len(after) == before {
		out.dropped++
		return
	}
	if n := len(out.batch.parts); n == 0 || out.batch.parts[n-1].turn != q.turns {
		out.batch.parts = append(out.batch.parts, part{before, q.turns, q.last, q.span.name})
	}
	out.batch.data = after
	if before < wakeSize && len(after) >= wakeSize {
		q.waiting.hurry()
	}
}

// follow makes l the log whose settings count from now on.
func (q *queue) follow(l *Log) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.current = l
}

// take exchanges what arrived of one kind for an empty batch whose memory is
// used again, and returns how many lines were dropped.
func (q *queue) take(k kind, empty batch) (full batch, dropped int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := &q.outputs[k]
	full, dropped = out.batch, out.dropped
	*out = output{batch: batch{empty.data[:0], empty.parts[:0]}}
	q.noted = false
	return full, dropped
}

// release gives memory back when nothing waits in it, and reports whether
// nothing does.
func (q *queue) release() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.empty() {
		return false
	}
	for k := range q.outputs {
		q.outputs[k].batch = batch{}
	}
	return true
}

// retire turns lines away from now on, unless some wait.
func (q *queue) retire() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.retired = q.empty()
	return q.retired
}

func (q *queue) empty() bool {
	for k := range q.outputs {
		if len(q.outputs[k].batch.data) > 0 || q.outputs[k].dropped > 0 {
			return false
		}
	}
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// interval is how long lines may wait.
func (q *queue) interval() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last == nil {
		return 0
	}
	return q.last.settings.flushInterval()
}
