package ftpserver_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A block closes the connection that reached it, and turns away others at once
// until it ends. Sessions that have logged in go on.
func TestBlockedAddress(t *testing.T) {
	inBubble(t, "testdata/blocked.txtar", nil, func(t *testing.T, r *running) {
		member, idle, guesser := r.dial(t), r.dial(t), r.dial(t)
		member.login()
		idle.expect("220 ")
		guesser.expect("220 ")
		for _, answer := range []string{"530 ", "530 ", ""} {
			guesser.send("USER ann\r\nPASS wrong\r\n")
			if answer == "" {
				break
			}
			guesser.expect("331 ")
			guesser.expect(answer)
		}
		if rest, _ := io.ReadAll(guesser.in); strings.Contains(string(rest), "530") {
			t.Errorf("the last failure is answered with %q", rest)
		}
		if rest, _ := io.ReadAll(r.dial(t).in); len(rest) > 0 {
			t.Errorf("a new connection is answered with %q", rest)
		}
		synctest.Wait()
		if n := r.server.Counters().Blocked; n != 1 {
			t.Errorf("%d connections are counted as blocked", n)
		}
		member.send("PWD\r\n")
		member.expect("257 ")
		idle.send("USER ann\r\nPASS secret\r\n")
		if rest, _ := io.ReadAll(idle.in); strings.Contains(string(rest), "230") {
			t.Errorf("a connection from before the block logs in: %q", rest)
		}
		if log := r.log.String(); strings.Count(log, "too many logins from this address failed") != 2 {
			t.Errorf("the log does not say twice why:\n%s", log)
		}
		time.Sleep(3 * time.Second)
		r.dial(t).login()
	})
}
