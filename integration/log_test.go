//go:build integration

package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/integration/extendedlog"
)

// loggingHome is a home with testdata/logs.config, the old, new pairs applied
// to it, and with JSON lines.
func loggingHome(t *testing.T, replace ...string) string {
	t.Helper()
	home := newHome(t, "")
	configure(t, home, "logs", replace...)
	writeFile(t, filepath.Join(home, "ftphost.config"), []byte(`<configuration>
    <ftpHost><pathMap><add from="C:\" to="drives/c" /></pathMap><log json="true" /></ftpHost>
</configuration>`))
	return home
}

// visit is a session that leaves a line with its name.
func visit(t *testing.T, port int, name string) {
	t.Helper()
	d := login(t, "127.0.0.1", port, "user1")
	d.say("SIZE "+name, "550 ")
	d.say("QUIT", "221 ")
}

// hasVisit reports whether a file that may not be there yet has all lines of a
// session.
func hasVisit(file, name string) bool {
	data, err := os.ReadFile(file)
	_, after, found := strings.Cut(string(data), name)
	return err == nil && found && strings.Contains(after, "ControlChannelClosed")
}

// jsonEntries parses JSON lines; every line must be one object, but those that
// a killed process left.
func jsonEntries(t *testing.T, name string, torn int) (list []map[string]any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			if torn--; torn < 0 {
				t.Errorf("%s: %v: %q", name, err, line)
			}
			continue
		}
		list = append(list, e)
	}
	return list
}

// TestLogAfterKill: a server that is killed while it writes leaves nothing that
// the next one continues.
func TestLogAfterKill(t *testing.T) {
	home := loggingHome(t)
	file := filepath.Join(home, "logs", "FTPSVC1", "u_extend1.log")
	beside := strings.TrimSuffix(file, ".log") + ".json"
	s := serve(t, home)
	var clients sync.WaitGroup
	for range 4 {
		d := login(t, "127.0.0.1", s.port, "user1")
		clients.Go(func() {
			for range 5000 { // or until it is gone; less than makes a second file
				if d.text.PrintfLine("SIZE %s", strings.Repeat("x", 400)) != nil {
					return
				}
				if _, err := d.text.ReadLine(); err != nil {
					return
				}
			}
		})
	}
	eventually(t, "much is written", func() bool {
		info, err := os.Stat(file)
		return err == nil && info.Size() > 200_000
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.done
	clients.Wait()
	for _, name := range []string{file, beside} { // whether the kill tore a line or not
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("2024-01-01 00:0"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s = serve(t, home)
	visit(t, s.port, "afterwards")
	s.stop(t)
	log := parseLog(t, file)
	if len(log.Headers) != 2 || len(log.Torn) != 1 || log.Entries[len(log.Entries)-1]["cs-method"] != "ControlChannelClosed" {
		t.Errorf("headers %+v, torn lines %q", log.Headers, log.Torn)
	}
	if list := jsonEntries(t, beside, 1); len(list) < 10 || list[len(list)-1]["Command"] != "ControlChannelClosed" {
		t.Errorf("%d lines of JSON", len(list))
	}
}

// TestLogRotation does to the log what administrators and logrotate do, while
// the server runs.
func TestLogRotation(t *testing.T) {
	home := loggingHome(t)
	dir := filepath.Join(home, "logs", "FTPSVC1")
	file := filepath.Join(dir, "u_extend1.log")
	s := serve(t, home)
	visit(t, s.port, "first")
	eventually(t, "it is written", func() bool { return hasVisit(file, "first") })
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"renamed", func() error { return os.Rename(file, file+".1") }},
		{"deleted", func() error { return os.Remove(file) }},
		{"emptied", func() error { return os.Truncate(file, 0) }},
		{"folder-moved", func() error { return os.Rename(dir, dir+".old") }},
		{"folder-deleted", func() error { return os.RemoveAll(dir) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		visit(t, s.port, step.name)
		eventually(t, "the log goes on when "+step.name, func() bool { return hasVisit(file, step.name) })
		log := parseLog(t, file)
		if len(log.Headers) != 1 || len(log.Torn) > 0 {
			t.Errorf("%s: headers %+v, torn lines %q", step.name, log.Headers, log.Torn)
		}
		if e := log.Entries[0]; e["cs-method"] != "ControlChannelOpened" {
			t.Errorf("%s: begins with %v", step.name, e)
		}
	}
	s.stop(t)
	if strings.Contains(s.talk.String(), "site log") {
		t.Error("the operational log speaks of trouble")
	}
}

// TestLogFlush: lines wait as long as the configuration says, or until somebody
// asks for them.
func TestLogFlush(t *testing.T) {
	home := loggingHome(t)
	config := filepath.Join(home, "ftphost.config")
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, bytes.Replace(data, []byte(`<log `), []byte(`<log flushInterval="00:05:00" `), 1))
	file := filepath.Join(home, "logs", "FTPSVC1", "u_extend1.log")
	s := serve(t, home)
	has := func(name string) bool { // the line was there before the client went
		data, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(data), " SIZE "+name+" 550 ")
	}
	visit(t, s.port, "first")
	ftphost(t, "", "log", "flush", "--home", home)
	if !has("first") {
		t.Error("flush came back before the lines were written")
	}
	visit(t, s.port, "second")
	if has("second") {
		t.Error("the lines did not wait")
	}
	ftphost(t, "", "log", "flush", "--home", home)
	if !has("second") {
		t.Error("flush came back before the lines were written")
	}
	s.stop(t)
}

// TestCentralLog: all sites share one file, with every column, sessions that
// have not named a site yet included, and nothing that a client types makes a
// line or a column of its own.
func TestCentralLog(t *testing.T) {
	const all = "Date, Time, ClientIP, ClientPort, UserName, SiteName, ComputerName, ServerIP, Method, UriStem, FtpStatus, Win32Status, BytesSent, BytesRecv, TimeTaken, ServerPort, Host, FtpSubStatus, Session, FullPath, Info"
	home := loggingHome(t, "<system.ftpServer>", `<system.ftpServer>
        <log centralLogFileMode="Central" logInUTF8="false">
            <centralLogFile directory="HOME/logs" period="Hourly" localTimeRollover="true" logExtFileFlags="`+all+`" />
        </log>`, `"*:2121:"`, `"*:2121:counting.example.com"`)
	config := filepath.Join(home, "applicationHost.config")
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, bytes.ReplaceAll(data, []byte("HOME"), []byte(home)))
	s := serve(t, home)
	visit(t, s.port, "one")
	d := dial(t, "127.0.0.1", s.offset+2121)
	d.say("USER closed.example.com|user2", "331 ")
	d.say("PASS "+password("user2"), "230 ")
	const hostile = "#Fields: \x0b x\u2028y \u20ac \u0416"
	d.say("SIZE "+hostile, "550 ")
	d.say("#Software: x", "500 ")
	d.say("QUIT", "221 ")
	s.stop(t)
	var log extendedlog.File
	names, err := filepath.Glob(filepath.Join(home, "logs", "FTPSVC", "ex*.log"))
	if err != nil || len(names) == 0 {
		t.Fatalf("files %v, %v", names, err)
	}
	var lines []map[string]any
	for _, name := range names { // two when the hour has just changed
		part := parseLog(t, name)
		log.Headers, log.Entries = append(log.Headers, part.Headers...), append(log.Entries, part.Entries...)
		lines = append(lines, jsonEntries(t, strings.TrimSuffix(name, ".log")+".json", 0)...)
	}
	const fields = "date time c-ip c-port cs-username s-sitename s-computername cs-host s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus sc-bytes cs-bytes time-taken x-session x-fullpath x-debug"
	if got := strings.Join(log.Headers[0].Fields, " "); got != fields || len(log.Headers) != len(names) {
		t.Errorf("fields %s", got)
	}
	sites := map[string]int{}
	for i, e := range log.Entries {
		sites[e["s-sitename"]]++
		if e["s-sitename"] == "-" && e["cs-method"] != "ControlChannelOpened" {
			t.Errorf("on no site: %v", e)
		}
		if i < len(lines) {
			sameEvent(t, e, lines[i])
		}
		switch e["cs-method"] {
		case "SIZE":
			want(t, "x-debug", e["x-debug"], "File+system")
			if e["cs-uri-stem"] != "one" && e["cs-uri-stem"] != "#Fields:+?+x+y+\x80+?" {
				t.Errorf("argument %q", e["cs-uri-stem"])
			}
		case "#Software:":
			if e["cs-uri-stem"] != "x" || e["sc-status"] != "500" {
				t.Errorf("%v", e)
			}
		}
	}
	if len(lines) != len(log.Entries) || sites["FTPSVC1"] == 0 || sites["FTPSVC3"] == 0 || sites["-"] != 1 {
		t.Errorf("%d lines, %d of JSON, by site %v", len(log.Entries), len(lines), sites)
	}
}

// sameEvent compares what the two kinds of lines say about one event.
func sameEvent(t *testing.T, e extendedlog.Entry, line map[string]any) {
	t.Helper()
	for column, field := range map[string]string{
		"c-ip": "RemoteIPAddress", "c-port": "RemoteIPPort", "cs-username": "UserName", "s-sitename": "SiteName", "s-computername": "ComputerName",
		"cs-host": "HostName", "s-ip": "LocalIPAddress", "s-port": "LocalIPPort", "cs-method": "Command", "sc-status": "FtpStatus",
		"sc-win32-status": "Win32Status", "sc-substatus": "FtpSubStatus", "sc-bytes": "BytesSent", "cs-bytes": "BytesReceived",
		"time-taken": "ElapsedMilliseconds", "x-session": "SessionId", "x-debug": "Information",
	} {
		got := strings.ReplaceAll(fmt.Sprint(line[field]), " ", "+")
		if got != e[column] && (e[column] != "-" || got != "" && got != "0") {
			t.Errorf("%s is %q, %s is %q", column, e[column], field, got)
		}
	}
	when, err := time.Parse(time.RFC3339, fmt.Sprint(line["Time"]))
	if err != nil || when.Location() != time.UTC || when.Format("2006-01-02 15:04:05") != e["date"]+" "+e["time"] {
		t.Errorf("%v is not %s %s", line["Time"], e["date"], e["time"])
	}
}
