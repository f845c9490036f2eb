package ftpserver_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dial connects to the port in a reply; nil when nobody listens any more.
func (c *fuzzClient) dial(reply string) net.Conn {
	port := fuzzPassive(reply)
	if port == 0 {
		c.Errorf("no port in %q", reply)
		return nil
	}
	conn, err := c.running.target.DialData(c.Context(), netip.AddrPortFrom(c.running.address.Addr(), port))
	if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
		c.Error(err)
	}
	return conn
}

// accept begins to take active connections where fuzzPort says, for a minute.
func (c *fuzzClient) accept() {
	l, err := c.running.network.Listen("tcp", netip.AddrPortFrom(c.running.client, fuzzPortNumber).String())
	if err != nil {
		c.Fatal(err)
	}
	stop := time.AfterFunc(time.Minute, func() { _ = l.Close() })
	c.work.Go(func() {
		defer stop.Stop()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.useData(conn)
		}
	})
}

// useData is what a client does with a data connection.
func (c *fuzzClient) useData(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if c.manner&uploads != 0 {
		_, _ = conn.Write([]byte(strings.Repeat("upload\r\n", 100)))
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}
	if data, _ := io.ReadAll(conn); strings.Contains(string(data), canary) {
		c.Errorf("a file outside the site was sent: %.100q", data)
	}
}

// fuzzOutside makes the files that the client may try to reach, if they are
// not there, and tells all that is in the home but not in a site's folder.
func fuzzOutside(t *testing.T, r *running) string {
	home := filepath.Dir(r.logDir)
	content := filepath.Join(home, "content")
	if outside := filepath.Join(home, "outside"); !fuzzExists(outside) {
		for _, err := range []error{
			os.Mkdir(outside, 0o700), os.WriteFile(filepath.Join(outside, "canary"), []byte(canary), 0o600),
			os.Symlink("../outside", filepath.Join(content, "link")), os.WriteFile(filepath.Join(content, "big.bin"), nil, 0o600),
			os.Truncate(filepath.Join(content, "big.bin"), 1<<20),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var all strings.Builder
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == content || path == r.logDir {
			return filepath.SkipDir
		}
		all.WriteString(strings.TrimPrefix(path, home) + "\n")
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // in the folder of the test
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func fuzzExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
