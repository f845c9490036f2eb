// Package ftptest plays FTP conversations in tests, in memory or over TCP. Only
// tests import it.
//
// # Archives
//
// A conversation is a text archive (golang.org/x/tools/txtar) with these files:
//
//	applicationHost.config  the configuration, ftphost.config if it is needed;
//	                        $HOME in them stands for the folder they are put in
//	administration.config   IIS Manager users, if there are any
//	localAccounts           a line per account: name, password, groups
//	                        (comma-separated, - for none), home attribute; the
//	                        last two may be missing
//	certificates            a line per certificate to be made: name, host names;
//	                        it comes before the sessions. $THUMBPRINT(name)
//	                        stands for its thumbprint in configurations
//	content/...             what the site serves, below $HOME/content; a name
//	                        that ends with / is an empty directory
//	session...              dialogues, played one after the other, each on a
//	                        control connection of its own
//
// # Dialogues
//
// A dialogue has one step per line. Empty lines and lines that begin with # say
// nothing. Spaces at the end of a line do not count; ␠ stands for a space that
// does. In patterns * matches anything, including nothing, and all else is
// literal.
//
//	C: text        sends text and CR LF
//	CRAW: "bytes"  sends bytes in Go's quotes, and nothing else
//	S: pattern     expects a line; a reply of several lines is several steps
//	CLOSED         expects the server to close the control connection
//	T+10s          lets time pass: at once in a synctest bubble, really elsewhere
//
// Data connections are announced before the command that uses them. These send
// the command and check the reply:
//
//	PASV           the client connects before it sends the transfer command, so
//	               that the server should find the connection open (125)
//	EPSV           the same with EPSV
//	PASV late      the client connects when the dialogue reaches the data, so
//	               that the server has to wait for it (150)
//	EPSV late
//	PASV 192.0.2.1 the reply must name this address instead of the server's;
//	               the connection goes to the server's all the same
//	PORT, EPRT     the client listens
//
// And these use them, after the 125 or 150:
//
//	DATA<          the server must send exactly the following lines, which are
//	               indented with one space here and end with CR LF on the wire,
//	               and close
//	DATA~          the same, and each line is a pattern
//	DATA< "bytes"  the same with the bytes in Go's quotes
//	DATA> "bytes"  sends bytes and closes
//	DATA+ "bytes"  sends bytes and stays open
//	DROP           closes the data connection without reading it
//
// These are about TLS:
//
//	TLS options    does the handshake on the control connection: sni=HOST,
//	               alpn=P,Q, version=1.2, client=NAME (a certificate), cert=HOST
//	               (whose certificate the server must have), fail (it must)
//	CLEAR          goes back to clear text, after CCC
//	PROTECT        encrypts data connections from now on, resuming the session of
//	               the control connection; options: new (without resuming),
//	               version and client as above, client=none
//	UNPROTECT      sends data in clear text from now on
//	REFUSED        the server must refuse the handshake on the data connection
//	PASV early     the client has TLS on the data connection before it sends the
//	               transfer command; otherwise after the 125 or 150
//
// A refused command is an ordinary step, such as "C: PASV" and "S: 425 *".
package ftptest

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Target is the server under test as a client reaches it.
type Target struct {
	// Dial opens a control connection.
	Dial func(ctx context.Context) (net.Conn, error)
	// DialData opens a data connection to a passive port.
	DialData func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// ListenData listens for a data connection at the client's address.
	ListenData func(ctx context.Context, local netip.Addr) (net.Listener, error)
	// Settle waits until the server has noticed a new data connection. In a
	// bubble it is synctest.Wait; nil means not to wait, and then a dialogue
	// cannot know whether 125 or 150 will come.
	Settle func()
}

// TCP returns the server at address, such as "127.0.0.1:2121".
func TCP(address string) Target {
	var d net.Dialer
	var l net.ListenConfig
	return Target{
		Dial: func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) },
		DialData: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", to.String())
		},
		ListenData: func(ctx context.Context, local netip.Addr) (net.Listener, error) {
			return l.Listen(ctx, "tcp", netip.AddrPortFrom(local, 0).String())
		},
	}
}

// Target returns the server at an address of the network, reached from client.
func (n *Network) Target(client netip.Addr, server netip.AddrPort) Target {
	from := netip.AddrPortFrom(client, 0)
	return Target{
		Dial: func(ctx context.Context) (net.Conn, error) { return n.Dial(ctx, "tcp", from, server) },
		DialData: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return n.Dial(ctx, "tcp", from, to)
		},
		ListenData: func(_ context.Context, local netip.Addr) (net.Listener, error) {
			return n.Listen("tcp", netip.AddrPortFrom(local, 0).String())
		},
	}
}

// stepTimeout is how long the server may take for one step.
const stepTimeout = 10 * time.Second

// Run plays all sessions of the archive. A session ends at its first
// disagreement, which is reported with the place in the archive; the others
// are played nevertheless. It starts no subtests, so that it can be called in a
// synctest bubble.
func Run(t testing.TB, a *Archive, target Target) {
	t.Helper()
	for _, s := range a.Sessions {
		if err := s.Play(t.Context(), target); err != nil {
			t.Error(err)
		}
	}
}
