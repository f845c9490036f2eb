package ftptest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

var (
	serverAt = netip.MustParseAddrPort("192.0.2.1:21")
	clientAt = netip.MustParseAddr("198.51.100.1")
)

// toy is a server that knows just enough to be talked to.
type toy struct {
	t       *testing.T
	network *ftptest.Network
	conn    net.Conn
	data    net.Listener
	port    netip.AddrPort
	stored  string
}

// serveToy answers on the network until its listener is closed.
func serveToy(t *testing.T, n *ftptest.Network) (stop func()) {
	l, err := n.Listen("tcp", serverAt.String())
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s := &toy{t: t, network: n, conn: conn}
			s.serve()
		}
	}()
	return func() {
		_ = l.Close()
		<-stopped
	}
}

func (s *toy) say(text string) { _, _ = io.WriteString(s.conn, text+"\r\n") }

func (s *toy) serve() {
	defer s.conn.Close()
	s.say("220-Toy\r\n220 Hello ") // at once: what comes later may not have come at the end
	in := bufio.NewScanner(s.conn)
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		if !s.command(verb, arg) {
			return
		}
	}
}

func (s *toy) command(verb, arg string) bool {
	switch verb {
	case "PASV", "EPSV":
		s.listen(verb)
	case "PORT":
		s.port, _ = ftp.ParsePORT(arg)
		s.say("200 PORT command successful.")
	case "EPRT":
		s.port, _ = ftp.ParseEPRT(arg)
		s.say("200 EPRT command successful.")
	case "RETR", "LIST":
		s.transfer(func(c net.Conn) { _, _ = io.WriteString(c, "one 1\r\n\r\nthree \r\n") })
	case "STOR":
		s.transfer(func(c net.Conn) {
			b, _ := io.ReadAll(c)
			s.stored = string(b)
		})
	case "STORED":
		s.say(fmt.Sprintf("200 %q", s.stored))
	case "ECHO":
		s.say("200 " + arg)
	case "BARE":
		_, _ = io.WriteString(s.conn, "200 bare\n")
	case "SLOW":
		time.Sleep(time.Minute)
		s.say("200 slow")
	case "TWICE":
		s.say("200 a\r\n200 b")
	case "QUIT":
		s.say("221 Goodbye.")
		return false
	default:
		s.say("500 " + verb)
	}
	return true
}

func (s *toy) listen(verb string) {
	l, err := s.network.Listen("tcp", serverAt.Addr().String()+":0")
	if err != nil {
		s.t.Error(err)
		return
	}
	s.data = l
	at := l.Addr().(*net.TCPAddr).AddrPort()
	if verb == "PASV" {
		s.say("227 Entering Passive Mode " + ftp.FormatPASV(at.Addr(), at.Port()) + ".")
	} else {
		s.say("229 Entering Extended Passive Mode " + ftp.FormatEPSV(at.Port()))
	}
}

// transfer opens the data connection and says whether it had to wait.
func (s *toy) transfer(use func(net.Conn)) {
	conn := s.open()
	if conn == nil {
		s.say("425 No connection.")
		return
	}
	use(conn)
	_ = conn.Close()
	s.say("226 Done.")
}

func (s *toy) open() net.Conn {
	if s.data == nil {
		s.say("150 Opening.")
		conn, err := s.network.Dial(s.t.Context(), "tcp", netip.AddrPortFrom(serverAt.Addr(), 20), s.port)
		if err != nil {
			return nil
		}
		return conn
	}
	l := s.data
	s.data = nil
	arrived := make(chan net.Conn, 1)
	go func() {
		defer close(arrived)
		if conn, err := l.Accept(); err == nil {
			arrived <- conn
		}
	}()
	defer time.AfterFunc(30*time.Second, func() { _ = l.Close() }).Stop()
	time.Sleep(time.Millisecond)
	select {
	case conn := <-arrived:
		s.say("125 Open.")
		return conn
	default:
		s.say("150 Opening.")
		return <-arrived
	}
}

func TestPlay(t *testing.T) {
	const hello = "S: 220-Toy\nS: 220 Hello␠\n"
	for _, tt := range []struct {
		name, dialogue string
		want           string // of the error; empty for none
	}{
		{"greeting", hello, ""},
		{"nothing said of the greeting", "", ""},
		{"talk", hello + "\n# a comment\nC: ECHO a b␠\nS: 200 a b␠\nC: QUIT\nS: 221 *\nCLOSED", ""},
		{"wildcards", hello + "C: ECHO one two three\nS: 2*two*e\nC: ECHO *\nS: 200 *", ""},
		{"raw", hello + `CRAW: "ECHO x\r\nEC"` + "\nS: 200 x\n" + `CRAW: "HO y\r\n"` + "\nS: 200 y", ""},
		{"time", hello + "C: SLOW\nT+1m\nS: 200 slow", ""},
		{"passive", hello + "PASV\nC: RETR x\nS: 125 Open.\nDATA<\n one 1\n \n three␠\n\nS: 226 Done.", ""},
		{"passive, quoted", hello + "EPSV\nC: RETR x\nS: 125 *\n" + `DATA< "one 1\r\n\r\nthree \r\n"` + "\nS: 226 Done.", ""},
		{"passive, pattern", hello + "EPSV\nC: LIST\nS: 125 *\nDATA~\n one *\n \n t*e␠\nS: 226 Done.", ""},
		{"passive, late", hello + "PASV late\nC: RETR x\nS: 150 *\nDATA~\n one *\n \n *\nS: 226 *", ""},
		{"other address", hello + "PASV 192.0.2.1\nC: RETR x\nS: 125 *\nDROP\nS: 226 *", ""},
		{"active", hello + "PORT\nC: RETR x\nS: 150 *\nDATA~\n one *\n \n *\nS: 226 *\nEPRT\nC: RETR x\nS: 150 *\nDATA~\n one *\n \n *\nS: 226 *", ""},
		{"upload", hello + "PASV\nC: STOR x\nS: 125 *\n" + `DATA+ "a\r\n"` + "\n" + `DATA> "b\xff"` + "\nS: 226 *\nC: STORED\n" + `S: 200 "a\r\nb\xff"`, ""},
		{"upload of nothing", hello + "EPRT\nC: STOR x\nS: 150 *\n" + `DATA> ""` + "\nS: 226 *\nC: STORED\n" + `S: 200 ""`, ""},
		{"active and not used", hello + "PORT\nPORT", ""},
		{"passive and not used", hello + "PASV", ""},

		{"wrong reply", hello + "C: ECHO a\nS: 200 b", "a.txt:5: session: \nwant \"200 b\"\n got \"200 a\""},
		{"wrong space", "S: 220-Toy\nS: 220 Hello", `got "220 Hello "`},
		{"wildcard in the middle", hello + "C: ECHO abc\nS: 200 a*d", `want "200 a*d"`},
		{"wildcard overlaps", hello + "C: ECHO aba\nS: 200 aba*ba", `got "200 aba"`},
		{"line ends badly", hello + "C: BARE\nS: 200 bare", "does not end with CR LF"},
		{"no reply", hello + "S: more", "timeout"},
		{"not enough time", hello + "C: SLOW\nS: 200 slow", "timeout"},
		{"reply that nobody expects", hello + "C: TWICE\nS: 200 a", `unexpected at the end: "200 b\r\n"`},
		{"greeting that nobody expects", "S: 220-Toy", `unexpected at the end: "220 Hello \r\n"`},
		{"not closed", hello + "C: ECHO a\nCLOSED", `want the connection closed, got "200 a"`},
		{"not closed and silent", hello + "CLOSED", "want the connection closed"},
		{"closed too early", hello + "C: QUIT\nS: 221 *\nS: 222", `got "" and EOF`},
		{"data differs", hello + "PASV\nC: RETR x\nS: 125 *\nDATA<\n one 1\n \n three\nS: 226 *", "a.txt:7: session: data differs\nwant \"one 1\\r\\n\\r\\nthree\\r\\n\"\n got \"one 1\\r\\n\\r\\nthree \\r\\n\""},
		{"data is a pattern only if asked", hello + "PASV\nC: RETR x\nS: 125 *\nDATA<\n one *\n \n three␠", "data differs"},
		{"data differs in a line", hello + "PASV\nC: RETR x\nS: 125 *\nDATA~\n one *\n \n four*\nS: 226 *", "in line 3\nwant \"four*\\r\\n\"\n got \"three \\r\\n\""},
		{"data is missing", hello + "PASV\nC: RETR x\nS: 125 *\nDATA~\n *\n \n *\n more", "in line 4"},
		{"data is too much", hello + "PASV\nC: RETR x\nS: 125 *\nDATA~\n *", "in line 2"},
		{"data, none wanted", hello + "PASV\nC: RETR x\nS: 125 *\nDATA<", `want ""`},
		{"data without connection", hello + "DATA<", "announced"},
		{"wrong address", hello + "PASV 203.0.113.9", "want \"227 Entering Passive Mode (203,0,113,9,*).\" with any port\n got \"227 Entering Passive Mode (192,0,2,1,"},
		{"connects too early", hello + "PASV late\nC: RETR x\nS: 125 *", `got "150 Opening."`},
		{"server does not connect", hello + "PORT\nDATA<", "did not open"},
		{"nothing sent", hello + "EPSV\nC: STOR x\nS: 125 *\nDROP\nS: 226 *\nC: STORED\n" + `S: 200 "x"`, `got "200 \"\""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := ftptest.NewNetwork()
				defer serveToy(t, n)()
				a, err := ftptest.Parse("a.txt", []byte("-- session --\n"+tt.dialogue+"\n"))
				if err != nil {
					t.Fatal(err)
				}
				target := n.Target(clientAt, serverAt)
				target.Settle = synctest.Wait
				err = a.Sessions[0].Play(t.Context(), target)
				switch {
				case tt.want == "" && err != nil:
					t.Error(err)
				case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
					t.Errorf("got %v\nwant %s", err, tt.want)
				}
			})
		})
	}
}

func TestPlayWithoutServer(t *testing.T) {
	a, err := ftptest.Parse("a.txt", []byte("-- session --\nS: 220 *\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = a.Sessions[0].Play(t.Context(), ftptest.NewNetwork().Target(clientAt, serverAt))
	if err == nil || !strings.Contains(err.Error(), "a.txt: session: control connection: ") {
		t.Errorf("got %v", err)
	}
}

// The same over the operating system's network.
func TestPlayOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		data, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		defer data.Close()
		in := bufio.NewScanner(conn)
		in.Scan() // EPSV
		fmt.Fprintf(conn, "229 Entering Extended Passive Mode %s\r\n", ftp.FormatEPSV(data.Addr().(*net.TCPAddr).AddrPort().Port()))
		in.Scan() // RETR
		fmt.Fprint(conn, "150 \r\n")
		if c, err := data.Accept(); err == nil {
			fmt.Fprint(c, "data")
			_ = c.Close()
		}
		in.Scan() // EPRT
		to, _ := ftp.ParseEPRT(strings.TrimPrefix(in.Text(), "EPRT "))
		fmt.Fprint(conn, "200 EPRT command successful.\r\n")
		if c, err := net.Dial("tcp", to.String()); err == nil {
			fmt.Fprint(c, "more")
			_ = c.Close()
		}
	}()
	a, err := ftptest.Parse("a.txt", []byte("-- session --\nEPSV\nC: RETR x\nS: 150 *\nDATA< \"data\"\nEPRT\nDATA< \"more\"\nCLOSED\n"))
	if err != nil {
		t.Fatal(err)
	}
	ftptest.Run(t, a, ftptest.TCP(l.Addr().String()))
	_ = l.Close()
	<-served
}

// reporter is a testing.TB that remembers errors instead of failing.
type reporter struct {
	testing.TB
	errors []string
}

func (r *reporter) Helper()           {}
func (r *reporter) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }

func TestRunPlaysAllSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		defer serveToy(t, n)()
		a, err := ftptest.Parse("a.txt", []byte("-- session1 --\nS: x\n-- session2 --\nS: 220-*\nS: 220 *\n-- session3 --\nS: y\n"))
		if err != nil {
			t.Fatal(err)
		}
		r := &reporter{TB: t}
		ftptest.Run(r, a, n.Target(clientAt, serverAt))
		if len(r.errors) != 2 || !strings.HasPrefix(r.errors[0], "a.txt:2: session1: ") || !strings.HasPrefix(r.errors[1], "a.txt:7: session3: ") {
			t.Errorf("reported %q", r.errors)
		}
	})
}
