//go:build integration

package integration_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// loopback names both address families the way clients want them.
var loopback = []struct{ family, host string }{
	{"IPv4", "127.0.0.1"},
	{"IPv6", "::1"},
}

// url is an ftp URL of a server; path is escaped by the caller.
func (s *server) url(host, path string) string {
	return "ftp://" + net.JoinHostPort(host, fmt.Sprint(s.port)) + path
}

// curl runs curl as user ("" is anonymous) and returns what it wrote, its
// conversation, and its exit status.
func curl(t *testing.T, user string, args ...string) (out, talk string, code int) {
	t.Helper()
	base := []string{"--silent", "--show-error", "--verbose", "--max-time", "50"}
	if user != "" {
		base = append(base, "--user", user+":"+password(user))
	}
	return program(t, "", "curl", append(base, args...)...)
}

// mustCurl is curl that may not fail.
func mustCurl(t *testing.T, user string, args ...string) (out, talk string) {
	t.Helper()
	out, talk, code := curl(t, user, args...)
	if code != 0 {
		t.Fatalf("curl %q as %q: exit status %d\n%s", args, user, code, talk)
	}
	return out, talk
}

// lftp runs a script as user and returns what it printed and its exit status.
func lftp(t *testing.T, s *server, host, user string, script ...string) (out string, code int) {
	t.Helper()
	lines := []string{
		"set net:max-retries 1", "set net:timeout 20", "set net:reconnect-interval-base 1",
		"set ftp:ssl-allow no", "set cmd:fail-exit yes", "set xfer:clobber yes",
		fmt.Sprintf("open -p %d -u '%s,%s' '%s'", s.port, user, password(user), host),
	}
	out, talk, code := program(t, strings.Join(append(lines, script...), "\n")+"\n", "lftp", "--norc")
	return out + talk, code
}

// mustLftp is lftp that may not fail.
func mustLftp(t *testing.T, s *server, host, user string, script ...string) string {
	t.Helper()
	out, code := lftp(t, s, host, user, script...)
	if code != 0 {
		t.Fatalf("lftp: exit status %d\n%s", code, out)
	}
	return out
}

// tnftp runs a script as user; the conversation tells how it went, since the
// exit status of a script says nothing.
func tnftp(t *testing.T, s *server, host, user string, flags []string, script ...string) string {
	t.Helper()
	lines := append([]string{fmt.Sprintf("user %s %q", user, password(user)), "binary"}, script...)
	args := append([]string{"-n", "-v", "-i"}, flags...)
	out, talk, _ := program(t, strings.Join(append(lines, "quit"), "\n")+"\n", "tnftp",
		append(args, host, fmt.Sprint(s.port))...)
	return out + talk
}

// want fails for each text that is not there.
func want(t *testing.T, what, got string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("%s: %q is missing in\n%s", what, text, got)
		}
	}
}
