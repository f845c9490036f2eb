package ftpserver

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
)

// job is work that takes a while. The client may ask meanwhile how far it is,
// and abort it: the session's goroutine does it, the watcher may read moved
// and call cancel.
type job struct {
	session *session
	// data says that a data channel is in use.
	data bool
	// moved counts the bytes that are done.
	moved atomic.Int64
	// canceled is why the job is to end, once it is.
	canceled atomic.Pointer[error]
	// stop makes what the job does fail. It may be called by any goroutine, and
	// comes after canceled is set.
	stop func()
}

// cancel ends the job; the cause is the refusal that says why. Only the first
// one counts.
func (j *job) cancel(cause error) {
	if j.canceled.CompareAndSwap(nil, &cause) {
		j.stop()
	}
}

// cause is the answer when the job was canceled, and nil when it was not.
func (j *job) cause() error {
	cause := j.canceled.Load()
	if cause == nil {
		return nil
	}
	var r *refusal
	if errors.As(*cause, &r) {
		return r
	}
	return errServerAborted
}

// progressText is how far the job is.
func (j *job) progressText() string {
	moved := strconv.FormatInt(j.moved.Load(), 10)
	if j.data {
		return "Data connection open, " + moved + " bytes transferred"
	}
	return "No data connection, " + moved + " bytes processed"
}

// work does a job that needs no data channel. It looks at ctx now and then and
// ends when that is canceled, with any error.
func (s *session) work(ctx context.Context, do func(ctx context.Context, j *job) error) error {
	if err := s.flush(); err != nil {
		return errControlGone
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	j := &job{session: s, stop: stop}
	s.watch(j)
	defer s.unwatch()
	err := do(ctx, j)
	if err != nil && ctx.Err() != nil {
		if cause := j.cause(); cause != nil {
			return cause
		}
		return errServerAborted
	}
	return err
}
