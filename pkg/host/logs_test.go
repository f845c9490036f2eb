package host_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/integration/extendedlog"
	"github.com/ftphost/ftphost/pkg/host"
)

// siteLog parses the only W3C file of a folder after everything was flushed.
func siteLog(t *testing.T, h *host.Host, folder string) *extendedlog.File {
	t.Helper()
	if err := h.FlushLogs(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil || len(names) != 1 {
		t.Fatalf("logs in %s: %v, %v", folder, names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := extendedlog.Parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// said is what a log has of a session, in order.
func said(f *extendedlog.File) string {
	var list []string
	for _, e := range f.Entries {
		list = append(list, e["cs-method"]+" "+e["sc-status"])
	}
	return strings.Join(list, ", ")
}

// TestLogsFollowTheConfiguration changes columns and folder of a log while a
// session is there, and stops the site during a transfer.
func TestLogsFollowTheConfiguration(t *testing.T) {
	port, content := freePort(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(content, "big"), make([]byte, 64<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	site := siteOn(1, content, port)
	o := options(t, strings.Replace(site, "</ftpServer>", `<logFile directory="`+t.TempDir()+`" period="MaxSize" /></ftpServer>`, 1))
	h, _ := run(t, o)
	first := status(h)["site1"].LogFolder
	session := login(t, port)
	session.do("NOOP", "200 ")
	rewrite(t, o.Home, `period="MaxSize"`, `period="MaxSize" logExtFileFlags="Method, FtpStatus, FtpSubStatus"`)
	reload(t, h, false)
	session.do("NOOP", "200 ")
	log := siteLog(t, h, first)
	if got, want := said(log), "ControlChannelOpened -, USER 331, PASS 230, NOOP 200, NOOP 200"; got != want || len(log.Headers) != 2 || len(log.Headers[1].Fields) != 3 {
		t.Errorf("log: %s, headers %+v", got, log.Headers)
	}

	second := t.TempDir()
	rewrite(t, o.Home, filepath.Dir(first), second)
	reload(t, h, false)
	second = filepath.Join(second, "FTPSVC1")
	session.do("NOOP", "200 ")
	if got := said(siteLog(t, h, second)); got != "NOOP 200" {
		t.Errorf("log in the new folder: %s", got)
	}
	data := session.open("RETR big")
	defer data.Close()
	if _, err := io.ReadFull(data, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	rewrite(t, o.Home, "<ftpServer>", `<ftpServer serverAutoStart="false">`)
	reload(t, h, false)
	if _, err := io.Copy(io.Discard, data); err != nil {
		t.Fatal(err)
	}
	session.expect("226 ")
	session.expect("421 ")
	const want = "NOOP 200, EPSV 229, DataChannelOpened -, DataChannelClosed -, RETR 226, ControlChannelClosed -"
	got := ""
	for deadline := time.Now().Add(30 * time.Second); got != want && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		got = said(siteLog(t, h, second)) // the session's end is logged last
	}
	if got != want {
		t.Errorf("log of the site that was stopped: %s, want %s", got, want)
	}
	if got := said(siteLog(t, h, first)); strings.Contains(got, "RETR") {
		t.Errorf("log in the old folder: %s", got)
	}
}
