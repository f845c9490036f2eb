//go:build integration

package integration_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/integration/extendedlog"
)

// standardFields and countingFields are the two sets of columns that logs of
// IIS show in public.
const (
	standardFields = "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath"
	countingFields = "date time c-ip cs-method cs-uri-stem sc-status sc-win32-status sc-substatus sc-bytes cs-bytes time-taken x-session x-fullpath"
)

// sample is what IIS wrote about one session, or a part of it, and the
// conversation that led to it. Times, addresses, ports, identifiers and the
// computer's name are those of the run.
type sample struct {
	name, site, fields, lines string
	talk                      func(*testing.T, *server)
}

func samples() []sample {
	return []sample{
		{"an anonymous listing", "FTPSVC1", standardFields, `
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 ControlChannelOpened - - 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 USER anonymous 331 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 PASS IEUser@ 230 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea /
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 opts utf8+on 200 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 PASV - 227 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 49906 DataChannelOpened - - 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 49906 DataChannelClosed - - 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -
2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 LIST - 226 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea /`, anonymousListing},
		{"an anonymous login that is not allowed", "FTPSVC3", standardFields, `
2023-12-29 07:56:21 10.211.55.53 - 10.211.55.52 21 PASS IEUser@ 530 1326 42 28b55545-2e87-4a01-83b6-1964f6d931e2 -`, func(t *testing.T, s *server) {
			d := dial(t, "127.0.0.1", s.offset+2121)
			d.say("USER closed.example.com|anonymous", "331 ")
			d.say("PASS IEUser@", "530 ")
			d.say("QUIT", "221 ")
		}},
		{"a download", "FTPSVC1", standardFields, `
2023-12-29 08:01:24 10.211.55.53 HELPER4A5F\demo 10.211.55.52 21 CWD /success/ 250 0 0 a7a1e257-031a-4565-a980-d046ace326fb /success
2023-12-29 08:01:24 10.211.55.53 HELPER4A5F\demo 10.211.55.52 21 SIZE demo.txt 213 0 0 a7a1e257-031a-4565-a980-d046ace326fb /success/demo.txt
2023-12-29 08:01:24 10.211.55.53 HELPER4A5F\demo 10.211.55.52 21 RETR demo.txt 226 0 0 a7a1e257-031a-4565-a980-d046ace326fb /success/demo.txt`, func(t *testing.T, s *server) {
			d := login(t, "127.0.0.1", s.port, "demo")
			d.say("CWD /success/", "250 ")
			d.say("SIZE demo.txt", "213 5")
			want(t, "RETR", d.fetch("RETR demo.txt"), "hello")
			d.say("QUIT", "221 ")
		}},
		{"a wrong password", "FTPSVC1", standardFields, `
2023-12-29 08:11:55 10.211.55.53 - 10.211.55.52 21 PASS *** 530 1326 41 bf304234-f27d-4562-ad02-12a82db1305f -`, func(t *testing.T, s *server) {
			d := dial(t, "127.0.0.1", s.port)
			d.say("USER demo", "331 ")
			d.say("PASS wrong", "530 ")
			d.say("QUIT", "221 ")
		}},
		{"a client that drops the data connection", "FTPSVC1", standardFields, `
2016-06-25 16:26:30 10.210.3.48 SWDEV234\Gorba 10.210.1.234 57350 DataChannelClosed - - 64 0 5242ddb2-95f5-43b1-b19d-6173e04ac6f0 -
2016-06-25 16:26:30 10.210.3.48 SWDEV234\Gorba 10.210.1.234 21 NLST - 550 64 0 5242ddb2-95f5-43b1-b19d-6173e04ac6f0 /Resources`, droppedListing},
		{"byte counters", "FTPSVC2", countingFields, `
2018-10-11 03:58:06 30.3.4.105 ControlChannelOpened - - 0 0 0 0 0 17034547-ee1d-44f5-b27c-ed72f4ef2898 -
2018-10-11 03:58:06 30.3.4.105 USER administrator 331 0 0 42 20 0 17034547-ee1d-44f5-b27c-ed72f4ef2898 -
2018-10-11 03:58:06 30.3.4.105 PASS *** 230 0 0 21 19 0 17034547-ee1d-44f5-b27c-ed72f4ef2898 /`, func(t *testing.T, s *server) {
			d := dial(t, "127.0.0.1", s.offset+2121)
			d.say("USER administrator", "331 Password required for administrator.")
			d.say("PASS twelve bytes", "230 User logged in.")
			d.say("QUIT", "221 ")
		}},
	}
}

func anonymousListing(t *testing.T, s *server) {
	d := dial(t, "127.0.0.1", s.port)
	d.say("USER anonymous", "331 ")
	d.say("PASS IEUser@", "230 ")
	d.say("opts utf8 on", "200 ")
	var a, b, e, f, high, low int
	reply := d.say("PASV", "227 ")
	if _, err := fmt.Sscanf(reply, "227 Entering Passive Mode (%d,%d,%d,%d,%d,%d).", &a, &b, &e, &f, &high, &low); err != nil {
		t.Fatalf("%q: %v", reply, err)
	}
	c := dialPort(t, high<<8|low)
	d.say("LIST", "1")
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatal(err)
	}
	d.expect("226 ")
	d.say("QUIT", "221 ")
}

// droppedListing resets the data connection before anything is sent on it.
func droppedListing(t *testing.T, s *server) {
	d := dial(t, "127.0.0.1", s.port)
	d.say("USER gorba", "331 ")
	d.say("PASS "+password("Gorba"), "230 ")
	d.say("CWD Resources", "250 ")
	c := d.passive()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	d.say("NLST", "1")
	d.expect("550 ")
	d.say("QUIT", "221 ")
}

// TestSampleLogLines holds what the server writes, field by field, against
// lines that IIS wrote.
func TestSampleLogLines(t *testing.T) {
	home := newHome(t, "logs")
	writeFile(t, filepath.Join(home, "ftphost.config"), []byte(`<configuration>
    <ftpHost><pathMap><add from="C:\" to="drives/c" /></pathMap></ftpHost>
    <location path="counting"><ftpHost><protocol replies="Iis75" /></ftpHost></location>
</configuration>`))
	for name, pass := range map[string]string{"demo": password("demo"), "Gorba": password("Gorba"), "administrator": "twelve bytes"} {
		ftphost(t, pass+"\n", "user", "add", name, "--password-stdin", "--home", home)
	}
	for _, name := range []string{"success/demo.txt", "Resources/demo.txt"} {
		path := filepath.Join(content(home), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte("hello"))
	}
	s := serve(t, home)
	for _, x := range samples() {
		x.talk(t, s)
	}
	s.stop(t)
	logs := map[string]*extendedlog.File{}
	for _, x := range samples() {
		if logs[x.site] == nil {
			logs[x.site] = siteLog(t, home, x.site)
		}
		log := logs[x.site]
		if len(log.Headers) != 1 || strings.Join(log.Headers[0].Fields, " ") != x.fields || log.Headers[0].Software != "Microsoft Internet Information Services 10.0" {
			t.Errorf("%s: headers %+v", x.site, log.Headers)
		}
		expectSample(t, s, x, log)
	}
}

// expectSample looks for the session that has the sample's lines.
func expectSample(t *testing.T, s *server, x sample, log *extendedlog.File) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(x.lines), "\n")
	names := strings.Fields(x.fields)
	next := map[string]int{} // by session, how many lines were found
	for _, e := range log.Entries {
		session := e["x-session"]
		if n := next[session]; n < len(lines) && sameFields(s, names, strings.Split(lines[n], " "), e) {
			next[session]++
		}
	}
	for _, n := range next {
		if n == len(lines) {
			return
		}
	}
	t.Errorf("%s: no session has the lines%s\nthere are\n%v", x.name, x.lines, log.Entries)
}

var lowerGUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// sameFields compares one line, allowing for what differs from run to run.
func sameFields(s *server, names, want []string, e extendedlog.Entry) bool {
	for i, name := range names {
		got, ok := e[name], false
		switch name {
		case "date", "time", "time-taken": // that they can be read is known
			ok = got != "-"
		case "c-ip", "s-ip":
			ok = got == "127.0.0.1"
		case "s-port":
			control := got == s.control() || got == strconv.Itoa(s.offset+2121)
			ok = control != strings.HasPrefix(want[slices.Index(names, "cs-method")], "Data")
		case "x-session":
			ok = lowerGUID.MatchString(got)
		case "cs-username":
			_, account, _ := strings.Cut(want[i], `\`)
			computer, name, _ := strings.Cut(got, `\`)
			ok = want[i] == got || account != "" && name == account && computer != ""
		default:
			ok = got == want[i]
		}
		if !ok {
			return false
		}
	}
	return true
}

// siteLog parses the only log of a folder.
func siteLog(t *testing.T, home, folder string) *extendedlog.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(home, "logs", folder, "*.log"))
	if err != nil || len(names) != 1 {
		t.Fatalf("logs of %s: %v, %v", folder, names, err)
	}
	return parseLog(t, names[0])
}

func parseLog(t *testing.T, name string) *extendedlog.File {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := extendedlog.Parse(string(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// TestFilterForFail2ban tries the filter in docs/logs.md on the lines of IIS.
func TestFilterForFail2ban(t *testing.T) {
	doc, err := os.ReadFile("../docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, filter, found := strings.Cut(string(doc), "failregex = ")
	filter, _, _ = strings.Cut(filter, "\n")
	if !found {
		t.Fatal("there is no failregex")
	}
	guess := regexp.MustCompile(strings.Replace(filter, "<HOST>", `(?P<host>[0-9a-f.:]+)`, 1))
	matched := 0
	for _, x := range samples() {
		for line := range strings.SplitSeq(strings.TrimSpace(x.lines), "\n") {
			m := guess.FindStringSubmatch(line[len("2006-01-02 15:04:05"):]) // fail2ban takes the time away first
			if refused := strings.Contains(line, " PASS ") && strings.Contains(line, " 530 "); refused != (m != nil) {
				t.Errorf("matched: %v: %s", m != nil, line)
			}
			if m != nil && m[1] == "10.211.55.53" {
				matched++
			}
		}
	}
	if matched != 2 {
		t.Errorf("%d lines matched, want 2", matched)
	}
}
