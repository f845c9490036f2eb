//go:build integration

package integration_test

import (
	"os/exec"
	"slices"
	"strings"
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
