package ftpserver_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// Where in a secured session the arbitrary bytes of FuzzSecure come.
const (
	instead   = iota // of the client's part of the handshake
	amid             // the records of a session, as bytes on the wire
	inSecret         // as commands
	cleared          // in clear text behind CCC
	onData           // instead of the handshake on a data connection
	inRecords        // amid the records of an upload
	places
)

// FuzzSecure throws arbitrary bytes at a session in each place where TLS
// begins, runs or ends. Nothing may panic, nothing said in clear may count as
// said in secret, and everything ends in time. When the bytes break an upload,
// it must not be there.
func FuzzSecure(f *testing.F) {
	hello := "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"
	for place := range uint8(places) {
		for _, seed := range []string{
			"", "\r\n", "USER jane\r\nPASS secret\r\nMKD x\r\n", hello, "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x03\x01", "\x15\x03\x03\x00\x02\x01\x00",
			"\x17\x03\x03\x00\x00", "\x17\x03\x03\x00\x13aaaaaaaaaaaaaaaaaaa", "CCC\r\nNOOP\r\n", "REIN\r\nAUTH TLS\r\n", "PBSZ 0\r\nPROT P\r\nPASV\r\nNLST\r\n", "AUTH TLS\r\n" + hello,
			"GET / HTTP/1.0\r\n\r\n", strings.Repeat("\x14\x03\x03\x00\x01\x01", 30), "QUIT\r\nNOOP\r\n",
		} {
			f.Add(place, []byte(seed))
		}
	}
	a := ftptest.Load(f, "testdata/secure.txtar")
	f.Fuzz(func(t *testing.T, place uint8, input []byte) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, a, nil)
			fuzzSecure(t, r, int(place)%places, input)
			time.Sleep(5 * time.Minute) // longer than anything may wait
			r.stop(t)
			made, err := filepath.Glob(filepath.Join(r.logDir, "..", "content", "x"))
			if err != nil || place%places != inSecret && place%places != cleared && len(made) > 0 {
				t.Errorf("said in clear and done: %v, %v", made, err)
			}
			if place%places == inRecords && len(input) > 0 {
				if _, err := os.Stat(filepath.Join(r.logDir, "..", "content", "cut")); err == nil {
					t.Error("an upload with broken records is kept")
				}
			}
		})
	})
}

// fuzzSecure is one client. It reads what comes until the server closes, or
// until it has nothing more to say.
func fuzzSecure(t *testing.T, r *running, place int, input []byte) {
	conn := r.dial(t).conn
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	hear := func(n int) (last string) {
		for range n {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			last = line
		}
		return last
	}
	hear(1)
	say(t, conn, "AUTH TLS\r\n")
	hear(1)
	if place == instead {
		spill(conn, conn, input)
		return
	}
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // no matter whose
	say(t, client, "USER jane\r\nPASS secret\r\n")
	in.Reset(client)
	hear(2)
	switch place {
	case amid:
		spill(conn, client, input)
	case inSecret:
		spill(client, client, input)
	case cleared:
		say(t, client, "CCC\r\n")
		hear(1)
		_, _ = io.Copy(io.Discard, client)
		_ = client.CloseWrite()
		_ = conn.SetDeadline(time.Time{})
		spill(conn, conn, input)
	case onData, inRecords:
		say(t, client, "PBSZ 0\r\nPROT P\r\nEPSV\r\n")
		data := fuzzDial(t, r, hear(3))
		say(t, client, "STOR cut\r\n")
		hear(1)
		if place == onData {
			spill(data, data, input)
		} else {
			secure := tls.Client(data, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // as above
			say(t, secure, "the beginning of a file")
			spill(data, data, append(input, 0)) // the last byte breaks even whole records
		}
		hear(1) // what became of it
	}
}

// fuzzDial connects to the passive port of a reply.
func fuzzDial(t *testing.T, r *running, reply string) net.Conn {
	t.Helper()
	conn, err := r.target.DialData(t.Context(), netip.AddrPortFrom(r.address.Addr(), fuzzPassive(reply)))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func say(t *testing.T, to io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
}

// spill writes the bytes, listens until the server is silent, and goes.
func spill(to net.Conn, from io.Reader, input []byte) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, from)
	}()
	_, _ = to.Write(input)
	time.Sleep(time.Second)
	_ = to.Close()
	<-done
}
