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
	// cancel ends the job; the cause is the refusal that says why.
	cancel   context.CancelCauseFunc
	watching *watcher
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
	ctx, cancel := context.WithCancelCause(ctx)
	j := &job{session: s, cancel: cancel}
	j.watching = s.watch(j)
	defer cancel(nil)
	defer j.watching.end(s)
	err := do(ctx, j)
	if err != nil && ctx.Err() != nil {
		return refusalFor(context.Cause(ctx))
	}
	return err
}

// refusalFor is the answer when a job was canceled because of cause.
func refusalFor(cause error) error {
	var r *refusal
	if errors.As(cause, &r) {
		return r
	}
	return errServerAborted
}
