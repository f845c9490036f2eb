//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// usage is what the server holds. Listeners are passive ports, which stay open
// once they were, and pipes are those of splice, which Go keeps until it
// collects garbage; descriptors are all others.
type usage struct{ descriptors, listeners, pipes, threads, kibibytes int }

// How much more than before the server may hold after all is over.
const (
	spareDescriptors = 4 // the log, and the ordinary client's
	spareListeners   = 200
	sparePipes       = 128
	// Go keeps the threads that were needed at once. Each transfer that is in a
	// system call needs one, and there are 40 large ones in one kind of abuse.
	spareThreads = 40 + 24
	// The runtime gives memory back to the system with delay.
	memoryFactor = 3
	spareMemory  = 48 << 10
)

func (u usage) within(before usage) bool {
	return u.descriptors <= before.descriptors+spareDescriptors &&
		u.listeners <= before.listeners+spareListeners &&
		u.pipes <= before.pipes+sparePipes &&
		u.threads <= before.threads+spareThreads &&
		u.kibibytes <= memoryFactor*before.kibibytes+spareMemory
}

// usage asks the system.
func (s *server) usage(t *testing.T) (u usage) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", s.cmd.Process.Pid)
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	listening := listeningSockets(t, proc)
	for _, fd := range open {
		switch to, err := os.Readlink(filepath.Join(proc, "fd", fd.Name())); {
		case err != nil: // closed meanwhile
		case strings.HasPrefix(to, "pipe:"):
			u.pipes++
		case listening[to]:
			u.listeners++
		default:
			u.descriptors++
		}
	}
	status := readText(t, filepath.Join(proc, "status"))
	for name, n := range map[string]*int{"VmRSS:": &u.kibibytes, "Threads:": &u.threads} {
		_, rest, _ := strings.Cut(status, name)
		if _, err := fmt.Sscan(rest, n); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// listeningSockets are those of the machine, as the links of descriptors name
// them.
func listeningSockets(t *testing.T, proc string) map[string]bool {
	t.Helper()
	const stateColumn, listen, inodeColumn = 3, "0A", 9
	sockets := map[string]bool{}
	for _, family := range []string{"tcp", "tcp6"} {
		for line := range strings.Lines(readText(t, filepath.Join(proc, "net", family))) {
			if f := strings.Fields(line); len(f) > inodeColumn && f[stateColumn] == listen {
				sockets["socket:["+f[inodeColumn]+"]"] = true
			}
		}
	}
	return sockets
}
