package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
)

// shake does the handshake on the data connection, if it is not done yet.
func (t *transfer) shake(channel datachannel.Channel) error {
	if e, ok := channel.(*early); ok && e.began() {
		t.secure = e.secure
	} else {
		t.secure = t.session.secure.tls.Data(t.conn, t.session.site.TLS.Settings)
	}
	err := t.secure.Handshake() // of an early one, the result
	if err == nil {
		facts := t.secure.Facts()
		t.session.event(zerolog.DebugLevel).Str("version", tls.VersionName(facts.Version)).Bool("resumed", facts.Resumed).
			Bool("foreignSession", t.secure.Foreign()).Msg("data connection is encrypted")
		return t.beginSpan(time.Now())
	}
	if cause := t.cause(); cause != nil {
		return cause
	}
	t.session.server.dataRefused.Add(1)
	t.session.event(zerolog.WarnLevel).Err(err).Stringer("dataRemote", t.conn.RemoteAddr()).Msg("TLS handshake on the data connection failed")
	return unshakenData(err)
}

// unshakenData is the refusal of a transfer whose handshake failed. One that
// never ends, or that the client breaks off, has the words for slow transfers.
func unshakenData(err error) *refusal {
	sub := clientCertificateStatus(err, access.SubStatusOK)
	switch {
	case errors.Is(err, ftps.ErrNotTLS):
		return errBadlyFormatted
	case errors.Is(err, ftps.ErrNotResumed), errors.Is(err, ftps.ErrForeignSession), errors.Is(err, ftps.ErrOtherProtocol):
		sub = access.SubStatusDataAbortedByServer
	case sub == access.SubStatusOK:
		return errDataTooSlow
	}
	return &refusal{code: errNoDataConnection.code, text: errNoDataConnection.text, sub: sub}
}

// finish ends the TLS of a transfer that has gone well so far. Whoever sent us
// a file has ended it already and may be gone.
func (t *transfer) finish() error {
	for {
		err := t.secure.Finish()
		if err == nil || t.incoming {
			return nil
		}
		if failed := t.progress(err); failed != nil {
			return failed
		}
	}
}

// earlyDelay is how long we wait for the command before the handshake begins
// without it. Most clients send the command first, and then no goroutine is
// needed.
const earlyDelay = 5 * time.Millisecond

// early is a passive channel whose handshake may begin before the command that
// uses it: some clients send the command only when the handshake is done.
type early struct {
	datachannel.Channel
	session string
	server  *Server
	control *ftps.Control
	site    *site.Site
	cancel  context.CancelFunc
	timer   *time.Timer
	// stopped says that the timer was stopped in time: nothing runs, or ever
	// will.
	stopped bool
	// arrived says that the client has connected.
	arrived atomic.Bool
	// done is closed when run has ended and conn, secure and err are set.
	done   chan struct{}
	conn   net.Conn
	secure *ftps.Data
	err    error
}

// shakeEarly makes a channel early.
func (s *session) shakeEarly(channel datachannel.Channel) datachannel.Channel {
	ctx, cancel := context.WithCancel(s.server.running)
	e := &early{
		Channel: channel, session: s.id, server: s.server, control: s.secure.tls, site: s.site, cancel: cancel,
		done: make(chan struct{}),
	}
	e.timer = time.AfterFunc(earlyDelay, func() {
		defer close(e.done)
		defer e.survive()
		e.run(ctx)
	})
	return e
}

// began reports whether the handshake began early, and sees to it that it does
// not begin any more if not.
func (e *early) began() bool {
	e.stopped = e.stopped || e.timer.Stop()
	return !e.stopped
}

// run waits for the client and does the handshake. Its error is found again by
// whoever asks for the handshake next.
func (e *early) run(ctx context.Context) {
	if e.conn, e.err = e.Channel.Conn(ctx); e.err != nil {
		return
	}
	e.arrived.Store(true)
	stop := context.AfterFunc(ctx, func() { _ = e.conn.Close() })
	defer stop()
	e.secure = e.control.Data(e.conn, e.site.TLS.Settings)
	if e.conn.SetDeadline(after(time.Now(), e.site.Connections.DataChannelTimeout)) == nil {
		_ = e.secure.Handshake() // the next call says the same
	}
}

// survive keeps a bug from ending the process; the transfer fails.
func (e *early) survive() {
	if problem := recover(); problem != nil {
		e.err = errNoDataConnection
		e.server.config.Log.Error().Str(logging.Session, e.session).Any("panic", problem).Bytes("stack", debug.Stack()).
			Msg("opening a data connection failed")
	}
}

// Ready reports whether the client has connected.
func (e *early) Ready() bool {
	if e.began() {
		return e.arrived.Load()
	}
	return e.Channel.Ready()
}

// Conn returns the connection. When the handshake began early, it is over then,
// one way or the other.
func (e *early) Conn(ctx context.Context) (net.Conn, error) {
	if !e.began() {
		return e.Channel.Conn(ctx)
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if e.err != nil {
		return nil, e.err
	}
	conn := e.conn
	e.conn = nil
	return conn, nil
}

// Close ends what runs, waits for it, and closes a connection that nobody
// fetched.
func (e *early) Close() error {
	e.cancel()
	if e.began() {
		<-e.done
		if e.conn != nil {
			_ = e.conn.Close() // nothing was said on it
			e.conn = nil
		}
	}
	return e.Channel.Close()
}
