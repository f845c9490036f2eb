//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on Linux.
const tick = 10 * time.Millisecond

// process is what /proc says of one process.
type process struct {
	pid, parent int
	reaped      time.Duration // CPU time of children that ended and were waited for
}

// processes reads all processes of the machine, by process id.
func processes() map[int]process {
	found := map[int]process{}
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range names {
		if p, ok := readProcess(dir); ok {
			found[p.pid] = p
		}
	}
	return found
}

// readProcess parses one stat line; a process that has ended is no process.
func readProcess(dir string) (process, bool) {
	data, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return process{}, false
	}
	// The name is in parentheses and may hold anything, so count from its end.
	f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(f) < 15 {
		return process{}, false
	}
	number := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
	pid, _ := strconv.Atoi(filepath.Base(dir))
	return process{pid: pid, parent: number(1), reaped: time.Duration(number(13)+number(14)) * tick}, true
}

// tree returns a process and all its descendants.
func tree(root int) []process {
	all := processes()
	children := map[int][]int{}
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p.pid)
	}
	var found []process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		if p, ok := all[queue[0]]; ok {
			found = append(found, p)
			queue = append(queue, children[p.pid]...)
		}
	}
	return found
}

// cpuTime is the user and system time of a process tree, with children that
// ended. The living are read from their CPU clocks, which count nanoseconds
// where /proc counts ticks; threads that ended are in both.
func cpuTime(root int) time.Duration {
	var sum time.Duration
	for _, p := range tree(root) {
		sum += processClock(p.pid) + p.reaped
	}
	return sum
}

// processClock reads the CPU clock of another process: see
// clock_getcpuclockid(3); 2 asks for the scheduler's count.
func processClock(pid int) time.Duration {
	var ts syscall.Timespec
	id := uintptr(^pid<<3 | 2)
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}

// settledCPU waits until a server has finished what a client's end left to
// do (its workers exit, their parents reap them): two equal looks, at most 5 s.
func (s *server) settledCPU() time.Duration {
	last := time.Duration(-1)
	for range 250 {
		now := cpuTime(s.pid()) + s.orphans.cpuTime()
		if now-last < time.Millisecond && last >= 0 {
			return now
		}
		last = now
		time.Sleep(20 * time.Millisecond)
	}
	return last
}

// memory is the proportional and the resident memory of a process tree, in bytes.
type memory struct{ pss, rss int64 }

func treeMemory(root int) memory {
	var sum memory
	for _, p := range tree(root) {
		for name, value := range keyed(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid)) {
			switch name {
			case "Pss":
				sum.pss += value
			case "Rss":
				sum.rss += value
			}
		}
	}
	return sum
}

// kernelMemory is what the kernel holds for processes and sockets, in bytes:
// slabs, kernel stacks, page tables and socket buffers. It is of the whole
// machine, so only differences mean something.
func kernelMemory() int64 {
	m := keyed("/proc/meminfo")
	slabs := slabMemory()
	if slabs == 0 { // not root, who alone may know more
		slabs = m["Slab"]
	}
	return slabs + m["KernelStack"] + m["PageTables"] + socketBuffers()
}

// slabMemory is the size of all slabs but those of file systems, which grow
// and shrink with what anybody on the machine reads. Of these, what belongs to
// a socket is counted with it: its directory entry and security label. 0 means
// unknown.
func slabMemory() int64 {
	data, _ := os.ReadFile("/proc/slabinfo")
	var sum, sockets, ofSocket int64
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 16 || f[0] == "#" {
			continue
		}
		number := func(i int) int64 { n, _ := strconv.ParseInt(f[i], 10, 64); return n }
		const active, size, pages, slabs = 1, 3, 5, 14
		switch name := f[0]; {
		case name == "dentry", name == "lsm_inode_cache":
			ofSocket += number(size)
		case name == "sock_inode_cache":
			sockets = number(active)
			sum += number(slabs) * number(pages) * int64(os.Getpagesize())
		case strings.HasSuffix(name, "inode_cache"), strings.HasPrefix(name, "kmalloc-rcl"),
			name == "buffer_head", name == "radix_tree_node", name == "extent_status":
		default:
			sum += number(slabs) * number(pages) * int64(os.Getpagesize())
		}
	}
	if sum == 0 {
		return 0
	}
	return sum + sockets*ofSocket
}

func socketBuffers() int64 {
	data, _ := os.ReadFile("/proc/net/sockstat")
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) > 1 && f[0] == "TCP:" {
			pages, _ := strconv.ParseInt(f[len(f)-1], 10, 64)
			return pages * int64(os.Getpagesize())
		}
	}
	return 0
}

// keyed reads a file of lines "Name: 123 kB" into bytes by name.
func keyed(file string) map[string]int64 {
	found := map[string]int64{}
	f, err := os.Open(file)
	if err != nil {
		return found // the process has ended
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, rest, _ := strings.Cut(s.Text(), ":")
		if v := strings.Fields(rest); len(v) == 2 && v[1] == "kB" {
			n, _ := strconv.ParseInt(v[0], 10, 64)
			found[name] = n << 10
		}
	}
	return found
}
