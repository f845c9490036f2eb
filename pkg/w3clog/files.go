package w3clog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// Times of Files.
const (
	flushInterval  = time.Second
	reportInterval = time.Minute
)

// maxOpen is how many files stay open while there is nothing to write. With
// more logs in use, the others are opened for each writing, so that thousands
// of sites do not need as many descriptors.
const maxOpen = 512

// ErrLost means that lines were dropped because they could not be written for
// longer than memory lasts.
var ErrLost = errors.New("log lines were lost")

// Files are all logs of the server. Their owner calls Run in a goroutine, ends
// it, and then calls Close.
type Files struct {
	onError func(error)
	waiting waiting

	mu      sync.Mutex
	streams map[string]*stream
	layouts map[Fields]layout
	closed  bool

	writing  sync.Mutex // held by whoever uses a disk; guards what follows
	inUse    map[*stream]struct{}
	lost     int64 // lines, since the last report
	reported time.Time
}

// NewFiles returns no logs yet. onError, which may be nil, is told of trouble
// with the disk, at most once a minute for all logs together, by the goroutine
// that writes.
func NewFiles(onError func(error)) *Files {
	if onError == nil {
		onError = func(error) {}
	}
	f := &Files{onError: onError, streams: map[string]*stream{}, layouts: map[Fields]layout{}, inUse: map[*stream]struct{}{}}
	f.waiting.wake = make(chan struct{}, 1)
	return f
}

// Open returns the log of the settings, or nil when they are not enabled.
// Nothing is touched on the disk before the first line. Logs of one directory
// share one file; where they differ in fields, the file gets a new header at
// each change. What a directory needs in memory stays until Close.
func (f *Files) Open(s Settings) *Log {
	if !s.Enabled {
		return nil
	}
	s.Directory = filepath.Clean(s.Directory)
	f.mu.Lock()
	defer f.mu.Unlock()
	st := f.streams[s.Directory]
	if st == nil {
		st = &stream{disk: disk{dir: s.Directory}}
		st.queue.stream, st.queue.waiting, st.queue.closed = st, &f.waiting, f.closed
		f.streams[s.Directory] = st
	}
	return &Log{settings: s, layout: f.layout(s.Fields), queue: &st.queue}
}

// layout returns the columns of a field set; logs with the same fields share
// them.
func (f *Files) layout(fields Fields) layout {
	l, ok := f.layouts[fields]
	if !ok {
		l.columns = selected(fields)
		l.header = fieldsLine(l.columns)
		f.layouts[fields] = l
	}
	return l
}

// Run writes what waits every second, and earlier when much does, and closes
// files that are not used. It returns nil when ctx ends.
func (f *Files) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-f.waiting.wake:
		}
		f.Flush()
	}
}

// Flush writes out what waits now. It returns when the disk has it or refused
// it.
func (f *Files) Flush() {
	f.writing.Lock()
	defer f.writing.Unlock()
	err := f.flush()
	now := time.Now()
	for st := range f.inUse {
		if len(st.batch.data) == 0 && st.disk.idle(now) {
			st.batch = batch{}
			st.queue.release()
			delete(f.inUse, st)
		}
	}
	f.report(now, err)
}

// Close writes out what waits and closes all files; lines written afterwards
// are ignored. The error says what could not be written.
func (f *Files) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.writing.Lock()
	defer f.writing.Unlock()
	for _, st := range f.list() {
		st.queue.close()
	}
	errs := []error{f.flush()}
	for _, st := range f.list() {
		for _, b := range []batch{st.batch, st.queue.take(batch{})} {
			f.lost += int64(bytes.Count(b.data, []byte{'\n'}))
		}
		st.batch = batch{}
		errs = append(errs, st.disk.close())
	}
	if f.lost > 0 {
		errs = append(errs, fmt.Errorf("%w: %d", ErrLost, f.lost))
	}
	f.lost = 0
	return errors.Join(errs...)
}

// list returns the streams there are.
func (f *Files) list() []*stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*stream, 0, len(f.streams))
	for _, st := range f.streams {
		list = append(list, st)
	}
	return list
}

// flush writes all streams in use. The error is the first one, with how many
// logs have trouble.
func (f *Files) flush() error {
	var first error
	failing := 0
	f.waiting.take(f.inUse)
	open := 0
	for st := range f.inUse {
		if err := st.flush(); err != nil {
			failing++
			if first == nil {
				first = err
			}
		}
		f.lost += st.queue.takeDropped()
		if st.disk.file == nil {
			continue
		}
		if open++; open > maxOpen {
			_ = st.disk.close() // every line in it was written and checked
		}
	}
	if failing > 1 {
		return fmt.Errorf("%w (and %d more logs cannot be written)", first, failing-1)
	}
	return first
}

// report tells trouble to onError unless it did so less than a minute ago;
// lost lines are counted until they are told.
func (f *Files) report(now time.Time, err error) {
	if err == nil && f.lost == 0 || !f.reported.IsZero() && now.Sub(f.reported) < reportInterval {
		return
	}
	if f.lost > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d", ErrLost, f.lost))
	}
	f.reported, f.lost = now, 0
	f.onError(err)
}
