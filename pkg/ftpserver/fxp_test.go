package ftpserver_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
)

// anybody lets data channels lead to and come from third parties.
func (r *running) anybody(t *testing.T) {
	t.Helper()
	open := *r.sites[0]
	open.DataChannel.MatchClientAddressForPort, open.DataChannel.MatchClientAddressForPasv = false, false
	r.serve(t, &open)
}

// collect returns what the one connection to l brings.
func collect(l net.Listener) chan string {
	got := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		b, _ := io.ReadAll(conn)
		got <- string(b)
	}()
	return got
}

// TestThirdParties sends a file to another machine, of either family and by
// either command, where the site allows it.
func TestThirdParties(t *testing.T) {
	for _, c := range []struct{ archive, listen, command string }{
		{"files", "192.0.2.99:3000", "PORT 192,0,2,99,11,184"},
		{"files", "192.0.2.99:3000", "EPRT |1|192.0.2.99|3000|"},
		{"files", "[2001:db8::99]:3000", "EPRT |2|2001:db8::99|3000|"},
		{"files", "192.0.2.99:3000", "EPRT |2|::ffff:192.0.2.99|3000|"},
		{"ipv6", "192.0.2.99:3000", "PORT 192,0,2,99,11,184"},
		{"ipv6", "[2001:db8::99]:3000", "EPRT |2|2001:db8::99|3000|"},
	} {
		inBubble(t, "testdata/"+c.archive+".txtar", nil, func(t *testing.T, r *running) {
			l, err := r.network.Listen("tcp", c.listen)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			client := r.dial(t)
			client.login()
			client.send(c.command + "\r\n")
			client.expect("501 Server cannot accept argument.\r\n")
			r.anybody(t)
			client.send(c.command + "\r\n")
			client.expect("200 ")
			got := collect(l)
			synctest.Wait()
			client.send("RETR a.txt\r\n")
			client.expect("125 ")
			client.expect("226 ")
			if text := <-got; text != "hello\n" {
				t.Errorf("%s: %s got %q", c.command, c.listen, text)
			}
		})
	}
}

// TestBetweenTwoServers lets one server send what another receives.
func TestBetweenTwoServers(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		r.anybody(t)
		from, to := r.dial(t), r.dial(t)
		from.login()
		to.login()
		to.send("EPSV\r\n")
		var port uint16
		if _, err := fmt.Sscanf(to.expect("229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
			t.Fatal(err)
		}
		to.send("STOR copy.txt\r\n")
		to.expect("150 ")
		from.send(fmt.Sprintf("EPRT |1|%s|%d|\r\nRETR a.txt\r\n", r.address.Addr(), port))
		from.expect("200 ")
		from.expect("1")
		from.expect("226 ")
		to.expect("226 ")
		from.send("SIZE copy.txt\r\n")
		from.expect("213 6")
	})
}

// TestNoThirdParty: some addresses are nobody's, whatever the site allows, and
// low ports are never connected to.
func TestNoThirdParty(t *testing.T) {
	inBubble(t, "testdata/files.txtar", nil, func(t *testing.T, r *running) {
		r.anybody(t)
		r.target = r.network.Target(netip.MustParseAddr("192.0.2.7"), r.address)
		c := r.dial(t)
		c.login()
		for _, command := range []string{
			"PORT 127,0,0,1,11,184", "PORT 0,0,0,0,11,184", "PORT 224,0,0,1,11,184", "EPRT |2|::1|3000|",
			"EPRT |2|::|3000|", "EPRT |2|ff02::1|3000|", "EPRT |2|::ffff:127.0.0.1|3000|", "EPRT |2|fe80::1%lo|3000|",
		} {
			c.send(command + "\r\n")
			c.expect("501 Server cannot accept argument.\r\n")
		}
		l, err := r.network.Listen("tcp", "192.0.2.99:1023")
		if err != nil {
			t.Fatal(err)
		}
		got := collect(l)
		for _, command := range []string{"PORT 192,0,2,99,3,255", "EPRT |1|192.0.2.99|1023|"} {
			c.send(command + "\r\nRETR a.txt\r\n")
			c.expect("200 ")
			c.expect("150 ")
			c.expect("425 Cannot open data connection.\r\n")
		}
		_ = l.Close()
		if text := <-got; text == "hello\n" {
			t.Error("a low port was connected to")
		}
	})
}
