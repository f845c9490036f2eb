package admin

import (
	"net"
	"testing"
	"testing/synctest"
)

// crowd is a listener at which there is always somebody.
type crowd struct{ out chan net.Conn }

func (c *crowd) Accept() (net.Conn, error) {
	here, there := net.Pipe()
	c.out <- there
	return here, nil
}

func (*crowd) Close() error   { return nil }
func (*crowd) Addr() net.Addr { return &net.TCPAddr{} }

func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{out: make(chan net.Conn, 10*maxConnections)}
		l := limited(c)
		let := make(chan net.Conn, 10*maxConnections)
		go func() {
			defer close(let)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				let <- conn
			}
		}()
		in := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := len(c.out); got != want {
				t.Errorf("%d have come in, want %d", got, want)
			}
		}
		in(maxConnections)
		first := <-let
		for range 2 { // one place, however often it is given back
			first.Close()
		}
		in(maxConnections + 1)
		l.Close()
		in(maxConnections + 1)
		for conn := range let {
			conn.Close()
		}
		for range len(c.out) {
			(<-c.out).Close()
		}
	})
}
