//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// place is what a server is started for: where it listens, what it serves,
// and a folder of its own for its configuration and logs.
type place struct {
	port    int
	content string // the folder the account sees as /
	dir     string
	uid     int // owner of the content; servers without users of their own run as it

	certificate *certificate // nil: clear text
	pem         string       // the file it is in, with its key; empty: clear text
}

// kind is one server program: how a place becomes a command.
type kind struct {
	name    string
	forks   bool          // has processes for each session
	version func() string // empty: nothing to say
	command func(place) (*exec.Cmd, error)
}

// server is a running server.
type server struct {
	kind
	place
	user    string // the name USER sends
	orphans *orphans
	cmd     *exec.Cmd
	done    chan struct{}
	talk    bytes.Buffer // what it printed; read after done only
}

func (s *server) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(s.port))
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// start runs a server in a new folder below dir and waits until it listens.
// With core >= 0 the server may use that core only.
func start(k kind, dir string, p place, core int, o *orphans) (_ *server, err error) {
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp(dir, k.name); err != nil {
		return nil, err
	}
	if err := p.own(p.dir); err != nil {
		return nil, err
	}
	if p.certificate != nil {
		if p.pem, err = p.write("bench.pem", p.certificate.pem, 0o600); err != nil {
			return nil, err
		}
	}
	cmd, err := k.command(p)
	if err == nil && p.certificate != nil {
		err = p.sameCipher(cmd)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	s := &server{kind: k, place: p, user: user, orphans: o, cmd: cmd, done: make(chan struct{})}
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &s.talk, &s.talk
	if err := startOn(cmd, core); err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	o.servers[s.pid()] = true
	go func() {
		defer close(s.done)
		_ = cmd.Wait()
	}()
	if err := s.listening(); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%s", k.name, err, s.complaints())
	}
	return s, nil
}

// startOn starts a command on one core, which it and its children inherit and
// a Go program takes for all there are; core < 0 is no restriction.
func startOn(cmd *exec.Cmd, core int) error {
	if core < 0 {
		return cmd.Start()
	}
	release, err := onCore(core)
	if err != nil {
		return err
	}
	defer release()
	return cmd.Start()
}

// own hands a file to the account that serves the content.
func (p place) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, p.uid, p.uid)
}

// asOwner makes a command run as the owner of the content.
func (p place) asOwner(cmd *exec.Cmd) *exec.Cmd {
	if os.Geteuid() == 0 {
		id := uint32(p.uid)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	return cmd
}

// write puts a file into the server's own folder.
func (p place) write(name, text string, mode os.FileMode) (string, error) {
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		return "", err
	}
	return path, p.own(path)
}

// ifTLS is text that a configuration has only with TLS.
func (p place) ifTLS(format string, args ...any) string {
	if p.certificate == nil {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// sameCipher has a program with OpenSSL use the cipher that Go prefers.
func (p place) sameCipher(cmd *exec.Cmd) error {
	config, err := p.write("openssl.cnf", opensslConfig, 0o644)
	cmd.Env = append(cmd.Environ(), "OPENSSL_CONF="+config)
	return err
}

const opensslConfig = `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
Ciphersuites = TLS_AES_128_GCM_SHA256
`

// listening waits until the server greets, at most 60 s: ten thousand sites
// take a moment.
func (s *server) listening() error {
	for range 1200 {
		select {
		case <-s.done:
			return fmt.Errorf("it ended at once: %v", s.cmd.ProcessState)
		case <-time.After(50 * time.Millisecond):
		}
		if c, err := dial(s.addr()); err == nil {
			c.close(false)
			return nil
		}
	}
	return fmt.Errorf("it does not listen on port %d", s.port)
}

// stop ends the server and whatever it left behind.
func (s *server) stop() {
	left := tree(s.pid())
	defer delete(s.orphans.servers, s.pid())
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(2 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	for range 200 {
		if !s.orphans.kill(left) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends the server and its workers at once; stop is still to be called.
func (s *server) kill() {
	for _, p := range tree(s.pid()) {
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
}

// orphans are workers whose parent ended before them: they become children of
// this program, and their CPU time is their server's all the same. Servers
// take turns, so what orphans used during a run is of the server that ran.
type orphans struct {
	servers map[int]bool // children that are no orphans: the servers themselves
	reaped  time.Duration
}

// adopt makes this program the parent of orphans. 36 is PR_SET_CHILD_SUBREAPER.
func adopt() *orphans {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, 36, 1, 0)
	return &orphans{servers: map[int]bool{}}
}

// cpuTime is the CPU time of all orphans there have been; it reaps those that
// ended.
func (o *orphans) cpuTime() time.Duration {
	var living time.Duration
	for _, p := range processes() {
		if p.parent != os.Getpid() || o.servers[p.pid] {
			continue
		}
		var used syscall.Rusage
		if pid, _ := syscall.Wait4(p.pid, nil, syscall.WNOHANG, &used); pid == p.pid {
			o.reaped += time.Duration(used.Utime.Nano() + used.Stime.Nano())
		} else {
			living += processClock(p.pid) + p.reaped
		}
	}
	return o.reaped + living
}

// kill ends the orphans among the given processes; false when there are none.
func (o *orphans) kill(left []process) bool {
	found := false
	for _, p := range left {
		now, ok := readProcess("/proc/" + strconv.Itoa(p.pid))
		if ok && now.parent == os.Getpid() && !o.servers[p.pid] {
			found = true
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	o.cpuTime()
	return found
}

// complaints is what an ended server printed, and its small log files.
func (s *server) complaints() string {
	text := s.talk.String()
	logs, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
	for _, name := range logs {
		if data, err := os.ReadFile(name); err == nil && len(data) < 4096 {
			text += string(data)
		}
	}
	return text
}

// freePort asks the system for a port nobody uses.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
