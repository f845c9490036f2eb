//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// manager is what systemd is to a service: it hears what the service says, and
// keeps the sockets it leaves.
type manager struct {
	path string
	conn *net.UnixConn

	mu     sync.Mutex
	heard  []string
	stored map[string]*os.File
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") // a short path
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{path: filepath.Join(dir, "notify"), stored: map[string]*os.File{}}
	if m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		text, rights := make([]byte, 4096), make([]byte, 4096)
		for {
			n, nr, _, _, err := m.conn.ReadMsgUnix(text, rights)
			if err != nil {
				return
			}
			m.hear(string(text[:n]), rights[:nr])
		}
	}()
	t.Cleanup(func() {
		_ = m.conn.Close()
		<-done
		for _, f := range m.stored {
			_ = f.Close()
		}
		_ = os.RemoveAll(dir)
	})
	return m
}

func (m *manager) hear(text string, rights []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	said := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		said[key] = value
	}
	messages, _ := syscall.ParseSocketControlMessage(rights)
	for _, message := range messages {
		fds, _ := syscall.ParseUnixRights(&message)
		for _, fd := range fds {
			if said["BARRIER"] == "1" {
				_ = syscall.Close(fd)
				continue
			}
			m.stored[said["FDNAME"]] = os.NewFile(uintptr(fd), said["FDNAME"])
		}
	}
	if f := m.stored[said["FDNAME"]]; said["FDSTOREREMOVE"] == "1" && f != nil {
		_ = f.Close()
		delete(m.stored, said["FDNAME"])
	}
	m.heard = append(m.heard, text)
}

// count is how many messages begin with a text.
func (m *manager) count(text string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, heard := range m.heard {
		if strings.HasPrefix(heard, text) {
			n++
		}
	}
	return n
}

// await waits until a message that begins with text has come n times, and
// returns the last.
func (m *manager) await(t *testing.T, text string, n int) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); m.count(text) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come %d times; heard %q", text, n, m.heard)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	last := ""
	for _, heard := range m.heard {
		if strings.HasPrefix(heard, text) {
			last = heard
		}
	}
	return last
}

// start runs the next process of the service, with the sockets that are kept
// from descriptor 3 on.
func (m *manager) start(t *testing.T, home string, offset int) *server {
	t.Helper()
	m.mu.Lock()
	var names []string
	var files []*os.File
	for name, f := range m.stored {
		names, files = append(names, name), append(files, f)
	}
	m.mu.Unlock()
	s := &server{home: home, offset: offset, port: 21 + offset, talk: &ftptest.Log{}, done: make(chan struct{})}
	// The variable with the number of the process can only be set by the process.
	s.cmd = exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh", binary, "serve", "--home", home, "--port-offset", strconv.Itoa(offset))
	s.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=1000000",
		fmt.Sprintf("LISTEN_FDS=%d", len(files)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	s.cmd.ExtraFiles = files
	s.begin(t)
	return s
}

func (m *manager) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.stored {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A service manager hears when sites are served, waits for reloads good and
// bad, and passes sockets on: a transfer ends, and who connects meanwhile waits.
func TestServiceManager(t *testing.T) {
	home := newHome(t, "")
	want := bytes.Repeat([]byte("a line of a file that takes its time\n"), 300_000)
	writeFile(t, filepath.Join(content(home), "big.txt"), want)
	m := newManager(t)
	offset := freeOffset(t)
	first := m.start(t, home, offset)
	if said := m.await(t, "READY=1", 1); !strings.Contains(said, "STATUS=generation 1") {
		t.Errorf("ready, with %q", said)
	}
	m.await(t, "WATCHDOG=1", 2)
	low, high := fmt.Sprintf("tcp-%d", offset+21), fmt.Sprintf("tcp-%d", offset+990)
	if got := m.names(); !slices.Equal(got, []string{low, high}) {
		t.Errorf("sockets %q are kept, want %s and %s", got, low, high)
	}

	config := filepath.Join(home, "applicationHost.config")
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	reload := func(text, want string) {
		t.Helper()
		writeFile(t, config, []byte(text))
		ready := m.count("READY=1")
		if err := first.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if said := m.await(t, "READY=1", ready+1); !strings.Contains(said, want) {
			t.Errorf("ready again with %q, want %q", said, want)
		}
		m.await(t, "RELOADING=1\nMONOTONIC_USEC=", 1)
	}
	reload("<configuration>", "is refused")
	// A port that is served no more is not kept, either.
	reload(strings.NewReplacer("*:990:", "*:21:990.example").Replace(strings.Replace(string(good), `"*:990:ftpsite02.com"`, `"*:21:other.example"`, 1)), "sites: 2")
	if got := m.names(); !slices.Equal(got, []string{low}) {
		t.Errorf("sockets %q are kept, want %s", got, low)
	}
	reload(string(good), "sites: 2")

	transfer := login(t, "127.0.0.1", first.port, "user1")
	transfer.say("TYPE I", "200 ")
	data := transfer.passive()
	transfer.say("RETR big.txt", "1")
	part := make([]byte, 1000)
	if _, err := io.ReadFull(data, part); err != nil {
		t.Fatal(err)
	}
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.await(t, "STOPPING=1", 1)
	early, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", first.port))
	if err != nil {
		t.Fatalf("nobody may connect while the server stops: %v", err)
	}
	defer early.Close()
	rest, err := io.ReadAll(data)
	if err != nil || !bytes.Equal(append(part, rest...), want) {
		t.Errorf("the transfer brought %d bytes, %v", len(part)+len(rest), err)
	}
	transfer.expect("226 ")
	transfer.expect("421 ")
	first.ended(t, time.Minute)

	m.start(t, home, offset)
	if err := early.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	greeting := make([]byte, 4)
	if _, err := io.ReadFull(early, greeting); err != nil || string(greeting) != "220 " {
		t.Errorf("who waited while the server was restarted reads %q, %v", greeting, err)
	}
	m.await(t, "READY=1\nSTATUS=generation 1", 2)
}
