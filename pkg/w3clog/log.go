package w3clog

import "sync/atomic"

// Log is where one site writes. It is fixed, and safe for concurrent use; a
// nil Log takes lines and does nothing. Logs of the same directory write into
// the same file.
type Log struct {
	settings Settings
	layout   layout
	files    *Files
	stream   atomic.Pointer[stream]
}

// Settings are what the log was opened with, the directory cleaned.
func (l *Log) Settings() Settings { return l.settings }

// Write appends one line for the event if the settings select it: those of l,
// or of the log that Files.Keep has put in its place. It copies into memory
// and returns: the disk is somebody else's business, and no error of it
// reaches the caller. Lines that find the memory full are dropped and counted.
func (l *Log) Write(e *Entry) {
	if l == nil {
		return
	}
	for !l.stream.Load().queue.append(l, e) {
		l.stream.Store(l.files.late(l.settings.Directory))
	}
}
