package w3clog

import "sync"

// Bounds of what waits in memory for the disk, per directory. Twice
// maxBuffered is held at most: lines being written and lines arriving.
const (
	maxBuffered = 4 << 20
	// wakeSize is when the writer is woken before its second is over.
	wakeSize = 256 << 10
)

// Log is where one site writes. It is fixed, and safe for concurrent use; a
// nil Log takes lines and does nothing. Logs of the same directory write into
// the same file.
type Log struct {
	settings Settings
	layout   layout
	queue    *queue
}

// Write appends one line for the event if the settings select it. It copies
// into memory and returns: the disk is somebody else's business, and no error
// of it reaches the caller. Lines that find the memory full are dropped and
// counted.
func (l *Log) Write(e *Entry) {
	if l == nil || len(l.layout.columns) == 0 || !l.settings.Selective.selects(e) {
		return
	}
	l.queue.append(l, e)
}

// queue holds the lines of one directory until they are written.
type queue struct {
	stream  *stream  // whose it is
	waiting *waiting // where it is to be noted

	mu      sync.Mutex
	noted   bool // since the last take
	batch   batch
	line    line // here because one of its own would be garbage for each Write
	dropped int64
	closed  bool
	last    *Log // who wrote last, and which file that was
	span    span
}

// batch is lines in the order they came; each part of them belongs to one file
// and one header.
type batch struct {
	data  []byte
	parts []part
}

type part struct {
	at   int // where in data it begins
	log  *Log
	name string // of the file, as in span
}

func (q *queue) append(l *Log, e *Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if !q.noted {
		q.noted = true
		q.waiting.add(q.stream)
	}
	before := len(q.batch.data)
	w := &q.line
	w.buf, w.utf8 = q.batch.data, l.settings.UTF8
	if before < maxBuffered {
		w.write(l.layout.columns, e)
	}
	if len(w.buf) > maxBuffered || len(w.buf) == before {
		q.dropped++
		return
	}
	q.turn(l, e, before)
	q.batch.data = w.buf
	if before < wakeSize && len(w.buf) >= wakeSize {
		select {
		case q.waiting.wake <- struct{}{}:
		default:
		}
	}
}

// turn begins a new part of the batch where the line does not belong to the
// file or the header of the one before it.
func (q *queue) turn(l *Log, e *Entry, at int) {
	same := l == q.last && q.span.holds(e.Time)
	if !same {
		q.last, q.span = l, l.settings.spanOf(e.Time, l.settings.location())
	}
	if !same || len(q.batch.parts) == 0 {
		q.batch.parts = append(q.batch.parts, part{at, l, q.span.name})
	}
}

// take exchanges what arrived for an empty batch whose memory is used again.
func (q *queue) take(empty batch) batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	full := q.batch
	q.noted = false
	q.line.buf = nil
	q.batch = batch{empty.data[:0], empty.parts[:0]}
	return full
}

// takeDropped returns how many lines were dropped since the last time.
func (q *queue) takeDropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.dropped
	q.dropped = 0
	return n
}

// release gives memory back when nothing waits in it.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batch.data) == 0 {
		q.batch = batch{}
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// end returns where part i ends.
func (b *batch) end(i int) int {
	if i+1 < len(b.parts) {
		return b.parts[i+1].at
	}
	return len(b.data)
}

// drop takes the first n bytes off, with the parts they were.
func (b *batch) drop(n int) {
	b.data = b.data[:copy(b.data, b.data[n:])]
	kept := b.parts[:0]
	for i, p := range b.parts {
		if i+1 < len(b.parts) && b.parts[i+1].at <= n {
			continue
		}
		p.at = max(p.at-n, 0)
		kept = append(kept, p)
	}
	if b.parts = kept; len(b.data) == 0 {
		b.parts = b.parts[:0]
	}
}
