//go:build integration

package integration_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestBlockedAfterFailures: curl with a wrong password is blocked at its third
// failure, by its address alone, until the entry expires, and the logs say why.
func TestBlockedAfterFailures(t *testing.T) {
	t.Parallel()
	home := newHome(t, "")
	configure(t, home, "scenario",
		`<section name="authorization" overrideModeDefault="Deny" />`,
		`<section name="authorization" overrideModeDefault="Deny" /><section name="authentication" overrideModeDefault="Deny" />`,
		`highDataChannelPort="6000" />`,
		`highDataChannelPort="6000" /><security><authentication><denyByFailure enabled="true" maxFailure="3" entryExpiration="00:00:03" /></authentication></security>`,
		`<logFile directory`,
		`<logFile logExtFileFlags="Date, Time, ClientIP, Method, UriStem, FtpStatus, FtpSubStatus, Info" directory`)
	s := serve(t, home)
	url := s.url("127.0.0.1", "/")
	const denied = 67         // curl's "login denied"
	resets := []int{7, 8, 56} // wherever curl is when it hears of the reset
	attempt := func(login string) int {
		t.Helper()
		return curlStatus(t, "--user", login, url)
	}
	right := "user1:" + password("user1")
	for range 2 {
		if code := attempt("user1:wrong"); code != denied {
			t.Fatalf("a wrong password: exit status %d", code)
		}
	}
	if code := attempt(right); code != 0 {
		t.Fatalf("the right password after two failures: exit status %d", code)
	}
	attempt("user1:wrong")
	attempt("nobody:wrong")
	if code := attempt("user1:wrong"); !slices.Contains(resets, code) {
		t.Errorf("the third failure: exit status %d, want a connection that is cut", code)
	}
	if code := attempt(right); !slices.Contains(resets, code) {
		t.Errorf("a new connection during the block: exit status %d", code)
	}
	if code := curlStatus(t, "--interface", "127.0.0.2", "--user", right, url); code != 0 {
		t.Errorf("another address: exit status %d", code)
	}
	time.Sleep(3500 * time.Millisecond)
	if code := attempt(right); code != 0 {
		t.Errorf("after the block: exit status %d", code)
	}
	s.stop(t)
	want(t, "operational log", s.talk.String(), "too many logins from this address failed: blocked", "127.0.0.1/32", "failures", "until", `"blocked":1`)
	want(t, "site log", readLog(t, home), "PASS *** 530 41 An+error+occurred+during+the+authentication+process.+too+many+logins+from+this+address+failed")
}

// curlStatus is the exit status of curl.
func curlStatus(t *testing.T, args ...string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "curl", append([]string{"--silent", "--max-time", "20"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "wrong") {
		t.Errorf("curl printed a password: %s", out)
	}
	return cmd.ProcessState.ExitCode()
}

// TestLoginDuringAFlood: many addresses that try passwords without a pause do
// not keep curl waiting that knows one.
func TestLoginDuringAFlood(t *testing.T) {
	const addresses, usual = 100, 2 * time.Second
	home := newHome(t, "scenario")
	s := serve(t, home)
	flood, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var guessers sync.WaitGroup
	var refused atomic.Int64
	for i := range addresses {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
		guessers.Go(func() {
			for flood.Err() == nil {
				guess(flood, &dialer, s.port, &refused)
			}
		})
	}
	for began := time.Now(); refused.Load() < addresses; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("only %d guesses were refused", refused.Load())
		}
	}
	began := time.Now()
	if code := curlStatus(t, "--user", "user1:"+password("user1"), s.url("127.0.0.1", "/")); code != 0 {
		t.Errorf("curl: exit status %d", code)
	}
	took := time.Since(began)
	t.Logf("answered after %v, when %d guesses were refused", took, refused.Load())
	if took > usual {
		t.Errorf("the right password is answered after %v", took)
	}
	stop()
	guessers.Wait()
}

// guess tries passwords on one connection until it ends or ctx does.
func guess(ctx context.Context, from *net.Dialer, port int, refused *atomic.Int64) {
	conn, err := from.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	in := bufio.NewScanner(conn)
	for in.Scan() {
		switch answer := in.Text(); answer[:min(4, len(answer))] {
		case "530 ":
			refused.Add(1)
			fallthrough
		case "220 ":
			_, err = io.WriteString(conn, "USER user1\r\n")
		case "331 ":
			_, err = io.WriteString(conn, "PASS guess\r\n")
		}
		if err != nil {
			return
		}
	}
}
