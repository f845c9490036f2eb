//go:build linux

// Command bench compares ftphost with other FTP servers on this machine: it
// starts all of them, lets them do the same work in turn, and prints the CPU
// time each needed. docs/performance.md says how and what came out.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	rounds   int
	scenario string
	peers    string
	quick    bool
	size     float64
	markdown string
	timeout  time.Duration
	verbose  bool
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == limitWord {
		exit(runLimit(os.Args[2:]))
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "measured rounds of each scenario")
	flag.StringVar(&o.scenario, "scenario", "", "measure only the scenarios whose name matches this regular expression")
	flag.StringVar(&o.peers, "peers", allServers, "servers to start, separated by commas")
	flag.BoolVar(&o.quick, "quick", false, "small sizes: tells whether it works, not how fast anything is")
	flag.Float64Var(&o.size, "size", 1, "part of the full sizes, above 0, for a shorter run")
	flag.StringVar(&o.markdown, "markdown", "", "write the Markdown tables to this file (default: print them)")
	flag.DurationVar(&o.timeout, "timeout", 2*time.Hour, "give up after this time")
	flag.BoolVar(&o.verbose, "v", false, "print every run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	exit(run(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures what the options ask for. Nothing it started or wrote is left
// when it returns, except what it built in bin/bench.
func run(ctx context.Context, o options, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := openFiles(); err != nil {
		return err
	}
	chosen, err := choose(o.scenario)
	if err != nil {
		return err
	}
	l, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	if o.verbose {
		l.talk = out
	}
	defer l.remove()
	if err := l.fill(chosen); err != nil {
		return err
	}
	var all []outcome
	for _, sc := range chosen {
		result := l.measure(ctx, sc)
		if ctx.Err() != nil { // what was measured before is still printed
			err = fmt.Errorf("stopped during %q: %w", sc.name, ctx.Err())
			break
		}
		writeText(out, result)
		all = append(all, result)
	}
	var text bytes.Buffer
	writeMarkdown(&text, l, all)
	if o.markdown != "" {
		err = errors.Join(err, os.WriteFile(o.markdown, text.Bytes(), 0o644))
	} else {
		fmt.Fprintf(out, "\n%s", text.Bytes())
	}
	return errors.Join(err, problems(all))
}

func choose(expression string) ([]scenario, error) {
	match, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("-scenario: %w", err)
	}
	chosen := slices.DeleteFunc(scenarios(), func(s scenario) bool { return !match.MatchString(s.name) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("-scenario %q matches none", expression)
	}
	return chosen, nil
}

const allServers = ours + ",vsftpd,proftpd,pure-ftpd,pyftpdlib,ftpserverlib"

// newLab builds and unpacks the servers and makes an empty folder in memory.
func newLab(ctx context.Context, o options) (*lab, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, err
	}
	tools := filepath.Join(root, "bin", "bench")
	l := &lab{self: self, rounds: o.rounds, orphans: adopt(), sizes: fullSizes().scaled(o.size), size: o.size, uid: os.Geteuid(), load: strings.Join(strings.Fields(string(load))[:3], " "), talk: io.Discard}
	if o.quick {
		l.size, l.sizes = 0, quickSizes()
	}
	if l.uid == 0 {
		l.uid = 65534 // nobody owns the content: a server need not be root for it
	}
	if l.certificate, err = newCertificate(); err != nil {
		return nil, err
	}
	if err := l.servers(ctx, root, tools, strings.Split(o.peers, ",")); err != nil {
		return nil, err
	}
	parent := "/dev/shm"
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		parent = os.TempDir()
	}
	if l.dir, err = os.MkdirTemp(parent, tempName()); err != nil {
		return nil, err
	}
	return l, os.Chmod(l.dir, 0o755)
}

// servers fills in the kinds by name.
func (l *lab) servers(ctx context.Context, root, tools string, names []string) error {
	binary := filepath.Join(tools, "ftphost")
	version, _ := exec.CommandContext(ctx, "git", "-C", root, "describe", "--tags", "--always", "--dirty").Output()
	unpacked := debs(filepath.Join(tools, "debian"))
	library := filepath.Join(tools, "ftpserverlib")
	known := map[string]kind{
		ours: ftphost(binary, ours, 1), "ftpserverlib": ftpserverlib(library),
		"vsftpd": unpacked.vsftpd(), "proftpd": unpacked.proftpd(), "pure-ftpd": unpacked.pureftpd(), "pyftpdlib": unpacked.pyftpdlib(),
	}
	for _, name := range names {
		k, ok := known[name]
		if !ok {
			return fmt.Errorf("-peers: no server is called %q; there are %s", name, allServers)
		}
		l.peers = append(l.peers, k)
		var err error
		switch name {
		case ours:
			err = build(ctx, root, binary, "./cmd/ftphost", "-X main.version="+strings.TrimSpace(string(version)))
			l.many = []kind{ftphost(binary, oneSite, 1), ftphost(binary, ours, l.sizes.sites)}
		case "ftpserverlib":
			err = build(ctx, filepath.Join(root, "bench", "peers", "ftpserverlib"), library, ".", "")
		default:
			err = command(ctx, root, filepath.Join(root, "bench", "peers", "install.sh"), string(unpacked))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// fill makes the content that scenarios use.
func (l *lab) fill(chosen []scenario) (err error) {
	var parts part
	for _, sc := range chosen {
		parts |= sc.uses
	}
	disk, err := os.MkdirTemp("", tempName())
	if err != nil {
		return err
	}
	memory := filepath.Join(l.dir, "content")
	l.content = &content{disk: disk} // so that remove finds it
	if err := errors.Join(os.Mkdir(memory, 0o755), os.Chmod(disk, 0o755)); err != nil {
		return err
	}
	l.content, err = makeContent(memory, disk, l.uid, l.sizes, parts)
	return err
}

// tempName says whose a temporary folder is.
func tempName() string { return fmt.Sprintf("ftphost-bench-%d-", os.Getpid()) }

func (l *lab) remove() {
	if l.content != nil {
		_ = os.RemoveAll(l.content.disk)
	}
	_ = os.RemoveAll(l.dir)
}

// build makes a binary with its symbols, so that perf can name functions.
func build(ctx context.Context, dir, binary, pkg, flags string) error {
	return command(ctx, dir, "go", "build", "-trimpath", "-ldflags", flags, "-o", binary, pkg)
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with what it started
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// moduleRoot is the folder of the go.mod above the current folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = errors.New("run this inside the source tree of ftphost")
	}
	return "", err
}
