package host_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestServerListenBacklog looks at what the system says of the sockets.
func TestServerListenBacklog(t *testing.T) {
	content := t.TempDir()
	withBacklog := func(id int, backlog string, ports ...int) string {
		return strings.Replace(siteOn(id, content, ports...), "<ftpServer>", `<ftpServer><connections serverListenBacklog="`+backlog+`" />`, 1)
	}
	named := func(site, host string) string { return strings.ReplaceAll(site, `:" />`, ":"+host+`" />`) }
	none, one, shared, negative := freePort(t), freePort(t), freePort(t), freePort(t)
	run(t, options(t,
		siteOn(1, content, none),
		withBacklog(2, "7", one),
		named(withBacklog(3, "5", shared), "a.example.com"), named(withBacklog(4, "9", shared), "b.example.com"),
		withBacklog(5, "-1", negative),
	))
	usual := backlogOf(t, none)
	if usual < 100 {
		t.Errorf("without a setting the backlog is %d, want the system's", usual)
	}
	for port, want := range map[int]int{one: 7, shared: 9, negative: usual} {
		if got := backlogOf(t, port); got != want {
			t.Errorf("port %d: backlog %d, want %d", port, got, want)
		}
	}
}

// backlogOf is the backlog of the listening socket of a port: ss shows it
// where a connection has its send queue.
func backlogOf(t *testing.T, port int) int {
	t.Helper()
	out, err := exec.Command("ss", "-Hltn", fmt.Sprintf("sport = :%d", port)).Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		t.Fatalf("ss says %q", out)
	}
	n, err := strconv.Atoi(fields[2])
	if err != nil {
		t.Fatalf("ss says %q", out)
	}
	return n
}
