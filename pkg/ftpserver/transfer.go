package ftpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/datachannel"
)

const (
	// sliceBytes is how much one call copies. Between slices the rate is
	// looked at; larger slices gain nothing measurable.
	sliceBytes = 4 << 20
	// copyBuffer is the size in bytes of the pooled buffers that copy where the
	// kernel cannot, and that gather the lines of listings.
	copyBuffer = 64 << 10
)

// transfer is one use of a data channel, from its 125 or 150 until it is
// closed. The session's goroutine runs it; the watcher may read moved and call
// cancel.
type transfer struct {
	job
	conn  net.Conn
	local netip.AddrPort
	// unarm takes back that cancel closes the connection; when it is too late
	// for that, unarmed is closed after it has happened.
	unarm   func() bool
	unarmed chan struct{}
	closed  bool
	// canceled is the cause, once the connection was closed because of it.
	canceled atomic.Pointer[error]

	// Where the current span of time ends in which the least number of bytes
	// has to move, and what had been moved when it began.
	spanEnd  time.Time
	spanFrom int64
}

// openData takes the session's data channel, says that the transfer begins,
// and waits for the connection. Everything that can refuse the transfer
// otherwise must have been asked before.
func (s *session) openData(ctx context.Context) (*transfer, error) {
	channel := s.data
	s.data = nil
	if channel.Ready() {
		s.answer(reply(125, textAlreadyOpen))
	} else {
		s.answer(reply(150, textOpening(s.params.binary)))
	}
	if err := s.flush(); err != nil {
		_ = channel.Close() // the client is gone, as err says
		return nil, errControlGone
	}
	ctx, cancel := context.WithCancelCause(ctx)
	t := &transfer{job: job{session: s, data: true, cancel: cancel}, local: channel.LocalAddr()}
	t.watching = s.watch(&t.job)
	opened := false
	defer func() {
		if !opened {
			t.release()
		}
	}()
	if err := t.connect(ctx, channel); err != nil {
		s.recordData(dataClosed, t.local, outcomeOf(err))
		return nil, err
	}
	opened = true
	s.recordData(dataOpened, t.local, outcome{})
	return t, nil
}

// connect waits for the data connection and arranges that cancel closes it.
func (t *transfer) connect(ctx context.Context, channel datachannel.Channel) error {
	wait, stop := ctx, context.CancelFunc(func() {})
	if limit := t.session.site.Connections.DataChannelTimeout; limit > 0 && !channel.Ready() {
		wait, stop = context.WithTimeout(ctx, limit)
	}
	defer stop()
	// Once Conn has returned there is nothing left that could fail to close.
	defer func() { _ = channel.Close() }()
	conn, err := channel.Conn(wait)
	if err != nil {
		return connectFailure(ctx, err)
	}
	t.conn, t.local = conn, addrPort(conn.LocalAddr())
	t.unarmed = make(chan struct{})
	t.unarm = context.AfterFunc(ctx, func() {
		defer close(t.unarmed)
		cause := context.Cause(ctx)
		t.canceled.Store(&cause)
		_ = conn.Close() // makes the copying end
	})
	if err := t.beginSpan(time.Now()); err != nil {
		_ = conn.Close() // it failed, or is closed by cancel
		return t.failure(err)
	}
	return nil
}

// release stops the watcher and whatever waits for cancel. It is called once.
func (t *transfer) release() {
	if t.unarm != nil && !t.unarm() {
		<-t.unarmed
	}
	t.watching.end(t.session)
	t.cancel(nil)
}

// connectFailure says why there is no data connection.
func connectFailure(ctx context.Context, err error) error {
	var r *refusal
	switch {
	case errors.As(context.Cause(ctx), &r), errors.As(err, &r):
		return r
	case ctx.Err() != nil:
		return errServerAborted
	default:
		return errNoDataConnection
	}
}

// close ends the transfer with what copying returned, and returns the refusal
// that this means, or nil for success.
func (t *transfer) close(err error) error {
	t.closed = true
	closing := t.conn.Close()
	t.release()
	if err == nil && !errors.Is(closing, net.ErrClosed) {
		// The last bytes may fail only now.
		err = closing
	}
	if err != nil {
		err = t.failure(err)
	}
	out := outcome{}
	if err != nil {
		out = outcomeOf(err)
	}
	t.session.recordData(dataClosed, t.local, out)
	return err
}

// abandon gives back what t holds when it was not closed: something panicked.
func (t *transfer) abandon() {
	if !t.closed {
		_ = t.conn.Close() // nobody waits for the rest
		t.release()
	}
}

// failure is the refusal that an error of copying means.
func (t *transfer) failure(err error) error {
	if cause := t.canceled.Load(); cause != nil {
		return refusalFor(*cause)
	}
	if connectionLost(err) {
		return clientGone()
	}
	return err
}

// connectionLost reports whether the client dropped the data connection, as
// opposed to the disk or the file having failed.
func connectionLost(err error) bool {
	for _, lost := range [...]error{
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		net.ErrClosed, io.ErrClosedPipe, io.ErrUnexpectedEOF, io.EOF,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// beginSpan begins a new span of time.
func (t *transfer) beginSpan(now time.Time) error {
	t.spanEnd = after(now, t.session.site.Connections.DataChannelTimeout)
	t.spanFrom = t.moved.Load()
	return t.conn.SetDeadline(t.spanEnd)
}

// progress notes that n more bytes moved and that copying stopped with err,
// and returns an error when the transfer cannot go on. The end of a span is no
// error by itself: minBytesPerSecond is judged over each span of
// dataChannelTimeout.
func (t *transfer) progress(n int64, err error) error {
	moved := t.moved.Add(n)
	late := errors.Is(err, os.ErrDeadlineExceeded)
	if err != nil && !late {
		return err
	}
	now := time.Now()
	if !late && (t.spanEnd.IsZero() || now.Before(t.spanEnd)) {
		return nil
	}
	limits := &t.session.site.Connections
	least := int64(limits.DataChannelTimeout.Seconds() * float64(limits.MinBytesPerSecond))
	switch moved -= t.spanFrom; {
	case moved < least:
		return errDataTooSlow
	case moved == 0:
		return errDataTimedOut
	}
	return t.beginSpan(now)
}

// send copies size bytes of file, which stands at offset, to the client. A
// file that has become shorter ends earlier.
func (t *transfer) send(file content.File, offset, size int64) error {
	for done := int64(0); done < size; {
		want := min(size-done, sliceBytes)
		n, err := t.copy(t.conn, file, file, want)
		done += n
		if err == nil && n < want {
			t.moved.Add(n)
			return nil
		}
		if failed := t.progress(n, err); failed != nil {
			return failed
		}
		if err != nil {
			// The span ended amid a copy, which may have read more than it sent.
			if _, err := file.Seek(offset+done, io.SeekStart); err != nil {
				return err
			}
		}
	}
	return nil
}

// receive copies what the client sends to file until the client closes. More
// than limit bytes are refused; 0 is no limit.
func (t *transfer) receive(file content.File, limit int64) error {
	for done := int64(0); ; {
		want := int64(sliceBytes)
		if limit > 0 {
			want = min(want, limit-done)
		}
		if want == 0 {
			return t.expectEnd()
		}
		n, err := t.copy(file, t.conn, file, want)
		done += n
		if failed := t.progress(n, err); failed != nil {
			return failed
		}
		if err == nil && n < want {
			return nil
		}
	}
}

// expectEnd refuses a client that sends yet another byte.
func (t *transfer) expectEnd() error {
	var b [1]byte
	for {
		n, err := t.conn.Read(b[:])
		switch {
		case n > 0:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		}
		if failed := t.progress(0, err); failed != nil {
			return failed
		}
	}
}

// copy copies at most n bytes; fewer without an error mean the end of src.
// Between a file and a TCP connection the kernel does it (sendfile, splice):
// neither may be wrapped, or it does not.
func (t *transfer) copy(dst io.Writer, src io.Reader, file content.File, n int64) (int64, error) {
	limited := &io.LimitedReader{R: src, N: n}
	_, tcp := t.conn.(*net.TCPConn)
	_, native := file.(*os.File)
	if tcp && native {
		return io.Copy(dst, limited)
	}
	buffer := t.session.server.buffers.Get().(*[]byte)
	defer t.session.server.buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{dst}, limited, *buffer)
}

// Write sends the bytes of a listing.
func (t *transfer) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		n, err := t.conn.Write(b[done:])
		done += n
		if failed := t.progress(int64(n), err); failed != nil {
			return done, failed
		}
	}
	return len(b), nil
}
