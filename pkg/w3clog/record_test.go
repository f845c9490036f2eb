package w3clog_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

func withJSON(dir string) w3clog.Settings {
	s := settings(dir)
	s.JSON = true
	return s
}

func TestJSON(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(nil)
	s := withJSON(dir)
	s.Fields = w3clog.Method
	log := files.Open(s)
	e := &w3clog.Entry{
		Time: time.Date(2024, 1, 1, 1, 2, 3, 456789000, time.FixedZone("east", 3600)), ClientIP: netip.MustParseAddr("fe80::1%eth0"), ClientPort: 50000,
		UserName: `PC\ann`, SiteName: "FTPSVC2", ComputerName: "PC", Host: "ftp.example.com", ServerIP: netip.MustParseAddr("::ffff:30.3.4.1"), ServerPort: 21,
		Method: "RETR", Argument: "a <b>\r\n\"ü\xff", Status: 550, Win32: 5, SubStatus: 1, BytesSent: 42, BytesReceived: 20,
		TimeTaken: 1999 * time.Microsecond, Session: "s", FullPath: "/a", Info: "why",
	}
	log.Write(e)
	log.Write(event("2024-01-01 00:00:00", "NOOP"))
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "u_ex240101.json u_ex240101.log" {
		t.Fatalf("files %s", got)
	}
	want := `{"Time":"2024-01-01T00:02:03.456Z","SiteName":"FTPSVC2","ComputerName":"PC","SessionId":"s","RemoteIPAddress":"fe80::1","RemoteIPPort":50000,` +
		`"LocalIPAddress":"30.3.4.1","LocalIPPort":21,"HostName":"ftp.example.com","UserName":"PC\\ann","Command":"RETR","CommandParameters":"a <b>\r\n\"ü\ufffd",` +
		`"FullPath":"/a","FtpStatus":550,"FtpSubStatus":1,"HRStatus":-2147024891,"Win32Status":5,"BytesSent":42,"BytesReceived":20,"ElapsedMilliseconds":1,"Information":"why"}` + "\n" +
		`{"Time":"2024-01-01T00:00:00Z","SiteName":"","ComputerName":"","SessionId":"","RemoteIPAddress":"","RemoteIPPort":0,` +
		`"LocalIPAddress":"","LocalIPPort":0,"HostName":"","UserName":"","Command":"NOOP","CommandParameters":"",` +
		`"FullPath":"","FtpStatus":0,"FtpSubStatus":0,"HRStatus":0,"Win32Status":0,"BytesSent":0,"BytesReceived":0,"ElapsedMilliseconds":0,"Information":""}` + "\n"
	if got := read(t, dir, "u_ex240101.json"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The names are those of IIS for log providers.
func TestJSONHasTheFieldsOfProviders(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(nil)
	files.Open(withJSON(dir)).Write(event("2024-01-01 00:00:00", "NOOP"))
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	line := read(t, dir, "u_ex240101.json")
	for name := range strings.FieldsSeq(`BytesReceived BytesSent Command CommandParameters ElapsedMilliseconds FtpStatus FtpSubStatus FullPath
		HostName HRStatus Information LocalIPAddress LocalIPPort RemoteIPAddress RemoteIPPort SessionId SiteName UserName`) {
		if strings.Count(line, `"`+name+`":`) != 1 {
			t.Errorf("no %s in %s", name, line)
		}
	}
}

// JSON lines roll over as the others do, each file by its own size.
func TestJSONRollsOver(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(nil)
	s := withJSON(dir)
	s.Period = w3clog.MaxSize
	log := files.Open(s)
	e := event("2024-01-01 00:00:00", "STOR")
	e.Argument = strings.Repeat("x", 1000)
	for range 1900 {
		log.Write(e)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "u_extend1.json u_extend1.log u_extend2.json u_extend2.log u_extend3.json" {
		t.Fatalf("files %s", got)
	}
	total := 0
	for _, name := range []string{"u_extend1.json", "u_extend2.json", "u_extend3.json"} {
		text := read(t, dir, name)
		if int64(len(text)) > w3clog.MinTruncateSize {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		total += jsonLines(t, text)
	}
	if total != 1900 {
		t.Errorf("%d lines, want 1900", total)
	}
}

// jsonLines counts the lines of a file, each of which must be an object.
func jsonLines(t *testing.T, text string) (n int) {
	t.Helper()
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line == "" {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%v: %q", err, line)
		}
		n++
	}
	return n
}

func TestJSONOfSelectedEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	files := w3clog.NewFiles(nil)
	s := withJSON(dir)
	s.Selective, s.Fields = w3clog.LogError, 0
	log := files.Open(s)
	log.Write(&w3clog.Entry{Time: at("2024-01-01 00:00:00"), Method: "good", Status: 226})
	log.Write(&w3clog.Entry{Time: at("2024-01-01 00:00:00"), Method: "bad", Status: 550})
	log.Write(&w3clog.Entry{Time: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), Method: "never", Status: 550})
	log.Write(&w3clog.Entry{Time: at("2024-01-01 00:00:00"), Method: "worse", Status: 550})
	if err := files.Close(); err == nil || !strings.Contains(err.Error(), "lost: 1") {
		t.Errorf("Close: %v", err)
	}
	if got := names(t, dir); got != "u_ex240101.json" {
		t.Fatalf("files %s", got)
	}
	if text := read(t, dir, "u_ex240101.json"); jsonLines(t, text) != 2 || strings.Contains(text, "good") {
		t.Errorf("file:\n%s", text)
	}
}

// Whatever a client sends, an event is one object in one line.
func FuzzJSON(f *testing.F) {
	f.Add("RETR", "a\r\n{}", "\u2028\xff\x00")
	f.Fuzz(func(t *testing.T, method, arg, user string) {
		dir := t.TempDir()
		files := w3clog.NewFiles(nil)
		s := withJSON(dir)
		s.Fields, s.Period = 0, w3clog.MaxSize
		files.Open(s).Write(&w3clog.Entry{Method: method, Argument: arg, UserName: user, Info: arg})
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		text := read(t, dir, "u_extend1.json")
		if jsonLines(t, text) != 1 || bytes.ContainsAny([]byte(text[:len(text)-1]), "\r\n\x00") {
			t.Errorf("%q", text)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	files := w3clog.NewFiles(nil)
	log := files.Open(withJSON(b.TempDir()))
	e := full()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		log.Write(e)
		if i%1000 == 0 {
			files.Tick()
		}
	}
	if err := files.Close(); err != nil {
		b.Fatal(err)
	}
}
