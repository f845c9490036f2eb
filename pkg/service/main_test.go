//go:build unix

package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/service"
)

// generation makes the test binary a service whose greeting it is.
const generation = "SERVICE_TEST_GENERATION"

// patience is how long things may take on a busy machine.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if name := os.Getenv(generation); name != "" {
		if err := serve(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serve is a service as ftphost is one: it takes the socket of its address, or
// opens it, leaves it with the manager, and greets clients until it is stopped.
func serve(name string) error {
	address := netip.MustParseAddrPort(os.Getenv("SERVICE_TEST_ADDRESS"))
	return service.Run(context.Background(), "test", func(ctx context.Context, s *service.Supervisor, reloads <-chan os.Signal, doubt error) error {
		for _, variable := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
			if value, set := os.LookupEnv(variable); set {
				return fmt.Errorf("%s=%s is left in the environment", variable, value)
			}
		}
		had := strings.Join(s.Inherited().Names(), ",")
		how := "took"
		l := s.Inherited().Take("tcp4", address.Addr(), address.Port())
		if l == nil {
			how = "opened"
			var err error
			if l, err = net.Listen("tcp4", address.String()); err != nil {
				return err
			}
		}
		closed, err := s.Inherited().CloseRest()
		if err = errors.Join(doubt, err, unseen()); err != nil {
			how += " error: " + strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		if err := errors.Join(s.Store(service.SocketName(l.Addr()), l), s.Ready(fmt.Sprintf("%s of %s closed %s", how, had, strings.Join(closed, ",")))); err != nil {
			return err
		}
		go func() {
			<-reloads
			_ = s.Reloading()
			_ = s.Ready("reloaded")
		}()
		for {
			conn, err := l.Accept()
			if err != nil {
				return err
			}
			fmt.Fprintln(conn, name)
			_ = conn.Close()
		}
	})
}

// unseen makes sure that a child of the service gets no socket.
func unseen() error {
	out, err := exec.Command("sh", "-c", "ls -l /proc/self/fd").CombinedOutput()
	if err == nil && strings.Contains(string(out), "-> socket:") {
		return fmt.Errorf("a child sees %s", out)
	}
	return nil
}

// manager is what systemd is to a service: it hears what it is told and keeps
// sockets.
type manager struct {
	socket string
	conn   *net.UnixConn

	mu     sync.Mutex
	heard  []string
	stored map[string][]*os.File
	news   chan struct{}
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{socket: filepath.Join(t.TempDir(), "notify"), stored: map[string][]*os.File{}, news: make(chan struct{}, 1000)}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m.conn = conn
	done := make(chan struct{})
	go func() { defer close(done); m.listen() }()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
		for name := range m.stored {
			m.drop(name)
		}
	})
	return m
}

func (m *manager) listen() {
	text, rights := make([]byte, 4096), make([]byte, 4096)
	for {
		n, nr, _, _, err := m.conn.ReadMsgUnix(text, rights)
		if err != nil {
			return
		}
		m.take(string(text[:n]), rights[:nr])
	}
}

func (m *manager) take(text string, rights []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(line, "=")
		values[key] = value
	}
	messages, _ := syscall.ParseSocketControlMessage(rights)
	for _, message := range messages {
		fds, _ := syscall.ParseUnixRights(&message)
		for _, fd := range fds {
			if values["BARRIER"] == "1" {
				_ = syscall.Close(fd)
				continue
			}
			m.stored[values["FDNAME"]] = append(m.stored[values["FDNAME"]], os.NewFile(uintptr(fd), values["FDNAME"]))
		}
	}
	if values["FDSTOREREMOVE"] == "1" {
		m.drop(values["FDNAME"])
	}
	m.heard = append(m.heard, text)
	m.news <- struct{}{}
}

func (m *manager) drop(name string) {
	for _, f := range m.stored[name] {
		_ = f.Close()
	}
	delete(m.stored, name)
}

// hear waits for a message that contains text, and returns it.
func (m *manager) hear(t *testing.T, text string) string {
	t.Helper()
	late := time.After(patience)
	for {
		m.mu.Lock()
		for _, heard := range m.heard {
			if strings.Contains(heard, text) {
				m.mu.Unlock()
				return heard
			}
		}
		m.mu.Unlock()
		select {
		case <-m.news:
		case <-late:
			t.Fatalf("nothing like %q was heard, only %q", text, m.heard)
		}
	}
}

// forgetHeard begins a new conversation.
func (m *manager) forgetHeard() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = nil
}

// start starts a generation of the service with what is stored and the files
// given, as systemd does: from descriptor 3 on.
func (m *manager) start(t *testing.T, name, address string, more ...*os.File) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	var names []string
	for range more {
		names = append(names, "test.socket") // as a socket unit names its sockets
	}
	m.mu.Lock()
	for stored, files := range m.stored {
		for _, f := range files {
			more, names = append(more, f), append(names, stored)
		}
	}
	m.mu.Unlock()
	cmd.ExtraFiles = more
	cmd.Env = append(os.Environ(), generation+"="+name, "SERVICE_TEST_ADDRESS="+address, "NOTIFY_SOCKET="+m.socket, "WATCHDOG_USEC=60000000",
		"LISTEN_FDS="+strconv.Itoa(len(more)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(cmd) })
	return cmd
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// greeting is the first line that a connection gets.
func greeting(t *testing.T, conn net.Conn) string {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Errorf("no greeting: %v", err)
	}
	return strings.TrimSpace(line)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
