//go:build integration

package integration_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTLSFromOutside holds what docs/security.md says of TLS as a stranger
// sees it, on the port where TLS is asked for and on the one where it begins.
func TestTLSFromOutside(t *testing.T) {
	s := serve(t, newHome(t, ""))
	for _, at := range []struct {
		name string
		dial func(*testing.T) net.Conn
		args []string // of openssl s_client
	}{
		{"explicit", func(t *testing.T) net.Conn {
			d := dial(t, "127.0.0.1", s.port)
			d.say("AUTH TLS", "234 ")
			return d.conn
		}, []string{"-starttls", "ftp", "-connect", net.JoinHostPort("127.0.0.1", s.control())}},
		{"implicit", func(t *testing.T) net.Conn {
			return dialPort(t, s.offset+990)
		}, []string{"-connect", fmt.Sprintf("127.0.0.1:%d", s.offset+990)}},
	} {
		t.Run(at.name, func(t *testing.T) {
			t.Run("versions", func(t *testing.T) { versionsOutside(t, at.dial) })
			t.Run("ciphers", func(t *testing.T) { ciphersOutside(t, at.dial) })
			t.Run("compression", func(t *testing.T) { compressionOutside(t, at.dial) })
			t.Run("renegotiation", func(t *testing.T) { renegotiationOutside(t, at.args) })
			t.Run("protocols", func(t *testing.T) { protocolsOutside(t, at.dial) })
		})
	}
}

func dialPort(t *testing.T, port int) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

// outsideTLS does a handshake as a client with the given wishes.
func outsideTLS(conn net.Conn, wishes *tls.Config) (tls.ConnectionState, error) {
	wishes.InsecureSkipVerify = true // the certificate is its own issuer, and tested elsewhere
	c := tls.Client(conn, wishes)
	err := c.Handshake()
	return c.ConnectionState(), err
}

func versionsOutside(t *testing.T, dial func(*testing.T) net.Conn) {
	for version, served := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		state, err := outsideTLS(dial(t), &tls.Config{MinVersion: version, MaxVersion: version})
		switch {
		case served && (err != nil || state.Version != version):
			t.Errorf("%s: %v", tls.VersionName(version), err)
		case !served && (err == nil || !strings.Contains(err.Error(), "protocol version")):
			t.Errorf("%s: got %v, an alert about the version expected", tls.VersionName(version), err)
		}
	}
}

// ciphersOutside offers one cipher suite of TLS 1.2 at a time: those that this
// library can do and calls insecure are refused.
func ciphersOutside(t *testing.T, dial func(*testing.T) net.Conn) {
	var served []string
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			continue
		}
		state, err := outsideTLS(dial(t), &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
		if err == nil && state.CipherSuite == suite.ID {
			served = append(served, suite.Name)
		}
	}
	slices.Sort(served)
	// With the ECDSA key of the sample; the two CBC suites are for old clients.
	meant := []string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	}
	if !slices.Equal(served, meant) {
		t.Errorf("the cipher suites of TLS 1.2 are %q, want %q", served, meant)
	}
}

// compressionOutside offers to compress (CRIME): the server chooses not to,
// which the byte behind the cipher suite in its hello says.
func compressionOutside(t *testing.T, dial func(*testing.T) net.Conn) {
	conn := dial(t)
	if _, err := conn.Write(helloWithCompression()); err != nil {
		t.Fatal(err)
	}
	var header [5]byte
	if _, err := io.ReadFull(conn, header[:]); err != nil {
		t.Fatal(err)
	}
	record := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(conn, record); err != nil {
		t.Fatal(err)
	}
	const handshake, serverHello, sessionID = 22, 2, 4 + 2 + 32
	if header[0] != handshake || record[0] != serverHello {
		t.Fatalf("instead of a hello: % x % x", header, record)
	}
	method := sessionID + 1 + int(record[sessionID]) + 2
	if record[method] != 0 {
		t.Errorf("the server compresses by method %d", record[method])
	}
}

// helloWithCompression is the hello of a TLS 1.2 client that prefers DEFLATE.
func helloWithCompression() []byte {
	extensions := []byte{
		0, 10, 0, 4, 0, 2, 0, 29, // supported_groups: X25519
		0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
		0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms: ecdsa_secp256r1_sha256
	}
	body := append([]byte{3, 3}, make([]byte, 32)...) // version, random
	body = append(body, 0)                            // no session
	body = append(body, 0, 2, 0xc0, 0x2b)             // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	body = append(body, 2, 1, 0)                      // DEFLATE, none
	body = append(body, 0, byte(len(extensions)))     // length
	body = append(body, extensions...)                //
	message := append([]byte{1, 0, 0, byte(len(body))}, body...)
	return append([]byte{22, 3, 1, 0, byte(len(message))}, message...)
}

// renegotiationOutside asks for a second handshake, which costs a server more
// than a client. TLS 1.3 has no such thing.
func renegotiationOutside(t *testing.T, args []string) {
	out, talk, _ := program(t, "R\n", "openssl", append([]string{"s_client", "-tls1_2"}, args...)...)
	want(t, "openssl", out, "Secure Renegotiation IS supported", "Compression: NONE") // RFC 5746 is understood
	want(t, "asked to renegotiate", out+talk, "RENEGOTIATING")
	// Where TLS comes first the greeting may arrive amid it, which openssl takes
	// no better than the refusal.
	if !strings.Contains(talk, "alert unexpected message") && !strings.Contains(talk, "unexpected record") {
		t.Errorf("it is not refused:\n%s%s", out, talk)
	}
}

// protocolsOutside is what keeps pages in browsers from speaking to this
// server (ALPACA).
func protocolsOutside(t *testing.T, dial func(*testing.T) net.Conn) {
	for _, c := range []struct {
		offered []string
		served  bool
		agreed  string
	}{
		{nil, true, ""},
		{[]string{"ftp"}, true, "ftp"},
		{[]string{"h2", "http/1.1"}, false, ""},
		{[]string{"imap"}, false, ""},
	} {
		state, err := outsideTLS(dial(t), &tls.Config{NextProtos: c.offered})
		if (err == nil) != c.served || state.NegotiatedProtocol != c.agreed {
			t.Errorf("a client that offers %q: got %q, %v", c.offered, state.NegotiatedProtocol, err)
		}
	}
}
