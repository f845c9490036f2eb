//go:build unix

package admin_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
)

// again opens another door for the same host at a path.
func (i *inn) again(path string) (*admin.Server, error) {
	return admin.Listen(admin.Options{Host: i.host, Home: i.home.Dir, Socket: path})
}

// shut closes a door that was opened for a moment.
func shut(t *testing.T, s *admin.Server) {
	t.Helper()
	ended, end := context.WithCancel(context.Background())
	end()
	if err := s.Run(ended); err != nil {
		t.Error(err)
	}
}

func TestSocketIsItsOwnersAlone(t *testing.T) {
	i := open(t, "")
	info, err := os.Lstat(i.socket)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	entries, err := filepath.Glob(filepath.Join(i.home.Dir, ".f*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("the way the socket was made is left: %v, %v", entries, err)
	}
}

func TestSocketsThatCannotBe(t *testing.T) {
	i := open(t, "")
	plain := filepath.Join(i.home.Dir, "plain")
	i.write(plain, "precious")
	for path, words := range map[string][]string{
		i.socket:                               {"another ftphost serves this home", i.socket, "stop it first"},
		plain:                                  {plain, "is in the place of the admin socket", "move it away"},
		i.home.Dir:                             {"is in the place of the admin socket"},
		filepath.Join(plain, "s"):              {plain},
		filepath.Join(i.home.Dir, "none", "s"): {"no such file", "ftpHost/admin/@socket"},
	} {
		s, err := i.again(path)
		if err == nil {
			shut(t, s)
			t.Errorf("%s is opened", path)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nhas no %q", path, err, w)
			}
		}
	}
	if data, err := os.ReadFile(plain); err != nil || string(data) != "precious" {
		t.Errorf("the plain file: %q, %v", data, err)
	}
	i.expect("GET", "/health/live", "", 200) // the first one was not disturbed
}

// On Linux there is another way to a socket whose path is too long for others.
func TestLongPathOfSocket(t *testing.T) {
	i := open(t, "")
	path := filepath.Join(i.home.Dir, strings.Repeat("d", 100), "s")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := api.NewClient(i.home.Dir, path).Status(t.Context())
	s, failed := i.again(path)
	if runtime.GOOS != "linux" {
		if failed == nil || !strings.Contains(failed.Error(), "longer than the 103 bytes") {
			t.Errorf("%v", failed)
		}
		return
	}
	if failed != nil || !errors.Is(err, api.ErrNotRunning) || !strings.Contains(err.Error(), path) {
		t.Fatalf("%v, %v", err, failed)
	}
	if s2, err := i.again(path); !errors.Is(err, admin.ErrTaken) {
		t.Errorf("%v, %v", s2, err)
	}
	shut(t, s)
}

func TestAbandonedSocketIsReplaced(t *testing.T) {
	i := open(t, "")
	path := filepath.Join(i.home.Dir, "old")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close() // as a process that was killed leaves it
	client := api.NewClient(i.home.Dir, path)
	if _, err := client.Status(t.Context()); !errors.Is(err, api.ErrNotRunning) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	s, err := i.again(path)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else's socket that has come into its place stays there.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	shut(t, s)
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket of another one is gone: %v", err)
	}
}

func TestAnotherHomeIsRefused(t *testing.T) {
	i := open(t, "")
	status, answer := i.ask("GET", "/api/status", "", api.HomeHeader, "/srv/other")
	if status != 421 || !strings.Contains(answer, "this ftphost serves "+i.home.Dir+", not /srv/other") {
		t.Errorf("%d %s", status, answer)
	}
	// The second socket is asked when nobody is at the first.
	none := filepath.Join(i.home.Dir, "none")
	client := api.NewClient("/srv/other", none, i.socket)
	if _, err := client.Status(t.Context()); !errors.Is(err, api.ErrNotRunning) || !strings.Contains(err.Error(), "serves "+i.home.Dir) {
		t.Errorf("%v", err)
	}
	if _, err := api.NewClient(i.home.Dir, none, i.socket).Status(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := api.NewClient(i.home.Dir, none, none+"2").Status(t.Context()); !errors.Is(err, api.ErrNotRunning) || !strings.Contains(err.Error(), none+" or "+none+"2") {
		t.Errorf("%v", err)
	}
}

func TestClientSaysWhatWasRefused(t *testing.T) {
	i := open(t, "")
	_, err := i.client.SetSite(t.Context(), "a/b & c", api.Stopped)
	var f *api.Failure
	if !errors.As(err, &f) || f.Status != 404 || !strings.Contains(err.Error(), `"a/b & c": there is no such ftp site`) {
		t.Errorf("%v", err)
	}
	if err := i.client.RemoveBan(t.Context(), "2001:db8::/64"); err == nil || !strings.Contains(err.Error(), "2001:db8::/64 is not blocked") {
		t.Errorf("%v", err)
	}
	if err := errors.Join(i.client.FlushLogs(t.Context()), i.client.FlushCredentials(t.Context())); err != nil {
		t.Error(err)
	}
}

// A program at the socket that is no ftphost, or a much older one.
func TestClientDoesNotUnderstand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answers := []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "220 FTP\r\n"}
	go func() {
		for _, a := range answers {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte(a))
			c.Close()
		}
	}()
	for _, want := range []string{"is not understood; is it another version?", "answers 502 Bad Gateway", "asking the server at " + path} {
		if _, err := api.NewClient("/x", path).Status(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
