//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// The passive range of testdata/scenario.config, before the offset.
const (
	passiveLow  = 5000
	passiveHigh = 6000
)

// users of the scenario; each password is made for the test run.
var users = []string{"user1", "user2", "user3", "user4"}

// firstHome makes one home for all tests to copy, at its first call.
var firstHome func() (string, error)

func password(user string) string { return "pw of " + user + "!" }

// newHome is what `ftphost init` creates, with known passwords for the four
// users; applicationHost.config is the named one of testdata (empty: keeps the
// sample).
func newHome(t *testing.T, config string) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	made, err := firstHome()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(home, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
	if config != "" {
		configure(t, home, config)
	}
	return home
}

// makeHome creates the home that newHome copies.
func makeHome(dir string) (home string, err error) {
	home = filepath.Join(dir, "home")
	run := func(stdin string, args ...string) {
		cmd := exec.Command(binary, args...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, failed := cmd.CombinedOutput(); failed != nil {
			err = errors.Join(err, fmt.Errorf("ftphost %q: %w\n%s", args, failed, out))
		}
	}
	run("", "init", home)
	for _, u := range users {
		run(password(u)+"\n", "user", "passwd", u, "--password-stdin", "--home", home)
	}
	return home, err
}

// configure writes HOME/applicationHost.config from testdata/NAME.config
// with HOME replaced by the folder, then applies the old, new pairs.
func configure(t *testing.T, home, name string, replace ...string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".config"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "HOME", home)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%s.config does not contain %q", name, replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	writeFile(t, filepath.Join(home, "applicationHost.config"), []byte(text))
}

// content is the folder of site ftpsite01.com in a home made by init.
func content(home string) string {
	return filepath.Join(home, "drives", "c", "sites", "ftpsite01.com")
}

// ftphost runs the binary to its end; anything but exit status 0 fails.
func ftphost(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, talk, code := command(t, stdin, args...)
	if code != 0 {
		t.Fatalf("ftphost %s: exit status %d\n%s%s", strings.Join(args, " "), code, out, talk)
	}
	return out
}

// command runs the binary and returns stdout, stderr and the exit status.
func command(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return program(t, stdin, binary, args...)
}

// limit is how long a program may run.
func limit() time.Duration {
	if os.Getenv("FTPHOST_GIBIBYTE") != "" {
		return 5 * time.Minute
	}
	return time.Minute
}

// program runs any program to its end.
func program(t *testing.T, stdin, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return programWithin(t, limit(), stdin, name, args...)
}

// programWithin runs a program that may take that long.
func programWithin(t *testing.T, limit time.Duration, stdin, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, talk bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &talk
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

// server is one running `ftphost serve`.
type server struct {
	home   string
	offset int
	port   int // the control port of a binding to port 21, or to what was asked for
	cmd    *exec.Cmd
	talk   *ftptest.Log
	done   chan struct{}
}

// serve starts the binary on free ports and waits until it listens. The test
// stops it at its end when nobody did before.
func serve(t *testing.T, home string) *server {
	t.Helper()
	return serveOn(t, home, 21)
}

// serveOn is serve for clients of a binding to another port, before the offset.
func serveOn(t *testing.T, home string, port int) *server {
	t.Helper()
	s := launch(t, home)
	s.port = s.offset + port
	s.awaitListening(t)
	return s
}

// awaitListening waits until the server listens.
func (s *server) awaitListening(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !listening(s.port) {
		select {
		case <-s.done:
			t.Fatalf("serve ended: %v\n%s", s.cmd.ProcessState, s.talk)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("serve does not listen on port %d\n%s", s.port, s.talk)
		}
	}
}

// launch starts the binary on free ports without waiting.
func launch(t *testing.T, home string) *server {
	t.Helper()
	return launchAs(t, home)
}

// launchAs is launch with the command that runs the binary: one that becomes
// it, so that the process is the server's.
func launchAs(t *testing.T, home string, run ...string) *server {
	t.Helper()
	offset := freeOffset(t)
	s := &server{home: home, offset: offset, port: 21 + offset, talk: &ftptest.Log{}, done: make(chan struct{})}
	run = append(run, binary, "serve", "--home", home, "--port-offset", strconv.Itoa(offset))
	s.cmd = exec.Command(run[0], run[1:]...)
	s.begin(t)
	return s
}

// begin starts the process, which ends with the test when nobody stopped it.
func (s *server) begin(t *testing.T) {
	t.Helper()
	s.cmd.Stdout, s.cmd.Stderr = s.talk, s.talk
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		select {
		case <-s.done:
		default:
			s.stop(t)
		}
		if t.Failed() {
			t.Logf("serve said:\n%s", s.talk)
		}
	})
}

// stop sends SIGTERM and expects a clean end in time.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	s.ended(t, 15*time.Second)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("serve ended with %v after SIGTERM", s.cmd.ProcessState)
	}
}

// ended waits for the end of the process and kills it when it does not come.
func (s *server) ended(t *testing.T, limit time.Duration) {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(limit):
		_ = s.cmd.Process.Kill()
		<-s.done
		t.Errorf("serve did not end within %v", limit)
	}
}

// freeOffset finds a port offset at which the control ports, the active
// source ports and the passive range are free.
func freeOffset(t *testing.T) int {
	t.Helper()
	for range 50 {
		offset := 10000 + rand.IntN(16000) // 6000+offset stays below the ephemeral ports
		free := true
		for _, p := range []int{20, 21, 989, 990, 2121, passiveLow, passiveLow + 1, passiveHigh} {
			free = free && bindable(p+offset)
		}
		if free {
			return offset
		}
	}
	t.Fatal("no free ports")
	return 0
}

func bindable(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// listening reports whether somebody accepts on a port, over IPv4 or IPv6.
func listening(port int) bool {
	for _, l := range loopback {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(l.host, strconv.Itoa(port)), time.Second)
		if err == nil {
			return c.Close() == nil
		}
	}
	return false
}

// control is the control port as text.
func (s *server) control() string { return strconv.Itoa(s.port) }
