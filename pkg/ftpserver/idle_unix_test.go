//go:build unix

package ftpserver_test

import (
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkIdleSession tells what an idle session that is logged in keeps in
// memory: what is live of the heap, and stacks. The clients are bare sockets,
// which keep nothing.
func BenchmarkIdleSession(b *testing.B) {
	const sessions = 400 // two descriptors each, of the usual 1,024
	s := overTCP(b, "testdata/files.txtar", nil)
	address := netip.MustParseAddrPort(s.address)
	for b.Loop() {
		idleLogin(b, address)() // what is made once
		before := settledMemory()
		var leave []func()
		for range sessions {
			leave = append(leave, idleLogin(b, address))
		}
		after := settledMemory()
		for _, end := range leave {
			end()
		}
		b.ReportMetric(growth(after.HeapAlloc, before.HeapAlloc)/sessions, "heapB/session")
		b.ReportMetric(growth(after.HeapObjects, before.HeapObjects)/sessions, "objects/session")
		b.ReportMetric(growth(after.StackInuse, before.StackInuse)/sessions, "stackB/session")
	}
}

func growth(after, before uint64) float64 { return float64(after) - float64(before) }

// settledMemory is what is in use when nothing is left to collect and stacks
// have shrunk, by half at each collection.
func settledMemory() (m runtime.MemStats) {
	time.Sleep(500 * time.Millisecond) // all are asleep
	for range 4 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m
}

// idleLogin logs in and returns how to leave.
func idleLogin(b *testing.B, address netip.AddrPort) (leave func()) {
	b.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		b.Fatal(err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())}); err != nil {
		b.Fatal(err)
	}
	var reply [512]byte
	for _, step := range [][2]string{{"", "220"}, {"USER ann\r\n", "331"}, {"PASS secret\r\n", "230"}, {"TYPE I\r\n", "200"}} {
		if _, err := syscall.Write(fd, []byte(step[0])); err != nil {
			b.Fatal(err)
		}
		n, err := syscall.Read(fd, reply[:])
		if err != nil || !strings.HasPrefix(string(reply[:max(n, 0)]), step[1]) {
			b.Fatalf("%q: %q, %v", step[0], reply[:max(n, 0)], err)
		}
	}
	return func() { _ = syscall.Close(fd) }
}
