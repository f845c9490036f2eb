package service_test

import (
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ftphost/ftphost/pkg/service"
)

// TestTake: a socket fits exactly what net.Listen would have made, neither
// wider nor narrower.
func TestTake(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sockets are handed over on Windows")
	}
	all, four, six := netip.Addr{}, netip.IPv4Unspecified(), netip.IPv6Unspecified()
	local4, local6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
	kinds := []struct {
		network string
		addr    netip.Addr
		listen  string
	}{
		{"tcp", all, ":0"}, {"tcp4", four, "0.0.0.0:0"}, {"tcp6", six, "[::]:0"}, {"tcp4", local4, "127.0.0.1:0"}, {"tcp6", local6, "[::1]:0"},
	}
	for i, had := range kinds {
		for j, wanted := range kinds {
			l, err := net.Listen(had.network, had.listen)
			if err != nil {
				t.Fatal(err)
			}
			port := l.Addr().(*net.TCPAddr).AddrPort().Port()
			s := service.SocketsOf(l)
			if got := s.Take(wanted.network, wanted.addr, port+1); got != nil {
				t.Errorf("%v is taken for another port", l.Addr())
			}
			got := s.Take(wanted.network, wanted.addr, port)
			if (got != nil) != (i == j) {
				t.Errorf("%s %s was opened, %s %v wanted: taken %v", had.network, had.listen, wanted.network, wanted.addr, got != nil)
			}
			if again := s.Take(wanted.network, wanted.addr, port); again != nil {
				t.Error("taken twice")
			}
			if _, err := s.CloseRest(); err != nil {
				t.Error(err)
			}
			l.Close()
		}
	}
}

func TestTakeUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := service.SocketsOf(l)
	if s.TakeUnix(path+"x") != nil || s.Take("tcp", netip.Addr{}, 0) != nil || s.TakeUnix(path) == nil || s.TakeUnix(path) != nil {
		t.Error("a socket of a path is taken once, for its path")
	}
}
