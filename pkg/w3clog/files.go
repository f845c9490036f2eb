package w3clog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// tickInterval is how often the writer looks for lines that have waited long
// enough.
const tickInterval = time.Second

// maxOpen is how many files stay open while there is nothing to write. With
// more logs in use, the others are opened for each writing, so that thousands
// of sites do not need as many descriptors.
const maxOpen = 512

// Files are all logs of the server. Their owner calls Run in a goroutine, ends
// it, and then calls Close.
type Files struct {
	// OnRecovery, which may be nil, is told when trouble that onError heard of
	// is over. It is set before Run.
	OnRecovery func(Recovery)

	onError func(error)
	waiting waiting

	mu      sync.Mutex
	streams map[string]*stream // by directory
	layouts map[Fields]layout
	closed  bool

	writing  sync.Mutex // held by whoever uses a disk; guards what follows
	inUse    map[*stream]struct{}
	unsynced map[*stream]struct{}
	reported time.Time
}

// NewFiles returns no logs yet. onError, which may be nil, is told of trouble
// with the disk when it begins, once for all logs that it begins with and at
// most once a minute, by the goroutine that writes.
func NewFiles(onError func(error)) *Files {
	if onError == nil {
		onError = func(error) {}
	}
	f := &Files{
		onError: onError, streams: map[string]*stream{}, layouts: map[Fields]layout{},
		inUse: map[*stream]struct{}{}, unsynced: map[*stream]struct{}{},
	}
	f.waiting.wake = make(chan struct{}, 1)
	return f
}

// Open returns the log of the settings, or nil when they are not enabled. It
// changes nothing for logs that are there: a configuration may be built and
// thrown away. Nothing is touched on the disk before the first line. Logs of
// one directory share one file; where they differ in fields, the file gets a
// new header at each change. A log needs no closing; see Keep.
func (f *Files) Open(s Settings) *Log {
	if !s.Enabled {
		return nil
	}
	s.Directory = filepath.Clean(s.Directory)
	f.mu.Lock()
	defer f.mu.Unlock()
	l := &Log{settings: s, layout: f.layout(s.Fields), files: f}
	l.stream.Store(f.stream(s.Directory))
	return l
}

// Keep says that used are the logs of the configuration that is now in force;
// nil ones count for nothing. From then on, whatever is written through other
// logs of the same directories follows the settings of these, so that no two
// sets of settings alternate in a file. Run writes all other directories out,
// closes and forgets them, for which Keep does not wait; a line that comes to
// one of them late, as of a transfer that has gone on, is still written there.
func (f *Files) Keep(used []*Log) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, st := range f.streams {
		st.unused = true
	}
	for _, l := range used {
		if l != nil {
			st := f.stream(l.settings.Directory)
			st.unused = false
			st.queue.follow(l)
		}
	}
	for _, st := range f.streams {
		if st.unused {
			f.waiting.add(st)
		}
	}
	f.waiting.hurry()
}

// stream returns the stream of a directory, a new one if need be.
func (f *Files) stream(dir string) *stream {
	st := f.streams[dir]
	if st == nil {
		st = newStream(dir, &f.waiting)
		st.queue.closed = f.closed
		f.streams[dir] = st
	}
	return st
}

// late returns the stream of a directory for a log whose own was retired.
func (f *Files) late(dir string) *stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.streams[dir] != nil
	st := f.stream(dir)
	st.unused = st.unused || !known
	return st
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

// Run writes what has waited long enough, looking every second and when much
// waits, and closes files that are not used. It returns nil when ctx ends.
func (f *Files) Run(ctx context.Context) error {
	ticker := time.NewTicker(tickInterval)
	defer ticker.Stop()
	for {
		all := false
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-f.waiting.wake:
			all = true
		}
		f.write(all)
	}
}

// Flush writes out what waits now, whatever its FlushInterval. When it returns
// nil, every line written before is in its file and the disk has it.
func (f *Files) Flush() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	now := time.Now()
	f.flush(now, true)
	f.sync()
	err := f.trouble()
	f.finish(now)
	return err
}

// write writes what is due, or all.
func (f *Files) write(all bool) {
	f.writing.Lock()
	defer f.writing.Unlock()
	now := time.Now()
	f.flush(now, all)
	f.finish(now)
}

// flush writes the streams in use, those that are due or all.
func (f *Files) flush(now time.Time, all bool) {
	f.waiting.take(f.inUse)
	open := 0
	for st := range f.inUse {
		if all || st.due(now) {
			st.flush(now)
			f.unsynced[st] = struct{}{}
		}
		open = st.open(open, maxOpen)
	}
}

// sync returns when the disk has what was written.
func (f *Files) sync() {
	for st := range f.unsynced {
		st.sync()
		delete(f.unsynced, st)
		if st.err != nil {
			f.inUse[st] = struct{}{}
		}
	}
}

// finish reports, and lets go of what is not used.
func (f *Files) finish(now time.Time) {
	f.report(now)
	for st := range f.inUse {
		if st.written() && (f.retire(st) || st.idle(now)) {
			delete(f.inUse, st)
		}
	}
}

// retire closes and forgets a stream that no configuration uses, if nothing
// came to it meanwhile.
func (f *Files) retire(st *stream) bool {
	f.mu.Lock()
	if !st.unused || st.told || st.lost > 0 || !st.queue.retire() {
		f.mu.Unlock()
		return false
	}
	delete(f.streams, st.disks[w3cLines].dir)
	f.mu.Unlock()
	delete(f.unsynced, st)
	if err := st.leave(); err != nil {
		f.onError(fmt.Errorf("closing the log in %s: %w", st.disks[w3cLines].dir, err))
	}
	return true
}

// Close writes out what waits and closes all files; lines written afterwards
// are ignored. The error says what could not be written.
func (f *Files) Close() error {
	f.mu.Lock()
	f.closed = true
	streams := slices.Collect(maps.Values(f.streams))
	for _, st := range streams {
		st.queue.close()
	}
	f.mu.Unlock()
	f.writing.Lock()
	defer f.writing.Unlock()
	f.flush(time.Now(), true)
	errs := []error{f.trouble()}
	lost := int64(0)
	for _, st := range streams {
		lost += st.lost
		for k := range kinds {
			waiting, dropped := st.queue.take(k, batch{})
			lost += dropped + lines(waiting) + lines(st.batches[k])
		}
		st.batches, st.lost = [kinds]batch{}, 0
		errs = append(errs, st.leave())
	}
	if lost > 0 {
		errs = append(errs, fmt.Errorf("%w: %d", ErrLost, lost))
	}
	return errors.Join(errs...)
}

func lines(b batch) int64 { return int64(bytes.Count(b.data, []byte{'\n'})) }
