package ftpserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// session is one control connection. Its goroutine owns everything in it; when
// it sleeps there is none.
// While a transfer runs, the watcher owns the reading side of the connection
// and may look at the rest, which the session leaves alone then (watch.go).
type session struct {
	server        *Server
	conn          net.Conn
	local, remote netip.AddrPort
	id            string
	connected     time.Time

	place
	control
	secure secured
	who    identity
	params parameters

	cwd        vpath.Path
	renameFrom vpath.Path
	// data is the data channel that the next transfer will use; nil before
	// PORT or PASV.
	data datachannel.Channel
	// asleep says that the session waits for its client in sleep.
	asleep bool
	// watcher is nil before the first job that takes a while.
	watcher *watcher
	// called is what others have asked, and job what is done now and can be
	// canceled (call.go).
	called atomic.Int32
	job    atomic.Pointer[job]
	shown  shown
	// then is what follows the reply to the command being answered, if
	// anything does; it reports whether the session goes on.
	then func() bool
	// now is the command being answered, ended why the session ends.
	now   exchange
	ended outcome
}

// identity is who uses the session.
type identity struct {
	// since is when the time allowed for logging in began.
	since time.Time
	// asked is the name in USER while PASS is awaited (named).
	asked string
	named bool
	// principal and view are nil before login.
	principal *auth.Principal
	view      *vfs.View
	// renewed is how often accounts had to be looked at anew when that was done.
	renewed uint64
	// logName is cs-username: qualified, "" for anonymous and before login.
	logName string
	// from remembers whether the client sits on this machine.
	from origin
}

// parameters are what lasts from one command to later ones.
type parameters struct {
	// binary is TYPE I; the initial type is ASCII (RFC 959 §5.1).
	binary bool
	// span is what REST or RANG set, used by the next transfer only.
	span span
	// utf8 is OPTS UTF8 ON: names are UTF-8 whatever code page the site has.
	utf8 bool
	// otherStyle is SITE DIRSTYLE: listings in the other style than the site's.
	otherStyle bool
	// onlyEPSV is EPSV ALL: no other way to open data channels (RFC 2428 §4).
	onlyEPSV bool
	// facts are those that MLST and MLSD tell.
	facts facts
	// hash is the place in algorithms of the one that HASH uses.
	hash int
	// sent and received count the session's bytes as the server sees them.
	sent, received int64
}

// fresh are the parameters of a new session with the counts of p.
func (p parameters) fresh() parameters {
	return parameters{facts: standardFacts, sent: p.sent, received: p.received}
}

func newSession(server *Server, conn net.Conn, endpoint func() *site.Endpoint) *session {
	s := &session{
		server: server,
		conn:   conn,
		local:  addrPort(conn.LocalAddr()),
		remote: addrPort(conn.RemoteAddr()),
		id:     newID(),

		connected: time.Now(),
		place:     place{endpoint: endpoint},
		who:       identity{since: time.Now()},
		params:    parameters{}.fresh(),
		cwd:       vpath.Root,
	}
	s.control.in = ftp.NewReader(conn)
	return s
}

// client is whom rules for addresses are asked about: the peer of the control
// connection, whatever connects to data channels.
func (s *session) client() access.Client {
	return access.Client{Addr: s.remote.Addr(), Names: s.server.config.Names}
}

// addrPort returns the address of a TCP connection, IPv4 in its short form.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	if tcp, ok := a.(*net.TCPAddr); ok {
		ap = tcp.AddrPort()
	} else if parsed, err := netip.ParseAddrPort(a.String()); err == nil {
		ap = parsed
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// newID returns a random GUID in lower case (x-session).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])  // never fails
	b[6] = b[6]&0x0f | 0x40 // version 4: random
	b[8] = b[8]&0x3f | 0x80 // RFC 9562 variant
	text := make([]byte, 0, 36)
	for _, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if len(text) > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}

// live is the life of the session, or as much of it as passes until the client
// is silent for a while. Then there is no goroutine, until the client speaks or
// the time for it is over, which next finds out.
func (s *session) live(ctx context.Context) {
	if s.serve(ctx); !s.asleep {
		s.end()
		s.server.forget(s)
		return
	}
	goOn := func() { go s.live(ctx) }
	if r, ok := s.conn.(rester); !ok || !r.Rest(goOn) {
		goOn() // on a new stack: one that has served commands stays several times as large
	}
}

// serve runs the session until it ends or falls asleep.
func (s *session) serve(ctx context.Context) {
	defer s.survive()
	if !s.asleep {
		welcome := s.greet()
		s.showEnd(0)
		if !welcome {
			return
		}
	}
	for {
		line, err := s.next()
		if s.asleep = errors.Is(err, errAsleep); s.asleep || !s.step(ctx, line, err) {
			return
		}
	}
}

// survive keeps a bug that shows in one session from ending all others.
func (s *session) survive() {
	problem := recover()
	if problem == nil {
		return
	}
	s.event(zerolog.ErrorLevel).Any("panic", problem).Bytes("stack", debug.Stack()).Msg("session failed")
	s.leave(goodbye(access.SubStatusDataAbortedByServer))
}

// step answers one line, or the failure to read one, and reports whether the
// session goes on.
func (s *session) step(ctx context.Context, line []byte, err error) bool {
	s.now = exchange{began: time.Now(), received: int64(len(line)) + 2}
	s.params.received += s.now.received
	if errors.Is(err, errCalled) {
		return s.obey()
	}
	if err != nil && !badLine(err) {
		s.lost(err)
		return false
	}
	var cmd ftp.Command
	if err == nil {
		cmd, err = ftp.ParseCommand(line)
		cmd.Arg = s.page().Decode(cmd.Arg)
		s.showBegin(cmd)
	}
	var answer ftp.Reply
	if err == nil {
		answer, err = s.dispatch(ctx, cmd)
	}
	out := s.conclude(cmd, answer, err)
	s.answer(out.reply)
	s.record(cmd, out)
	s.showEnd(out.reply.Code)
	if out.ends {
		s.ended = out
		return false
	}
	if then := s.then; then != nil {
		s.then = nil
		return then()
	}
	return true
}

// dispatch sends cmd through the gates to its handler.
func (s *session) dispatch(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if r := s.follow(); r != nil {
		return ftp.Reply{}, r
	}
	row := s.row(cmd.Verb)
	if row != nil && row.lastInBuffer {
		s.discard()
	}
	for _, check := range s.server.gates {
		if err := check(s, row, cmd); err != nil {
			return ftp.Reply{}, err
		}
	}
	return row.run(s, ctx, cmd)
}

// conclude makes the outcome of what a command returned.
func (s *session) conclude(cmd ftp.Command, answer ftp.Reply, err error) outcome {
	if err == nil {
		return outcome{reply: answer, ends: answer.Code == codeGoodbye}
	}
	out := outcomeOf(err)
	s.countRefusal(out.sub)
	s.notice(err, s.site)
	if out.unexpected {
		s.event(zerolog.ErrorLevel).Err(err).Str(logging.Verb, cmd.Verb).
			Str(logging.Path, string(s.now.path)).Msg("command failed")
	}
	if out.sub != access.SubStatusOK && s.wantsDetails() {
		out.reply = detailed(out)
	}
	return out
}

// countRefusal counts a refusal, or why a session ends.
func (s *session) countRefusal(sub int) {
	if s.site != nil {
		s.site.Counters.Refuse(sub)
	}
}

// leave says why the session ends.
func (s *session) leave(r *refusal) {
	s.ended = outcomeOf(r)
	s.countRefusal(r.sub)
	s.answer(s.ended.reply)
}

// end closes everything the session holds.
func (s *session) end() {
	s.dropData()
	s.finishControl()
	s.in.Release()
	s.recordClosed()
	s.countUser(nil, nil)
	s.enter(nil)
}

// dropData closes the data channel that waits for its transfer.
func (s *session) dropData() {
	if s.data == nil {
		return
	}
	_ = s.data.Close() // given up; what it would report concerns nobody
	s.data = nil
}

// wake interrupts a wait for the next command. It is safe to call from
// another goroutine.
func (s *session) wake() { _ = s.conn.SetReadDeadline(longAgo()) }

// cut closes the control connection under the session. It is safe to call
// from another goroutine.
func (s *session) cut() { _ = s.conn.Close() }

// reset closes the control connection so that nobody hears what is left to
// say.
func (s *session) reset() { drop(s.conn) }

// drop resets a connection.
func drop(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // at worst the client sees an ordinary close
	}
	_ = conn.Close() // nobody is to hear of it
}

// longAgo is a deadline that interrupts at once.
func longAgo() time.Time { return time.Unix(1, 0) }

// event begins a line of the operational log that says which session it is.
func (s *session) event(level zerolog.Level) *zerolog.Event {
	return s.describe(s.server.config.Log.WithLevel(level), s.site)
}

// describe says in a line of the operational log which session it is, and which
// site it is about.
func (s *session) describe(e *zerolog.Event, about *site.Site) *zerolog.Event {
	e.Str(logging.Session, s.id).Stringer(logging.Remote, s.remote)
	if about != nil {
		e.Str(logging.Site, about.Name)
	}
	if p := s.who.principal; p != nil {
		e.Str(logging.User, p.QualifiedName())
	}
	return e
}
