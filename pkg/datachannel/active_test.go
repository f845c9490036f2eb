package datachannel_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

var clientPort = netip.AddrPortFrom(ann, 40_000)

func TestActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		l, err := n.Listen("tcp", clientPort.String())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := datachannel.Dialer{SourcePort: 20, DialFrom: n.Dial}
		c := d.Dial(t.Context(), server, clientPort)
		synctest.Wait() // nobody has asked for it yet
		if !c.Ready() {
			t.Error("did not connect at once")
		}
		if want := netip.AddrPortFrom(server, 20); c.LocalAddr() != want {
			t.Errorf("LocalAddr() = %v", c.LocalAddr())
		}
		client, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := client.RemoteAddr().String(); got != "192.0.2.1:20" {
			t.Errorf("connection comes from %v", got)
		}
		if _, err := io.WriteString(client, ann.String()); err != nil {
			t.Fatal(err)
		}
		fetch(t, c, ann).Close()
		if c.Ready() {
			t.Error("ready though it was used")
		}
		if _, err := c.Conn(t.Context()); !errors.Is(err, datachannel.ErrUsed) {
			t.Errorf("second Conn: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestActiveRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := datachannel.Dialer{SourcePort: 20, DialFrom: ftptest.NewNetwork().Dial}
		c := d.Dial(t.Context(), server, clientPort)
		synctest.Wait()
		if c.Ready() {
			t.Error("ready without a connection")
		}
		if _, err := c.Conn(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("Conn: %v", err)
		}
		if c.LocalAddr() != netip.AddrPortFrom(server, 0) {
			t.Errorf("LocalAddr() = %v", c.LocalAddr())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestActiveNotFetchedIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ftptest.NewNetwork()
		l, err := n.Listen("tcp", clientPort.String())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := datachannel.Dialer{DialFrom: n.Dial}
		c := d.Dial(t.Context(), server, clientPort)
		client, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		isClosed(t, client)
		if conn, err := c.Conn(t.Context()); err == nil {
			t.Errorf("Conn after Close: %v", conn)
		}
	})
}

// silent is a network on which connecting takes forever.
func silent(ctx context.Context, _ string, _, _ netip.AddrPort) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestActiveGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(c *datachannel.Active, cancel context.CancelFunc) error
		want error
	}{
		{"caller's time is over", func(c *datachannel.Active, _ context.CancelFunc) error {
			short, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			_, err := c.Conn(short)
			return err
		}, context.DeadlineExceeded},
		{"session ends", func(c *datachannel.Active, cancel context.CancelFunc) error {
			cancel()
			_, err := c.Conn(context.Background())
			return err
		}, context.Canceled},
		{"nobody cares", func(c *datachannel.Active, _ context.CancelFunc) error {
			time.Sleep(10 * time.Minute)
			_, err := c.Conn(context.Background())
			return err
		}, context.DeadlineExceeded},
		{"closed", func(c *datachannel.Active, _ context.CancelFunc) error { return c.Close() }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				d := datachannel.Dialer{DialFrom: silent}
				c := d.Dial(ctx, server, clientPort)
				if c.Ready() {
					t.Error("ready")
				}
				if err := tt.end(c, cancel); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSourcePort(t *testing.T) {
	for _, tt := range []struct {
		name   string
		port   int
		refuse error
		want   []uint16 // tried, in order
	}{
		{"wanted", 20, nil, []uint16{20}},
		{"none", 0, nil, []uint16{0}},
		{"below none", -1, nil, []uint16{0}},
		{"too high", 65536, nil, []uint16{0}},
		{"no right", 20, syscall.EACCES, []uint16{20, 0}},
		{"taken", 20, syscall.EADDRINUSE, []uint16{20, 0}},
		{"in use for this peer", 20, syscall.EADDRNOTAVAIL, []uint16{20, 0}},
		{"peer refuses", 20, syscall.ECONNREFUSED, []uint16{20}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var tried []uint16
			d := datachannel.Dialer{SourcePort: tt.port, DialFrom: func(_ context.Context, _ string, local, _ netip.AddrPort) (net.Conn, error) {
				tried = append(tried, local.Port())
				if local.Port() != 0 && tt.refuse != nil {
					return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("bind", tt.refuse)}
				}
				conn, other := net.Pipe()
				_ = other.Close()
				return conn, nil
			}}
			c := d.Dial(t.Context(), server, clientPort)
			_, _ = c.Conn(t.Context())
			if len(tried) != len(tt.want) || tried[0] != tt.want[0] || tried[len(tried)-1] != tt.want[len(tt.want)-1] {
				t.Errorf("tried ports %v, want %v", tried, tt.want)
			}
		})
	}
}
