//go:build linux

package main

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// trial is one run of one scenario against one server, and what it measured.
type trial struct {
	server   *server
	scenario scenario
	sizes    sizes
	content  *content
	verify   bool    // look at every byte; the run does not count
	secure   *secure // nil: clear text

	start     time.Time
	before    time.Duration
	processes int

	cpu, wall    time.Duration
	memory       memory // at the end, sessions still open
	firstByte    time.Duration
	spread       float64 // slowest to fastest
	userMemory   float64 // bytes a session, when sessions were held
	kernelMemory float64 // likewise, both ends
}

// begin starts the count; sessions that are no part of the work are open.
func (t *trial) begin() {
	t.processes = len(tree(t.server.pid()))
	t.before = t.server.settledCPU()
	t.start = time.Now()
}

// end stops the count.
func (t *trial) end() {
	t.wall = time.Since(t.start)
	t.cpu = t.server.settledCPU() - t.before
	t.memory = treeMemory(t.server.pid())
}

// gone waits until the workers of closed sessions have ended, at most 30 s.
func (t *trial) gone() {
	for range 600 {
		if len(tree(t.server.pid())) <= t.processes {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.server.settledCPU()
}

// root is the folder that the account sees as /.
func (t *trial) root() string {
	if t.scenario.disk {
		return t.content.disk
	}
	return t.content.memory
}

func (t *trial) login() (*session, error) {
	return login(t.server.addr(), t.server.user, t.secure)
}

// dial connects to a physical limit.
func (t *trial) dial() (*wire, error) {
	c, err := dial(t.server.addr())
	if err == nil && t.secure != nil {
		if err = t.secure.start(c, t.secure.config(), &t.secure.control); err != nil {
			c.close(false)
		}
	}
	return c, err
}

func (t *trial) withSession(work func(*session) error) error {
	s, err := t.login()
	if err != nil {
		return err
	}
	if err := work(s); err != nil {
		s.close(false)
		return err
	}
	return s.quit()
}

// withSessions logs several clients in, counts while all work at once, and
// logs them out.
func (t *trial) withSessions(n int, work func(i int, s *session) error) error {
	open := make([]*session, 0, n)
	var err error
	for len(open) < n && err == nil {
		var s *session
		if s, err = t.login(); err == nil {
			open = append(open, s)
		}
	}
	if err == nil {
		t.begin()
		err = together(n, func(i int) error { return work(i, open[i]) })
		t.end()
	}
	for _, s := range open {
		if err != nil {
			s.close(false)
			continue
		}
		err = errors.Join(err, s.quit())
	}
	return err
}

// serverCore and clientCore are apart where a scenario pins both.
const (
	serverCore = 0
	clientCore = 1
)

// onCore keeps the calling goroutine, and what it starts, on one core until the
// returned function is called. A machine with one core has no other anyway.
func onCore(core int) (release func(), err error) {
	if runtime.NumCPU() == 1 {
		return func() {}, nil
	}
	runtime.LockOSThread()
	var all, single cores
	single[core/64] = 1 << (core % 64)
	if err = affinity(syscall.SYS_SCHED_GETAFFINITY, &all); err == nil {
		err = affinity(syscall.SYS_SCHED_SETAFFINITY, &single)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("using core %d alone: %w", core, err)
	}
	return func() {
		// A thread that cannot get its cores back ends with its goroutine.
		if affinity(syscall.SYS_SCHED_SETAFFINITY, &all) == nil {
			runtime.UnlockOSThread()
		}
	}, nil
}

// cores is a set of cores, as the kernel has it.
type cores [16]uint64

func affinity(call uintptr, mask *cores) error {
	if _, _, errno := syscall.RawSyscall(call, 0, unsafe.Sizeof(*mask), uintptr(unsafe.Pointer(mask))); errno != 0 {
		return errno
	}
	return nil
}

// cost is what one unit of work took: CPU time, or KiB of memory. client is
// the kernel's memory for a client's end, which is not the server's.
func (t *trial) cost(client float64) float64 {
	if t.scenario.unit.one == 0 {
		return (t.userMemory + t.kernelMemory - client) / 1024
	}
	return float64(t.cpu) / float64(t.scenario.unit.one) / t.scenario.amount(t.sizes)
}
