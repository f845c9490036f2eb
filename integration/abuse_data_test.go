//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowData reads and writes a byte now and then: slower than a transfer may
// be.
func slowData(t *testing.T, s *server) {
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 64*mebibyte))
	var clients sync.WaitGroup
	for i := range 20 {
		d := login(t, "127.0.0.1", s.port, "user2")
		c := d.passive()
		if i%2 == 0 {
			d.say("RETR big.bin", "1")
		} else {
			d.say(fmt.Sprintf("STOR slow%d.bin", i), "1")
		}
		clients.Go(func() {
			one := make([]byte, 1)
			for range 200 { // until the server ends it
				_, err := c.Write(one)
				if i%2 == 0 {
					_, err = c.Read(one)
				}
				if err != nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
		clients.Go(func() {
			answer, err := d.text.ReadLine()
			if !strings.HasPrefix(answer, "425 Data channel timed out") {
				t.Errorf("a slow transfer ends with %q, %v", answer, err)
			}
			_ = c.Close()
			_ = d.conn.Close()
		})
	}
	clients.Wait()
}

// idleData holds two thousand data connections open on which nothing happens.
// The server ends them all, and says so on the control connection.
func idleData(t *testing.T, s *server) {
	const addresses, each = 200, 10
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 64*mebibyte))
	var opening, open sync.WaitGroup
	turn := make(chan struct{}, 8)
	for i := range addresses * each {
		turn <- struct{}{}
		opening.Go(func() {
			a := begin(t, s, fmt.Sprintf("127.0.1.%d", i%addresses+1), "USER anonymous\r\nPASS x\r\n")
			want := "421 "
			switch {
			case i%50 == 0: // the kernel holds some megabytes of each
				a.dial()
				a.write("RETR big.bin\r\n")
				want = "425 "
			case i%2 == 0:
				a.dial()
			default: // never connects
				a.write("RETR computer.txt\r\n")
				want = "425 "
			}
			open.Go(func() {
				answers, _ := io.ReadAll(a.in)
				if a.err != nil || !bytes.Contains(answers, []byte(want)) {
					t.Errorf("waiting for nothing was answered %q, want %s: %v", answers, want, a.err)
				}
				a.leave(false)
			})
			<-turn
		})
	}
	opening.Wait()
	held := s.usage(t)
	t.Logf("with all of them %+v", held)
	if held.descriptors < addresses*each {
		t.Errorf("only %d descriptors are open", held.descriptors)
	}
	open.Wait()
}

// exhaustion: a client that takes all passive ports for itself is told so at
// once, and the next address has them still.
func exhaustion(t *testing.T, s *server) {
	var open []*dialogue
	for i := range 10 {
		d := login(t, "127.0.0.1", s.port, "user1")
		open = append(open, d)
		began := time.Now()
		if i < 2 {
			d.say("EPSV", "229 ")
		} else {
			d.say("EPSV", "425 Cannot open data connection.")
			d.say("PASV", "425 Cannot open data connection.")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the answer took %v", took)
		}
	}
	other := begin(t, s, "127.0.1.1", "USER anonymous\r\nPASS x\r\n")
	if other.dial(); other.err != nil {
		t.Error(other.err)
	}
	other.leave(false)
	open[0].say("ABOR", "226 ") // gives its port back
	open[9].say("EPSV", "229 ")
	for _, d := range open {
		d.say("QUIT", "221 ")
	}
}

func manyAborts(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	for range 200 {
		d.say("EPSV", "229 ")
		d.say("ABOR", "226 ")
	}
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 64*mebibyte))
	for range 20 {
		c := d.passive()
		d.say("RETR big.bin", "1")
		if _, err := io.CopyN(io.Discard, c, 1024); err != nil {
			t.Fatal(err)
		}
		d.say("\xff\xf4\xff\xf2ABOR", "426 ")
		d.expect("226 ")
		_ = c.Close()
	}
	go func() {
		_, _ = d.conn.Write(bytes.Repeat([]byte("\xff\xf4\xff\xf2ABOR\r\n"), 1000))
	}()
	for range 1000 {
		d.expect("226 ")
	}
}

func thirdParties(t *testing.T, s *server) {
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("PORT 192,0,2,1,200,1", "501 Server cannot accept argument.")
	d.say("EPRT |1|192.0.2.1|51201|", "501 Server cannot accept argument.")
	d.say("EPRT |2|2001:db8::1|51201|", "501 Server cannot accept argument.")
	d.say("PORT 127,0,0,1,0,25", "200 ") // a service's port: accepted, never connected to
	d.say("LIST", "150 ")
	d.expect("425 ")
	// A stranger at the passive port gets nothing; the client still does.
	reply := d.say("EPSV", "229 ")
	var port int
	if _, err := fmt.Sscanf(reply, "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		t.Fatal(err)
	}
	thief := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.2.1")}, Timeout: 5 * time.Second}
	if c, err := thief.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		defer c.Close()
		closedWithin(t, c, 5*time.Second)
	}
	mine, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	d.say("RETR computer.txt", "1")
	if data, err := io.ReadAll(mine); err != nil || len(data) == 0 {
		t.Errorf("the client got %d bytes, %v", len(data), err)
	}
	d.expect("226 ")
}

// leaving goes away five hundred times in each phase of a session and of a
// transfer.
func leaving(t *testing.T, s *server) {
	const times, atOnce = 500, 8
	writeFile(t, filepath.Join(content(s.home), "big.bin"), make([]byte, 8*mebibyte))
	anonymous, ann := "USER anonymous\r\nPASS x\r\n", "USER user2\r\nPASS "+password("user2")+"\r\n"
	login(t, "127.0.0.1", s.port, "user2") // the others are remembered
	for _, phase := range []struct {
		name, login, say string
		dial             bool
		then             func(a *absent)
	}{
		{"waiting for a transfer", anonymous, "", false, nil},
		{"connected", anonymous, "", true, nil},
		{"amid a command", anonymous, "RETR big", true, nil},
		{"waited for to download", anonymous, "RETR big.bin\r\n", false, nil},
		{"waited for to upload", ann, "STOR leaving.bin\r\n", false, nil},
		{"amid a download", anonymous, "RETR big.bin\r\n", true, (*absent).receive},
		{"amid an upload", ann, "STOR leaving.bin\r\n", true, func(a *absent) { _, _ = a.data.Write(make([]byte, 100_000)) }},
		{"behind an upload", ann, "STOR leaving.bin\r\n", true, func(a *absent) { _ = a.data.Close() }},
		{"amid a listing", anonymous, "LIST\r\n", true, (*absent).receive},
		{"amid an abort", anonymous, "RETR big.bin\r\nABOR\r\n", true, nil},
		{"without the data connection", anonymous, "RETR big.bin\r\n", true, func(a *absent) { a.receive(); _ = a.data.Close() }},
		{"at an active connection", anonymous, "PORT 127,0,0,1,200,1\r\nLIST\r\n", false, nil},
	} {
		var clients sync.WaitGroup
		for range atOnce {
			clients.Go(func() {
				for i := range times/atOnce + 1 {
					a := begin(t, s, "127.0.0.1", phase.login)
					if phase.dial {
						a.dial()
					}
					a.write(phase.say)
					if phase.then != nil && a.err == nil {
						phase.then(a)
					}
					if a.leave(i%2 == 0); a.err != nil {
						t.Errorf("%s: %v", phase.name, a.err)
					}
				}
			})
		}
		clients.Wait()
	}
	for _, said := range []string{"", "USER user1\r\n", "USER user1\r\nPASS wrong\r\n", "USER anon"} {
		for i := range times / 10 {
			a := &absent{control: raw(t, s, "127.0.0.1")}
			a.write(said)
			a.leave(i%2 == 0)
		}
	}
}
