package ftpserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// control is the two sides of a control connection.
type control struct {
	in *ftp.Reader
	// out holds replies that are not written yet. It is borrowed from the
	// server and nil while the session waits for a command.
	out *[]byte
	// held are lines that came during a transfer and run after it.
	held []input
	// until is when the wait for the command that is awaited ends.
	until time.Time
	// waits counts the waits for a command.
	waits uint8
}

// input is one line, or why there is none.
type input struct {
	line []byte
	err  error
}

const (
	// replyBuffer is the usual size of a reply in bytes.
	replyBuffer = 512
	// maxReplies is how many bytes of replies to pipelined commands gather
	// before they are written.
	maxReplies = 16 << 10
	// writeTimeout is how long a client may take to accept replies.
	writeTimeout = 30 * time.Second
	// sleepAfter is how long a client may be silent before its session sleeps.
	sleepAfter = 200 * time.Millisecond
	// yieldEvery is how many commands a session answers before it lets others
	// run: they take about 5 ms when the client answers at once.
	yieldEvery = 64
	// noSiteTimeout is how long a client may take to name a host, as long as
	// there is no site whose timeouts could be obeyed.
	noSiteTimeout = 30 * time.Second
	// lingerTime and lingerBytes bound the wait for a client to take the last
	// reply while it still sends: closing earlier would make the operating
	// system reset the connection and drop that reply.
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 64 << 10
)

// errStopping interrupts the wait for a command when the server stops.
var errStopping = errors.New("server is stopping")

// errAsleep says that the client has been silent for a while.
var errAsleep = errors.New("session is asleep")

// rester is a connection that can wait for its client by itself and calls awake
// then (package socket).
type rester interface {
	Rest(awake func()) bool
}

// badLine reports whether err is about one line, after which reading goes on.
func badLine(err error) bool {
	return errors.Is(err, ftp.ErrBareLF) || errors.Is(err, ftp.ErrLineTooLong)
}

// next returns the next command line, valid until the next call. What was
// held during a transfer comes first. Replies are written before waiting, but
// not between commands that have arrived together.
func (s *session) next() ([]byte, error) {
	if len(s.held) > 0 {
		first := s.held[0]
		s.held = s.held[1:]
		return first.line, first.err
	}
	s.held = nil
	if s.in.Buffered() > 0 && s.out != nil && len(*s.out) < maxReplies {
		if line, err := s.arrived(); !errors.Is(err, os.ErrDeadlineExceeded) {
			return line, err
		}
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	s.yield()
	return s.await()
}

// await waits for a line. A client that lets us wait long finds the session
// asleep.
func (s *session) await() ([]byte, error) {
	now := time.Now()
	if !s.asleep {
		s.until = s.nextDeadline(now)
	}
	soon := now.Add(sleepAfter)
	if _, ok := s.conn.(rester); !ok || s.asleep || !s.until.IsZero() && s.until.Before(soon) {
		return s.readUntil(s.until)
	}
	line, err := s.readUntil(soon)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return line, err
	}
	if s.in.Buffered() > 0 { // a part of a line
		return s.readUntil(s.until)
	}
	if err := s.setDeadline(s.until); err != nil {
		return nil, err
	}
	return nil, errAsleep
}

// readUntil reads a line that comes before deadline.
func (s *session) readUntil(deadline time.Time) ([]byte, error) {
	if err := s.setDeadline(deadline); err != nil {
		return nil, err
	}
	line, err := s.in.ReadLine()
	if errors.Is(err, os.ErrDeadlineExceeded) && s.called.Load() != 0 {
		err = errCalled
	}
	return line, err
}

// setDeadline bounds the wait that follows. Shutdown and call say what they want
// before they set a deadline in the past, so either that deadline comes after
// ours or we see here what they want.
func (s *session) setDeadline(deadline time.Time) error {
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	if s.server.stopping.Load() {
		return errStopping
	}
	if s.called.Load() != 0 {
		return errCalled
	}
	return nil
}

// yield lets the scheduler see this goroutine now and then. A client that
// answers at once keeps it in one thread all the time, and after 10 ms the
// runtime would take it for one that does not stop, and interrupt it by a
// signal.
func (s *session) yield() {
	if s.waits++; s.waits%yieldEvery == 0 {
		runtime.Gosched()
	}
}

// arrived returns a line that has come already. It does not wait: the error is
// os.ErrDeadlineExceeded when there is none.
func (s *session) arrived() ([]byte, error) {
	if err := s.conn.SetReadDeadline(longAgo()); err != nil {
		return nil, err
	}
	return s.in.ReadLine()
}

// nextDeadline is when the wait for a command ends. A client that has not
// logged in has one span of time for all it does; afterwards every command
// begins a new one. Transfers do not count: nothing waits for a command then.
func (s *session) nextDeadline(now time.Time) time.Time {
	switch {
	case s.site == nil:
		return s.who.since.Add(noSiteTimeout)
	case s.who.principal == nil:
		return after(s.who.since, s.site.Connections.UnauthenticatedTimeout)
	default:
		return after(now, s.site.Connections.ControlChannelTimeout)
	}
}

// after returns start+d; no limit when d is not positive.
func after(start time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return start.Add(d)
}

// lost ends the session because no further command can be read.
func (s *session) lost(err error) {
	switch {
	case errors.Is(err, errStopping), errors.Is(err, os.ErrDeadlineExceeded) && s.server.stopping.Load():
		s.leave(goodbye(access.SubStatusSiteStopping))
	case errors.Is(err, os.ErrDeadlineExceeded) && s.who.principal == nil:
		s.leave(goodbye(access.SubStatusNewConnectionTimeout))
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.leave(goodbye(access.SubStatusControlTimeout))
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		s.ended = outcome{}
	default:
		if s.isSecure() && !connectionLost(err) {
			s.event(zerolog.WarnLevel).Err(err).Msg("TLS on the control connection failed")
		}
		s.ended = outcome{win32: win32NetNameDeleted, sub: access.SubStatusConnectionError}
	}
}

// answer queues a reply.
func (s *session) answer(r ftp.Reply) {
	if s.out == nil {
		s.out = s.server.replies.Get().(*[]byte)
	}
	before := len(*s.out)
	*s.out = s.appendReply(*s.out, r)
	s.count(int64(len(*s.out)-before), 0)
}

// say writes lines of a reply that goes on, and empties b.
func (s *session) say(b *[]byte) error {
	if s.out == nil {
		s.out = s.server.replies.Get().(*[]byte)
	}
	*s.out = ftp.AppendTelnet(*s.out, string(*b))
	s.count(int64(len(*b)), 0)
	*b = (*b)[:0]
	if len(*s.out) < maxReplies {
		return nil
	}
	return s.flush()
}

// flush writes the queued replies.
func (s *session) flush() error {
	if s.out == nil {
		return nil
	}
	err := s.write(*s.out)
	*s.out = (*s.out)[:0]
	if cap(*s.out) <= maxReplies {
		s.server.replies.Put(s.out)
	}
	s.out = nil
	return err
}

func (s *session) write(b []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.stream().Write(b)
	return err
}

// discard drops everything that was sent behind the current command.
func (s *session) discard() {
	s.in.Discard()
	s.held = nil
}

// finishControl writes what is left to say and closes the connection.
func (s *session) finishControl() {
	err := s.flush()
	if err == nil && s.isSecure() {
		err = s.secure.tls.CloseNotify()
	}
	if err == nil && s.ended.reply.Code != 0 && s.in.Buffered() > 0 {
		s.linger()
	}
	_ = s.conn.Close() // the session is over either way
}

// linger lets the client take the last reply although it has sent more.
func (s *session) linger() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if s.conn.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, s.conn, lingerBytes)
	}
}

// hold keeps a line for after the transfer.
func (s *session) hold(line []byte, err error) {
	s.held = append(s.held, input{bytes.Clone(line), err})
}
