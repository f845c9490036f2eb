package ftps

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Data is TLS on a data connection. The owner of the connection below it sets
// its deadlines, and may close it at any time to end what is done here.
type Data struct {
	control  *Control
	settings *Settings
	below    *gathering
	tls      *tls.Conn
	// foreign says that the client offered the session of another control
	// connection.
	foreign bool
}

// Data returns the server's side of TLS on a data connection of the session,
// in active and passive mode alike. It goes by the settings of the site that
// the session is on by now, or by those of the control connection when they are
// nil; the certificate is the one the client has seen.
func (c *Control) Data(conn net.Conn, now *Settings) *Data {
	if now == nil {
		now = c.settings
	}
	d := &Data{control: c, settings: now, below: &gathering{Conn: conn}}
	d.tls = tls.Server(d.below, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: d.answer})
	return d
}

// answer makes the configuration for one data connection.
//
// Clients that only send on a data connection never read the ticket that
// TLS 1.3 sends after the handshake; when they close, the unread bytes turn
// the end into a reset, and the end of the file is lost. So no ticket goes out
// on data connections. In crypto/tls one switch stands for both issuing tickets
// and accepting them, therefore it is off from the beginning where no session
// is offered, and turned off once the offered one has been looked at. The
// configuration belongs to this connection alone. With TLS 1.2 a ticket is a
// part of the handshake, which every client reads.
func (d *Data) answer(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := d.control
	protocols, err := negotiate(hello.SupportedProtos, protocolData, protocolControl)
	if err != nil {
		return nil, err
	}
	config := d.settings.config(c.certificate, protocols)
	if c.ClientCertificate() != nil {
		config.ClientAuth = tls.RequestClientCert
	}
	config.VerifyConnection = d.verify
	if slices.Contains(hello.SupportedVersions, tls.VersionTLS13) && !slices.Contains(hello.Extensions, extensionPreSharedKey) {
		config.SessionTicketsDisabled = true
	}
	config.WrapSession = c.keys.wrap(c.owner[:])
	config.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		if state.Version == tls.VersionTLS13 {
			config.SessionTicketsDisabled = true
		}
		session, err := c.keys.base.DecryptTicket(ticket, state)
		if session == nil || err != nil {
			return nil, err
		}
		if !belongs(session, c.owner[:]) {
			d.foreign = true
			return nil, nil
		}
		return session, nil
	}
	return config, nil
}

// extensionPreSharedKey offers sessions to resume (RFC 8446 §4.2).
const extensionPreSharedKey = 41

// verify makes sure that whoever opened the data connection is who opened the
// control connection, as far as the site wants it.
func (d *Data) verify(state tls.ConnectionState) error {
	if d.settings.Resumption == RequireResumption && !state.DidResume {
		if d.foreign {
			return ErrForeignSession
		}
		return ErrNotResumed
	}
	if own := d.control.ClientCertificate(); own != nil {
		if len(state.PeerCertificates) == 0 || !bytes.Equal(own.Raw, state.PeerCertificates[0].Raw) {
			return ErrClientCertificateDiffers
		}
		return nil // it has been verified
	}
	return d.settings.verify(state)
}

// Handshake waits for the client's part, until the connection's deadline.
func (d *Data) Handshake() error {
	return handshakeError(d.tls.Handshake())
}

// Facts are what the handshake came to.
func (d *Data) Facts() Facts { return factsOf(d.tls) }

// Foreign reports whether the client offered the session of another control
// connection, which was not resumed.
func (d *Data) Foreign() bool { return d.foreign }

// Read reads what has come, and waits for the first byte. A stream that ends
// without a word of TLS ends all the same, if it does so between two records:
// many clients do that.
func (d *Data) Read(b []byte) (n int, err error) {
	d.below.borrow()
	d.below.failed = nil
	for {
		more, err := d.tls.Read(b[n:])
		n += more
		if err != nil && !errors.Is(err, io.EOF) && d.below.failed == nil {
			return n, readError(err)
		}
		if err != nil || n == len(b) || !d.below.hasRecord() {
			return n, err
		}
	}
}

// Write sends b. A part that is too small to be sent alone waits for the next,
// or for Finish. When the connection's deadline passes, b is taken nevertheless
// and the rest of it waits: the next call, of Write or of Finish, goes on.
func (d *Data) Write(b []byte) (n int, err error) {
	d.below.gather()
	for n < len(b) {
		piece := b[n:min(len(b), n+dataBuffer)]
		if len(d.below.out)+len(piece)+recordsMore > cap(*d.below.lent) {
			if err := d.below.flush(); err != nil {
				return n, err
			}
		}
		if _, err := d.tls.Write(piece); err != nil {
			return n, err
		}
		n += len(piece)
	}
	if len(d.below.out) < worthSending {
		return n, nil
	}
	return n, d.below.flush()
}

// Finish sends what waits and tells the client that nothing more will come. It
// does not wait for the client to say the same, as many never do. When the
// connection's deadline passes, calling it again goes on.
func (d *Data) Finish() error {
	d.below.gather()
	if err := d.tls.CloseWrite(); err != nil {
		return err
	}
	return d.below.flush()
}

// Release gives back the buffers, with what waits in them. It must be called
// when the connection is closed, and nothing else afterwards.
func (d *Data) Release() { d.below.release() }

// Traffic counts the bytes that went over the connection, those of TLS
// included. It may be asked while others read and write.
func (d *Data) Traffic() int64 { return d.below.traffic.Load() }

const (
	// dataBuffer is how much is read or written at once. Records have 16 KiB at
	// most; a system call for each costs a third more of the processor's time.
	dataBuffer = 256 << 10
	// recordsMore is what records need beside the bytes in them: at most 57 bytes
	// for each 16 KiB.
	recordsMore = 2 << 10
	// worthSending is how much is sent before the stream ends.
	worthSending = 32 << 10
)

// dataBuffers are lent to the connections that move bytes.
//
//nolint:gochecknoglobals // a pool is a part of the allocator; nothing can be seen to change
var dataBuffers = sync.Pool{New: func() any { b := make([]byte, dataBuffer+worthSending+recordsMore); return &b }}

// gathering reads and writes many records in one system call.
type gathering struct {
	net.Conn
	// lent is the buffer: of in while reading, of out while writing. There is
	// none during the handshake.
	lent    *[]byte
	in      []byte // read and not yet asked for
	out     []byte // records that are not yet sent
	gathers bool   // records go to out
	failed  error  // how reading from the connection ended
	traffic atomic.Int64
}

// borrow makes sure that there is a buffer.
func (g *gathering) borrow() {
	if g.lent == nil {
		g.lent = dataBuffers.Get().(*[]byte)
	}
}

// gather makes Write keep what it is given. Nothing is read from here on.
func (g *gathering) gather() {
	if !g.gathers {
		g.borrow()
		g.gathers, g.in, g.out = true, nil, (*g.lent)[:0]
	}
}

// release gives the buffer back, with what is in it.
func (g *gathering) release() {
	if g.lent != nil {
		dataBuffers.Put(g.lent)
	}
	g.lent, g.in, g.out, g.gathers = nil, nil, nil, false
}

// Read reads as much as there is, once there is a buffer.
func (g *gathering) Read(b []byte) (int, error) {
	if len(g.in) == 0 {
		if g.lent == nil || g.gathers {
			return g.Conn.Read(b)
		}
		n, err := g.Conn.Read(*g.lent)
		g.failed = err
		g.traffic.Add(int64(n))
		if n == 0 {
			return 0, err
		}
		g.in = (*g.lent)[:n]
	}
	n := copy(b, g.in)
	g.in = g.in[n:]
	return n, nil
}

// hasRecord reports whether a whole record has been read and not asked for.
func (g *gathering) hasRecord() bool {
	const header = 5
	return len(g.in) >= header && len(g.in) >= header+(int(g.in[3])<<8|int(g.in[4]))
}

// Write keeps b, which always fits (Data.Write), or sends it during the
// handshake.
func (g *gathering) Write(b []byte) (int, error) {
	if !g.gathers {
		return g.Conn.Write(b)
	}
	g.out = append(g.out, b...)
	return len(b), nil
}

// flush sends what waits. What could not be sent before the deadline waits on.
func (g *gathering) flush() error {
	if len(g.out) == 0 {
		return nil
	}
	n, err := g.Conn.Write(g.out)
	g.traffic.Add(int64(n))
	g.out = append(g.out[:0], g.out[n:]...)
	return err
}

// The owner of the connection sets deadlines. In particular CloseWrite of
// crypto/tls sets one in the past, which would lose what waits here.

func (*gathering) SetDeadline(time.Time) error      { return nil }
func (*gathering) SetReadDeadline(time.Time) error  { return nil }
func (*gathering) SetWriteDeadline(time.Time) error { return nil }
