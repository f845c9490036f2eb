package ftpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftps"
)

const (
	// sliceBytes is how much one call copies. Between slices the rate is
	// looked at, and progress is told.
	sliceBytes = 16 << 20
	// copyBuffer is the size in bytes of the pooled buffers that copy where the
	// kernel cannot, and that gather the lines of listings.
	copyBuffer = 64 << 10
	// largeBuffer is the size of those for TLS, which reads and writes as much
	// in one system call.
	largeBuffer = 256 << 10
	// briefBytes is what the send buffer of a new connection takes at once,
	// whatever the client does (tcp_wmem is 16 KiB or more).
	briefBytes = 8 << 10
	// anyBytes is the size of a transfer that nobody knows beforehand.
	anyBytes = -1
)

// transfer is one use of a data channel, from its 125 or 150 until it is
// closed. The session's goroutine runs it; the watcher may read moved and call
// cancel.
type transfer struct {
	job
	conn  net.Conn
	local netip.AddrPort
	// secure is the TLS on conn, nil when data goes in clear text.
	secure *ftps.Data
	// incoming says that bytes come from the client.
	incoming bool
	// counted is how much of moved the site's counters have.
	counted int64
	// unwatched says that the transfer is too short to be watched.
	unwatched bool
	// release takes back that a shutdown cancels the transfer.
	release func() bool
	closed  bool

	// Where the current span of time ends in which the least number of bytes
	// has to move, and what had been moved when it began.
	spanEnd  time.Time
	spanFrom int64
}

// openData takes the session's data channel, says that the transfer begins,
// and waits for the connection. Everything that can refuse the transfer
// otherwise must have been asked before. size is how many bytes will be sent,
// anyBytes if nobody knows.
func (s *session) openData(ctx context.Context, size int64) (*transfer, error) {
	channel := s.data
	s.data = nil
	// Once Conn has returned there is nothing left that could fail to close.
	defer func() { _ = channel.Close() }()
	t := &transfer{job: job{session: s, data: true}, local: channel.LocalAddr()}
	ready := channel.Ready()
	if ready {
		s.answer(reply(125, textAlreadyOpen))
	} else {
		s.answer(reply(150, textOpening(s.params.binary)))
	}
	// What the kernel takes at once is sent before anybody could say something
	// about it, so that its two replies can go out together.
	t.unwatched = ready && 0 <= size && size <= briefBytes && !s.secure.protect
	if !t.unwatched {
		if err := s.flush(); err != nil {
			return nil, errControlGone
		}
	}
	if err := t.connect(ctx, channel, ready); err != nil {
		s.recordData(dataClosed, t.local, outcomeOf(err))
		return nil, err
	}
	s.recordData(dataOpened, t.local, outcome{})
	if s.secure.protect {
		if err := t.shake(channel); err != nil {
			return nil, t.close(err)
		}
	}
	return t, nil
}

// connect waits for the data connection and arranges that cancel closes it.
func (t *transfer) connect(ctx context.Context, channel datachannel.Channel, ready bool) error {
	// A handshake that began early takes as long as the client wants.
	if !ready || t.session.secure.protect {
		if err := t.await(ctx, channel); err != nil {
			return err
		}
	} else if conn, err := channel.Conn(ctx); err == nil {
		t.conn = conn
	} else {
		return errNoDataConnection
	}
	if t.local.Port() == 0 { // active: known only now
		t.local = addrPort(t.conn.LocalAddr())
	}
	t.stop = func() { _ = t.conn.Close() } // makes the copying end
	if err := t.beginSpan(time.Now()); err != nil {
		t.stop()
		return clientGone()
	}
	if !t.unwatched {
		t.release = context.AfterFunc(ctx, func() { t.cancel(errServerAborted) })
		t.session.watch(&t.job)
	}
	return nil
}

// await waits until the client connects, or says that it will not.
func (t *transfer) await(ctx context.Context, channel datachannel.Channel) error {
	var stop context.CancelFunc
	wait := ctx
	if limit := t.session.site.Connections.DataChannelTimeout; limit > 0 {
		wait, stop = context.WithTimeout(ctx, limit)
	} else {
		wait, stop = context.WithCancel(ctx)
	}
	defer stop()
	t.stop = stop
	t.session.watch(&t.job)
	conn, err := channel.Conn(wait)
	t.session.unwatch()
	if err == nil && t.cause() != nil {
		_ = conn.Close() // it came too late
	}
	var r *refusal
	switch {
	case t.cause() != nil:
		return t.cause()
	case errors.As(err, &r):
		return r
	case ctx.Err() != nil:
		return errServerAborted
	case err != nil:
		return errNoDataConnection
	}
	t.conn = conn
	return nil
}

// close ends the transfer with what copying returned, and returns the refusal
// that this means, or nil for success.
func (t *transfer) close(err error) error {
	t.closed = true
	t.count()
	if err == nil && t.secure != nil {
		err = t.finish()
	}
	if err == nil && !t.incoming {
		t.linger()
	}
	closing := t.conn.Close()
	t.unwatch()
	if t.secure != nil {
		t.secure.Release()
	}
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

// linger lets a client take the rest that has sent what nobody reads: closing
// now would reset the connection, and the end of the file could be lost.
func (t *transfer) linger() {
	c, ok := t.conn.(interface {
		Unread() bool
		CloseWrite() error
	})
	if !ok || !c.Unread() || c.CloseWrite() != nil {
		return
	}
	if t.beginSpan(time.Now()) == nil {
		_, _ = io.CopyN(io.Discard, t.conn, lingerBytes) // until the client closes, too
	}
}

// unwatch stops the watcher and whatever waits for a shutdown.
func (t *transfer) unwatch() {
	if !t.unwatched {
		t.release()
		t.session.unwatch()
	}
}

// abandon gives back what t holds when it was not closed: something panicked.
func (t *transfer) abandon() {
	if t.closed {
		return
	}
	_ = t.conn.Close() // nobody waits for the rest
	t.unwatch()
	if t.secure != nil {
		t.secure.Release()
	}
}

// failure is the refusal that an error of copying means.
func (t *transfer) failure(err error) error {
	if cause := t.cause(); cause != nil {
		return cause
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
	t.spanFrom = t.traffic()
	return t.conn.SetDeadline(t.spanEnd)
}

// traffic is how much has moved on the connection, by which it is judged.
func (t *transfer) traffic() int64 {
	if t.secure != nil {
		return t.secure.Traffic()
	}
	return t.moved.Load()
}

// stream is what bytes are read from and written to.
func (t *transfer) stream() io.ReadWriter {
	if t.secure != nil {
		return t.secure
	}
	return t.conn
}

// progress looks at how far the transfer is when copying stopped with err, and
// returns an error when it cannot go on. The end of a span is no error by
// itself: minBytesPerSecond is judged over each span of dataChannelTimeout.
func (t *transfer) progress(err error) error {
	t.count()
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
	switch moved := t.traffic() - t.spanFrom; {
	case moved < least:
		return errDataTooSlow
	case moved == 0:
		return errDataTimedOut
	}
	return t.beginSpan(now)
}

// count brings the site's counters to what has moved.
func (t *transfer) count() {
	moved := t.moved.Load()
	counters, user, more := t.session.site.Counters, t.session.tally, moved-t.counted
	switch {
	case t.incoming:
		counters.BytesReceived.Add(more)
		if user != nil {
			user.BytesReceived.Add(more)
		}
	default:
		counters.BytesSent.Add(more)
		if user != nil {
			user.BytesSent.Add(more)
		}
	}
	t.counted = moved
}

// send copies size bytes of file, which stands at offset, to the client. A
// file that has become shorter ends earlier.
func (t *transfer) send(file content.File, offset, size int64) error {
	for done := int64(0); done < size; {
		want := min(size-done, sliceBytes)
		n, err := t.copy(t.stream(), file, file, want)
		done += n
		if err == nil && n < want {
			return nil
		}
		if failed := t.progress(err); failed != nil {
			return failed
		}
		runtime.Gosched() // others may have waited as long
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
	t.incoming = true
	for done := int64(0); ; {
		want := int64(sliceBytes)
		if done == 0 {
			want = copyBuffer // most files end within it
		}
		if limit > 0 {
			want = min(want, limit-done)
		}
		if want == 0 {
			return t.expectEnd()
		}
		n, err := t.copy(file, t.stream(), file, want)
		done += n
		if failed := t.progress(err); failed != nil {
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
		n, err := t.stream().Read(b[:])
		switch {
		case n > 0:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		}
		if failed := t.progress(err); failed != nil {
			return failed
		}
	}
}

// kernelConn is a connection that takes bytes from a file and gives them to one
// without them passing through us (package socket). It counts them in moved.
type kernelConn interface {
	SendFile(file *os.File, n int64, moved *atomic.Int64) (int64, error)
	ReceiveFile(file *os.File, n int64, moved *atomic.Int64) (int64, error)
}

// copy copies at most n bytes between file and the connection and counts them;
// fewer without an error mean the end of src. The kernel does it if it can
// (sendfile, splice): neither end may be wrapped. A few bytes are copied by us:
// sendfile may wait for the disk, and tells the scheduler so, and splice needs a
// pipe, which both cost more.
func (t *transfer) copy(dst io.Writer, src io.Reader, file content.File, n int64) (int64, error) {
	native, isNative := file.(*os.File)
	isNative = isNative && t.secure == nil
	if kernel, ok := t.conn.(kernelConn); ok && isNative && n > briefBytes {
		switch {
		case !t.incoming:
			return kernel.SendFile(native, n, &t.moved)
		case n > copyBuffer:
			return kernel.ReceiveFile(native, n, &t.moved)
		}
	}
	limited := &io.LimitedReader{R: src, N: n}
	if _, tcp := t.conn.(*net.TCPConn); tcp && isNative {
		n, err := io.Copy(dst, limited)
		t.moved.Add(n)
		return n, err
	}
	buffers := &t.session.server.buffers
	if t.secure != nil && n > copyBuffer {
		buffers = &t.session.server.large
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	return io.CopyBuffer(counter{dst, &t.moved}, limited, *buffer)
}

// counter counts what is written.
type counter struct {
	to    io.Writer
	moved *atomic.Int64
}

func (c counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.moved.Add(int64(n))
	return n, err
}

// Write sends the bytes of a listing.
func (t *transfer) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		n, err := t.stream().Write(b[done:])
		done += n
		t.moved.Add(int64(n))
		if failed := t.progress(err); failed != nil {
			return done, failed
		}
	}
	return len(b), nil
}
