package ftpserver

import (
	"errors"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
)

const (
	// watchDelay is how long a transfer runs before anyone listens for
	// commands: most are over by then and cost no second goroutine.
	watchDelay = 10 * time.Millisecond
	// maxHeld is how many lines wait for the end of a transfer. The rest stays
	// with the client, whose sending stops.
	maxHeld = 32
)

// watcher listens for commands while a transfer, or another job, runs. A
// session has one, made when it is first needed.
//
// The job runs in the session's goroutine. When it takes longer than
// watchDelay, a second goroutine reads the control connection: it answers what
// may be answered during a transfer, cancels the job on ABOR or when the
// client is gone, and holds everything else for later. From the moment unwatch
// returns, the session has its connection to itself again. In between, the
// session's goroutine does not touch the control connection, held, or anything
// that status reads.
type watcher struct {
	job   *job
	timer *time.Timer
	stop  atomic.Bool
	// done says that the goroutine has ended.
	done chan struct{}
}

// watch begins to watch j. The caller must call unwatch.
func (s *session) watch(j *job) {
	if s.job.Store(j); s.called.Load()&callTerminate != 0 {
		j.cancel(goodbye(access.SubStatusDisconnectedByAdmin))
	}
	if w := s.watcher; w != nil {
		w.job = j
		w.stop.Store(false)
		w.timer.Reset(watchDelay)
		return
	}
	w := &watcher{job: j, done: make(chan struct{}, 1)}
	s.watcher = w
	w.timer = time.AfterFunc(watchDelay, func() {
		defer func() { w.done <- struct{}{} }()
		defer s.surviveWatching(w.job)
		w.run(s, w.job)
	})
}

// unwatch stops watching and waits until it has.
func (s *session) unwatch() {
	s.job.Store(nil)
	w := s.watcher
	if w.timer.Stop() {
		return
	}
	// run sets a deadline first and looks at stop then; we do the opposite, so
	// one of the two ends its reading.
	w.stop.Store(true)
	s.wake()
	<-w.done
}

func (w *watcher) run(s *session, j *job) {
	if p, ok := s.conn.(interface{ Park() error }); ok && p.Park() != nil {
		return // closed: whoever reads next will see that
	}
	for len(s.held) < maxHeld {
		// No limit: the transfer has its own.
		if err := s.conn.SetReadDeadline(time.Time{}); err != nil || w.stop.Load() {
			return
		}
		line, err := s.in.ReadLine()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			// Woken, by end or by a shutdown, which waits for transfers.
		case badLine(err):
			s.hold(nil, err)
		case err != nil:
			j.cancel(errControlGone)
			return
		case !s.duringTransfer(j, line):
			return
		}
	}
}

// duringTransfer deals with a line that came during j. It reports false when
// nothing more needs to be read before j ends.
func (s *session) duringTransfer(j *job, line []byte) bool {
	cmd, err := ftp.ParseCommand(line)
	if err != nil || cmd.Arg != "" || s.filtered(cmd) {
		s.hold(line, nil)
		return true
	}
	switch cmd.Verb {
	case "ABOR":
		// Answered after the 426 of the transfer, as any ABOR is.
		s.hold(line, nil)
		j.cancel(errAborted)
		return false
	case "QUIT":
		// The transfer goes on (RFC 959 §4.1.1), even if the client does not wait
		// for its result: what comes now is no unexpected end.
		s.hold(line, nil)
		return false
	case "STAT":
		s.answerNow(j, cmd)
	default:
		s.hold(line, nil)
	}
	return true
}

// filtered reports whether the site refuses the verb; it is then answered in
// its turn.
func (s *session) filtered(cmd ftp.Command) bool { return s.site.Commands.Check(cmd.Verb) != nil }

// answerNow answers STAT while j runs (RFC 959 §4.1.3).
func (s *session) answerNow(j *job, cmd ftp.Command) {
	began := time.Now()
	b := s.appendReply(nil, s.status(j))
	if err := s.write(b); err != nil {
		j.cancel(errControlGone)
		return
	}
	if !s.logs() {
		return
	}
	e := s.entry(cmd.Typed)
	e.Status, e.TimeTaken, e.BytesSent = codeStatus, e.Time.Sub(began), int64(len(b))
	s.site.Log.Write(&e)
}

// surviveWatching keeps a bug from ending the process; the transfer ends.
func (s *session) surviveWatching(j *job) {
	if problem := recover(); problem != nil {
		s.event(zerolog.ErrorLevel).Any("panic", problem).Bytes("stack", debug.Stack()).Msg("watching a transfer failed")
		j.cancel(goodbye(access.SubStatusDataAbortedByServer))
	}
}
