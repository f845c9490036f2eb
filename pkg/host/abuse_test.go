package host_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNoGoroutineIsLeft goes away in every phase of a session and of a
// transfer, over real connections, and counts goroutines before and after.
func TestNoGoroutineIsLeft(t *testing.T) {
	port, content := freePort(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(content, "big.bin"), make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	limits := `<ftpServer><connections unauthenticatedTimeout="2" controlChannelTimeout="2" dataChannelTimeout="1" />`
	run(t, options(t, strings.Replace(siteOn(1, content, port), "<ftpServer>", limits, 1)))
	const login = "USER anonymous\r\nPASS x\r\n"
	leave(port, login+"EPSV\r\nLIST\r\n", true) // what comes with the first client stays
	time.Sleep(500 * time.Millisecond)
	before, _ := settled(100)
	for _, said := range []string{
		"", "USER anonymous\r\n", "USER anon", login, login + "EPSV\r\n", login + "EPSV\r\nRETR big.bin\r\n", login + "EPSV\r\nLIST\r\n",
		login + "EPSV\r\nRETR big.bin\r\nABOR\r\n", login + "EPSV\r\nRETR big.bin\r\nQUIT\r\n", login + "PORT 127,0,0,1,250,1\r\nLIST\r\n",
		login + "EPSV\r\nRETR big.bin\r\n" + strings.Repeat("NOOP\r\n", 100), login + "HASH big.bin\r\nABOR\r\n", login + "EPSV\r\nEPSV\r\nEPSV\r\n",
	} {
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				for range 10 {
					leave(port, said, i%2 == 0)
				}
			})
		}
		clients.Wait()
	}
	if after, stacks := settled(before); after > before {
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, stacks)
	}
}

// leave says something, opens the data connection that is offered, perhaps
// reads some of it, and goes. Whatever fails is of no interest.
func leave(port int, said string, reads bool) {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write([]byte(said))
	in, offered := bufio.NewReader(conn), 0
	for range 3 + strings.Count(said, "EPSV") {
		line, err := in.ReadString('\n')
		if err != nil || !strings.Contains(said, "EPSV") {
			break
		}
		_, _ = fmt.Sscanf(line, "229 Entering Extended Passive Mode (|||%d|)", &offered)
	}
	data, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", offered))
	if err != nil {
		return
	}
	defer func() { _ = data.Close() }()
	_ = data.SetDeadline(time.Now().Add(100 * time.Millisecond))
	if reads {
		_, _ = data.Read(make([]byte, 1000))
	}
}

// settled waits until there are at most most goroutines, or for the time that
// all sessions need to end by themselves. Those that accept on a passive port
// do not count: the ports stay open, and there are no more of them than the
// range has.
func settled(most int) (n int, stacks string) {
	all := make([]byte, 4<<20)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		n, stacks = 0, string(all[:runtime.Stack(all, true)])
		for stack := range strings.SplitSeq(stacks, "\n\n") {
			if !strings.Contains(stack, "pkg/datachannel.") || !strings.Contains(stack, "Accept(") {
				n++
			}
		}
		if n <= most || time.Now().After(end) {
			return n, stacks
		}
	}
}
