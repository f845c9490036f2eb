package ftps_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

// versions are those that every test of a handshake is for.
var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// settings are those of a site with a certificate.
func settings(t testing.TB) *ftps.Settings {
	t.Helper()
	c, err := ftptest.NewCertificate("ftp.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return &ftps.Settings{Certificate: func() *tls.Certificate { return &c.TLS }}
}

// pair returns the two ends of a real TCP connection; ends of a session's two
// channels have different ports.
func pair(t testing.TB) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{c, s} {
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// lastSession remembers one session, for whatever address.
type lastSession struct{ session *tls.ClientSessionState }

func (l *lastSession) Get(string) (*tls.ClientSessionState, bool) {
	return l.session, l.session != nil
}
func (l *lastSession) Put(_ string, s *tls.ClientSessionState) { l.session = s }

// session is a control connection after its handshake.
type session struct {
	control *ftps.Control
	client  *tls.Conn
	raw     *net.TCPConn
	config  *tls.Config
}

// secured does the handshake of a control connection; cache is the client's.
func secured(t testing.TB, keys *ftps.Keys, s *ftps.Settings, version uint16, cache tls.ClientSessionCache) *session {
	t.Helper()
	c, conn := pair(t)
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, ClientSessionCache: cache} //nolint:gosec // the certificate is not in question
	client := tls.Client(c, config)
	control := keys.Control(conn, func(string) *ftps.Settings { return s })
	ours := make(chan error, 1)
	go func() {
		err := control.Handshake()
		if err == nil {
			_, err = control.Write([]byte("220 hello\r\n"))
		}
		ours <- err
	}()
	if _, err := io.ReadFull(client, make([]byte, 11)); err != nil { // the ticket is read with it
		t.Fatal(err)
	}
	if err := <-ours; err != nil {
		t.Fatal(err)
	}
	return &session{control, client, c, config}
}

// data does the handshake of a data connection of s.
func (s *session) data(t testing.TB, cache tls.ClientSessionCache) (client *tls.Conn, raw *net.TCPConn, d *ftps.Data, conn *net.TCPConn, err error) {
	t.Helper()
	raw, conn = pair(t)
	config := s.config.Clone()
	config.ClientSessionCache = cache
	client = tls.Client(raw, config)
	d = s.control.Data(conn, nil)
	theirs := make(chan error, 1)
	go func() { theirs <- client.Handshake() }()
	err = d.Handshake()
	if failed := <-theirs; err == nil && failed != nil {
		t.Fatal(failed)
	}
	return client, raw, d, conn, err
}

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// TestResumption: a data connection resumes the session of its own control
// connection only; another one begins anew, or is refused where it must resume.
func TestResumption(t *testing.T) {
	for _, version := range versions {
		for _, resumption := range []ftps.Resumption{ftps.AcceptResumption, ftps.RequireResumption, ftps.NoResumption} {
			st := settings(t)
			st.Resumption = resumption
			keys := ftps.NewKeys()
			own, other := &lastSession{}, &lastSession{}
			s := secured(t, keys, st, version, own)
			secured(t, keys, st, version, other)
			if resumption == ftps.NoResumption {
				if own.session != nil {
					t.Errorf("%x: a ticket was issued", version)
				}
				continue
			}
			client, _, d, _, err := s.data(t, own)
			if err != nil || !client.ConnectionState().DidResume || !d.Facts().Resumed || d.Foreign() {
				t.Errorf("%x, %d: own session: %v", version, resumption, err)
			}
			_, _, d, _, err = s.data(t, other)
			switch required := resumption == ftps.RequireResumption; {
			case required && !errors.Is(err, ftps.ErrForeignSession):
				t.Errorf("%x: the session of another connection: %v", version, err)
			case !required && (err != nil || d.Facts().Resumed || !d.Foreign()):
				t.Errorf("%x: the session of another connection: %v, resumed %v", version, err, d.Facts().Resumed)
			}
			_, _, _, _, err = s.data(t, nil)
			if required := resumption == ftps.RequireResumption; required != errors.Is(err, ftps.ErrNotResumed) {
				t.Errorf("%x: no session: %v", version, err)
			}
		}
	}
}

// TestControlResumesAnySession: a client that comes back resumes its session,
// and its data connections resume the new one.
func TestControlResumesAnySession(t *testing.T) {
	for _, version := range versions {
		st, keys, cache := settings(t), ftps.NewKeys(), &lastSession{}
		st.Resumption = ftps.RequireResumption
		secured(t, keys, st, version, cache)
		again := secured(t, keys, st, version, cache)
		if !again.control.Facts().Resumed {
			t.Errorf("%x: not resumed", version)
		}
		if _, _, _, _, err := again.data(t, cache); err != nil {
			t.Errorf("%x: data connection: %v", version, err)
		}
		if secured(t, ftps.NewKeys(), st, version, cache).control.Facts().Resumed {
			t.Errorf("%x: resumed with other keys", version)
		}
	}
}

// TestEndOfUpload: what counts as the end, and what as a file that was cut off.
func TestEndOfUpload(t *testing.T) {
	for _, version := range versions {
		for _, c := range []struct {
			name string
			end  func(client *tls.Conn, raw *net.TCPConn)
			ok   bool
		}{
			{"close_notify", func(client *tls.Conn, _ *net.TCPConn) { _ = client.CloseWrite() }, true},
			{"a bare FIN", func(_ *tls.Conn, raw *net.TCPConn) { _ = raw.CloseWrite() }, true},
			{"a reset", func(_ *tls.Conn, raw *net.TCPConn) { _ = raw.SetLinger(0); _ = raw.Close() }, false},
			{"half a record", func(_ *tls.Conn, raw *net.TCPConn) { _, _ = raw.Write([]byte{23, 3, 3, 1, 0, 7}); _ = raw.Close() }, false},
			{"an alert", func(_ *tls.Conn, raw *net.TCPConn) { _, _ = raw.Write([]byte{21, 3, 3, 0, 2, 2, 80}); _ = raw.Close() }, false},
			{"a forged record", func(_ *tls.Conn, raw *net.TCPConn) {
				_, _ = raw.Write(append([]byte{23, 3, 3, 0, 64}, make([]byte, 64)...))
				_ = raw.Close()
			}, false},
			{"rubbish", func(_ *tls.Conn, raw *net.TCPConn) { _, _ = raw.Write([]byte("QUIT\r\n")); _ = raw.Close() }, false},
		} {
			s := secured(t, ftps.NewKeys(), settings(t), version, nil)
			client, raw, d, _, err := s.data(t, nil)
			if err != nil {
				t.Fatal(err)
			}
			sent := random(t, 40_000)
			if _, err := client.Write(sent); err != nil {
				t.Fatal(err)
			}
			if !c.ok {
				time.Sleep(20 * time.Millisecond) // a reset overtakes what waits
			}
			first := make([]byte, len(sent))
			if _, err := io.ReadFull(d, first); err != nil || !bytes.Equal(first, sent) {
				t.Fatalf("%x, %s: %v", version, c.name, err)
			}
			c.end(client, raw)
			rest, err := io.ReadAll(d)
			if (err == nil) != c.ok || len(rest) > 0 {
				t.Errorf("%x, %s: %d bytes more and %v", version, c.name, len(rest), err)
			}
			bad := slices.Contains([]string{"an alert", "a forged record", "rubbish"}, c.name) // alerts are encrypted here
			if errors.Is(err, ftps.ErrBadRecord) != bad {
				t.Errorf("%x, %s: %v, bad record: %v", version, c.name, err, bad)
			}
		}
	}
}

// TestFinish: the client sees the end of a download as such.
func TestFinish(t *testing.T) {
	for _, version := range versions {
		for _, size := range []int{0, 1, 16 << 10, 32<<10 - 1, 256 << 10, 1<<20 + 1} {
			s := secured(t, ftps.NewKeys(), settings(t), version, nil)
			client, raw, d, conn, err := s.data(t, nil)
			if err != nil {
				t.Fatal(err)
			}
			sent := random(t, size)
			done := make(chan error, 1)
			go func() {
				_, err := d.Write(sent)
				if err == nil {
					err = d.Finish()
				}
				done <- err
			}()
			// Not the end of the connection, which is still open: close_notify.
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%x: %d bytes, want %d: %v", version, len(got), size, err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			d.Release()
			_, _ = raw.Close(), conn.Close()
		}
	}
}

// TestWriteGoesOnAfterItsDeadline: crypto/tls would be broken for good.
func TestWriteGoesOnAfterItsDeadline(t *testing.T) {
	s := secured(t, ftps.NewKeys(), settings(t), tls.VersionTLS13, nil)
	client, _, d, conn, err := s.data(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent := random(t, 24<<20)
	late := 0
	next := func() error { return conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) }
	result := make(chan error, 1)
	got := make(chan []byte, 1)
	go func() {
		for off := 0; off < len(sent); {
			if err := next(); err != nil {
				result <- err
				return
			}
			n, err := d.Write(sent[off:min(len(sent), off+300_000)])
			off += n
			if errors.Is(err, os.ErrDeadlineExceeded) {
				if late++; late == 1 {
					go func() {
						all, _ := io.ReadAll(client)
						got <- all
					}()
				}
				continue
			}
			if err != nil {
				result <- err
				return
			}
		}
		for {
			if err := next(); err != nil {
				result <- err
				return
			}
			if err := d.Finish(); !errors.Is(err, os.ErrDeadlineExceeded) {
				result <- err
				return
			}
		}
	}()
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-got, sent) {
		t.Error("what came is not what was sent")
	}
	if d.Traffic() <= int64(len(sent)) {
		t.Errorf("%d bytes of traffic for %d", d.Traffic(), len(sent))
	}
}

// TestClear: nothing that the client says behind the end of TLS is lost,
// whether it ends it with a word or without.
func TestClear(t *testing.T) {
	for _, version := range versions {
		for _, withNotify := range []bool{true, false} {
			s := secured(t, ftps.NewKeys(), settings(t), version, nil)
			result := make(chan string, 1)
			go func() {
				clear, err := s.control.Clear()
				if err != nil {
					result <- err.Error()
					return
				}
				b := make([]byte, 12)
				_, _ = io.ReadFull(clear, b) // what is missing shows in b
				result <- string(b)
			}()
			if n, err := s.client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Fatalf("the end of TLS: %d bytes, %v", n, err)
			}
			if withNotify { // in one segment with what follows
				s.client.NetConn().(*net.TCPConn).SetNoDelay(false)
				_ = s.client.CloseWrite()
				_ = s.raw.SetWriteDeadline(time.Now().Add(time.Second))
			}
			if _, err := s.raw.Write([]byte("NOOP\r\nSYST\r\n")); err != nil {
				t.Fatal(err)
			}
			if got := <-result; got != "NOOP\r\nSYST\r\n" {
				t.Errorf("%x, notify %v: got %q", version, withNotify, got)
			}
		}
	}
}

// TestClearRefusesSecrets: commands in TLS behind CCC are not taken for clear
// text.
func TestClearRefusesSecrets(t *testing.T) {
	s := secured(t, ftps.NewKeys(), settings(t), tls.VersionTLS13, nil)
	if _, err := s.client.Write([]byte("DELE x\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.control.Clear(); err == nil {
		t.Error("no error")
	}
}

func TestHandshakeErrors(t *testing.T) {
	t.Run("no TLS", func(t *testing.T) {
		c, conn := pair(t)
		if _, err := c.Write([]byte("USER anonymous\r\n")); err != nil {
			t.Fatal(err)
		}
		err := ftps.NewKeys().Control(conn, func(string) *ftps.Settings { return settings(t) }).Handshake()
		if !errors.Is(err, ftps.ErrNotTLS) {
			t.Error(err)
		}
	})
	t.Run("no certificate", func(t *testing.T) {
		c, conn := pair(t)
		go func() { _ = tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake() }() //nolint:gosec // as above
		err := ftps.NewKeys().Control(conn, func(string) *ftps.Settings { return nil }).Handshake()
		if !errors.Is(err, ftps.ErrNoCertificate) {
			t.Error(err)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		_, conn := pair(t)
		if err := conn.SetDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		err := ftps.NewKeys().Control(conn, func(string) *ftps.Settings { return settings(t) }).Handshake()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestApplicationProtocols(t *testing.T) {
	for _, c := range []struct {
		offered []string
		want    string
		refused bool
	}{
		{nil, "", false},
		{[]string{"ftp"}, "ftp", false},
		{[]string{"http/1.1", "ftp"}, "ftp", false},
		{[]string{"x-mine"}, "", false},
		{[]string{"http/1.1"}, "", true},
		{[]string{"x-mine", "h2"}, "", true},
		{[]string{"smtp"}, "", true},
		{[]string{"spdy/3"}, "", true},
	} {
		cl, conn := pair(t)
		client := tls.Client(cl, &tls.Config{InsecureSkipVerify: true, NextProtos: c.offered}) //nolint:gosec // as above
		go func() { _ = client.Handshake() }()
		control := ftps.NewKeys().Control(conn, func(string) *ftps.Settings { return settings(t) })
		err := control.Handshake()
		if errors.Is(err, ftps.ErrOtherProtocol) != c.refused {
			t.Errorf("%v: %v", c.offered, err)
		}
		if err != nil {
			continue
		}
		if _, err := control.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if got := client.ConnectionState().NegotiatedProtocol; got != c.want {
			t.Errorf("%v: %q, want %q", c.offered, got, c.want)
		}
	}
}

// TestDataProtocol: the data connection answers its own name.
func TestDataProtocol(t *testing.T) {
	s := secured(t, ftps.NewKeys(), settings(t), tls.VersionTLS13, nil)
	for _, want := range []string{"ftp-data", "ftp"} {
		s.config.NextProtos = slices.Insert([]string{"x"}, 0, want)
		client, _, _, _, err := s.data(t, nil)
		if err != nil || client.ConnectionState().NegotiatedProtocol != want {
			t.Errorf("%q: %q, %v", want, client.ConnectionState().NegotiatedProtocol, err)
		}
	}
	s.config.NextProtos = []string{"http/1.1"}
	if _, _, _, _, err := s.data(t, nil); !errors.Is(err, ftps.ErrOtherProtocol) {
		t.Error(err)
	}
}
