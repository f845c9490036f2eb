package w3clog_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/integration/extendedlog"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

func settings(dir string) w3clog.Settings {
	return w3clog.Settings{
		Enabled: true, Directory: dir, Period: w3clog.Daily, UTF8: true, Fields: w3clog.DefaultFields,
		Selective: w3clog.LogSuccessful | w3clog.LogError | w3clog.LogInfrastructure,
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return t
}

func event(s, method string) *w3clog.Entry {
	return &w3clog.Entry{Time: at(s), Method: method}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// parsed reads a file as the standard describes it.
func parsed(t *testing.T, dir, name string) *extendedlog.File {
	t.Helper()
	f, err := extendedlog.Parse(read(t, dir, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// methods returns the cs-method column of a file.
func methods(t *testing.T, dir, name string) string {
	t.Helper()
	var list []string
	for _, e := range parsed(t, dir, name).Entries {
		list = append(list, e["cs-method"])
	}
	return strings.Join(list, " ")
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestHeaderAndSampleLines(t *testing.T) {
	client, server := netip.MustParseAddr("10.211.55.53"), netip.MustParseAddr("::ffff:10.211.55.52")
	e := func(clock, user string, port uint16, method, arg string, status int, win32 uint32, sub int, session, path string) *w3clog.Entry {
		return &w3clog.Entry{
			Time: at("2023-12-29 " + clock), ClientIP: client, UserName: user, ServerIP: server, ServerPort: port,
			Method: method, Argument: arg, Status: status, Win32: win32, SubStatus: sub, Session: session, FullPath: path,
		}
	}
	const (
		first  = "2cf9cd35-e364-4b1a-ab27-fe9050daa5ea"
		second = "a7a1e257-031a-4565-a980-d046ace326fb"
		user   = `HELPER4A5F\demo`
	)
	cases := []struct {
		entry *w3clog.Entry
		want  string
	}{
		{
			e("06:27:23", "", 21, "ControlChannelOpened", "", 0, 0, 0, first, ""),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 ControlChannelOpened - - 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("06:27:23", "", 21, "USER", "anonymous", 331, 0, 0, first, ""),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 USER anonymous 331 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("06:27:23", "", 21, "PASS", "IEUser@", 230, 0, 0, first, "/"),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 PASS IEUser@ 230 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea /",
		},
		{
			e("06:27:23", "", 21, "opts", "utf8 on", 200, 0, 0, first, ""),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 opts utf8+on 200 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("06:27:23", "", 21, "PASV", "", 227, 0, 0, first, ""),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 PASV - 227 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("06:27:23", "", 49906, "DataChannelOpened", "", 0, 0, 0, first, ""),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 49906 DataChannelOpened - - 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("06:27:23", "", 21, "LIST", "", 226, 0, 0, first, "/"),
			"2023-12-29 06:27:23 10.211.55.53 - 10.211.55.52 21 LIST - 226 0 0 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea /",
		},
		{
			e("07:56:21", "", 21, "PASS", "IEUser@", 530, 1326, 42, first, ""),
			"2023-12-29 07:56:21 10.211.55.53 - 10.211.55.52 21 PASS IEUser@ 530 1326 42 2cf9cd35-e364-4b1a-ab27-fe9050daa5ea -",
		},
		{
			e("08:01:24", user, 21, "CWD", "/success/", 250, 0, 0, second, "/success"),
			`2023-12-29 08:01:24 10.211.55.53 HELPER4A5F\demo 10.211.55.52 21 CWD /success/ 250 0 0 a7a1e257-031a-4565-a980-d046ace326fb /success`,
		},
		{
			e("08:01:24", user, 21, "RETR", "demo.txt", 226, 0, 0, second, "/success/demo.txt"),
			`2023-12-29 08:01:24 10.211.55.53 HELPER4A5F\demo 10.211.55.52 21 RETR demo.txt 226 0 0 a7a1e257-031a-4565-a980-d046ace326fb /success/demo.txt`,
		},
		{
			e("08:11:55", "", 21, "PASS", "***", 530, 1326, 41, second, ""),
			"2023-12-29 08:11:55 10.211.55.53 - 10.211.55.52 21 PASS *** 530 1326 41 a7a1e257-031a-4565-a980-d046ace326fb -",
		},
		{
			e("16:26:30", user, 57350, "DataChannelClosed", "", 0, 64, 0, second, ""),
			`2023-12-29 16:26:30 10.211.55.53 HELPER4A5F\demo 10.211.55.52 57350 DataChannelClosed - - 64 0 a7a1e257-031a-4565-a980-d046ace326fb -`,
		},
	}
	dir := filepath.Join(t.TempDir(), "LogFiles", "FTPSVC1")
	files := w3clog.NewFiles(nil)
	log := files.Open(settings(dir))
	for _, c := range cases {
		log.Write(c.entry)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	got := strings.SplitAfter(read(t, dir, "u_ex231229.log"), "\r\n")
	if len(got) != 4+len(cases)+1 {
		t.Fatalf("%d lines, want %d:\n%s", len(got)-1, 4+len(cases), strings.Join(got, ""))
	}
	const fields = "#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\r\n"
	header := strings.Join(got[:2], "") + got[3]
	if header != "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"+fields {
		t.Errorf("header:\n%s", strings.Join(got[:4], ""))
	}
	if _, err := time.Parse("#Date: "+time.DateTime+"\r\n", got[2]); err != nil {
		t.Error(err)
	}
	columns := strings.Fields(fields)[1:]
	for i, c := range cases {
		have, want := strings.Split(strings.TrimSuffix(got[4+i], "\r\n"), " "), strings.Split(c.want, " ")
		if len(have) != len(want) {
			t.Errorf("line %q, want %q", got[4+i], c.want)
			continue
		}
		for f := range want {
			if have[f] != want[f] {
				t.Errorf("%s of %q: %q, want %q", columns[f], c.want, have[f], want[f])
			}
		}
	}
}

func TestColumns(t *testing.T) {
	full := &w3clog.Entry{
		Time: at("2018-10-11 03:58:06"), ClientIP: netip.MustParseAddr("fe80::1%eth0"), ClientPort: 50000, UserName: `PC\ann`, SiteName: "FTPSVC2",
		ComputerName: "PC", Host: "ftp.example.com", ServerIP: netip.MustParseAddr("30.3.4.1"), ServerPort: 21, Method: "USER",
		Argument: "administrator", Status: 331, BytesSent: 42, BytesReceived: 20, TimeTaken: 1999 * time.Microsecond, Session: "s", FullPath: "/", Info: "some text",
	}
	for _, c := range []struct {
		name   string
		fields w3clog.Fields
		entry  *w3clog.Entry
		want   string
	}{
		{
			"byte counters", w3clog.DefaultFields&^(w3clog.UserName|w3clog.ServerIP|w3clog.ServerPort) | w3clog.BytesSent | w3clog.BytesRecv | w3clog.TimeTaken, full,
			"#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-win32-status sc-substatus sc-bytes cs-bytes time-taken x-session x-fullpath\r\n" +
				"2018-10-11 03:58:06 fe80::1 USER administrator 331 0 0 42 20 1 s /\r\n",
		},
		{
			"everything", 1<<27 - 1, full,
			"#Fields: date time c-ip c-port cs-username s-sitename s-computername cs-host s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus sc-bytes cs-bytes time-taken x-session x-fullpath x-debug\r\n" +
				"2018-10-11 03:58:06 fe80::1 50000 PC\\ann FTPSVC2 PC ftp.example.com 30.3.4.1 21 USER administrator 331 0 0 42 20 1 s / some+text\r\n",
		},
		{
			"nothing known", 1<<27 - 1, &w3clog.Entry{Time: at("2018-10-11 03:58:06")},
			"2018-10-11 03:58:06 - - - - - - - - - - - 0 0 0 0 0 - - -\r\n",
		},
		{"a header from a client", w3clog.Method | w3clog.UriStem, &w3clog.Entry{Method: "#Fields:", Argument: "date"}, "?Fields: date\r\n"},
	} {
		dir := t.TempDir()
		files := w3clog.NewFiles(nil)
		s := settings(dir)
		s.Fields, s.Period = c.fields, w3clog.MaxSize
		files.Open(s).Write(c.entry)
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, dir, "u_extend1.log"); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s:\n%s", c.name, got)
		}
	}
}

func TestNoColumnsNoFile(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(nil)
	s := settings(dir)
	s.Fields = w3clog.PhysicalPath
	files.Open(s).Write(event("2023-12-29 00:00:00", "NOOP"))
	if err := files.Close(); err != nil || names(t, dir) != "" {
		t.Errorf("files %q, error %v", names(t, dir), err)
	}
}

func TestSelective(t *testing.T) {
	entries := []*w3clog.Entry{
		{Method: "good", Status: 226},
		{Method: "refused", Status: 550, Win32: 5, SubStatus: 1},
		{Method: "broken", Status: 0, Win32: 64},
		{Method: "infra", Infrastructure: true},
		{Method: "badinfra", Infrastructure: true, Status: 501},
	}
	for _, c := range []struct {
		selective w3clog.Selective
		want      string
	}{
		{w3clog.LogSuccessful, "good"},
		{w3clog.LogError, "refused broken"},
		{w3clog.LogInfrastructure, "infra badinfra"},
		{w3clog.LogSuccessful | w3clog.LogError, "good refused broken"},
		{7, "good refused broken infra badinfra"},
	} {
		dir := t.TempDir()
		files := w3clog.NewFiles(nil)
		s := settings(dir)
		s.Selective = c.selective
		log := files.Open(s)
		for _, e := range entries {
			e.Time = at("2023-12-29 00:00:00")
			log.Write(e)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if got := methods(t, dir, "u_ex231229.log"); got != c.want {
			t.Errorf("selective %d: %q, want %q", c.selective, got, c.want)
		}
	}
}

func TestDisabledLogIsNil(t *testing.T) {
	files := w3clog.NewFiles(nil)
	log := files.Open(w3clog.Settings{Directory: t.TempDir()})
	if log != nil {
		t.Error("a disabled log was opened")
	}
	log.Write(event("2023-12-29 00:00:00", "NOOP"))
}

func TestFileNames(t *testing.T) {
	times := []string{
		"2024-01-31 23:59:59", "2024-02-01 00:00:00", "2024-02-07 23:59:59", "2024-02-08 00:00:00",
		"2024-02-29 22:59:59", "2024-02-29 23:00:00",
	}
	for _, c := range []struct {
		period w3clog.Period
		utf8   bool
		want   string
	}{
		{w3clog.Hourly, true, "u_ex24013123.log u_ex24020100.log u_ex24020723.log u_ex24020800.log u_ex24022922.log u_ex24022923.log"},
		{w3clog.Daily, true, "u_ex240131.log u_ex240201.log u_ex240207.log u_ex240208.log u_ex240229.log"},
		{w3clog.Weekly, true, "u_ex240105.log u_ex240201.log u_ex240202.log u_ex240205.log"},
		{w3clog.Monthly, true, "u_ex2401.log u_ex2402.log"},
		{w3clog.MaxSize, true, "u_extend1.log"},
		{w3clog.Daily, false, "ex240131.log ex240201.log ex240207.log ex240208.log ex240229.log"},
		{w3clog.MaxSize, false, "extend1.log"},
	} {
		dir := t.TempDir()
		files := w3clog.NewFiles(nil)
		s := settings(dir)
		s.Period, s.UTF8 = c.period, c.utf8
		log := files.Open(s)
		for _, when := range times {
			// One flush for all: the batch itself must keep files apart.
			log.Write(event(when, "NOOP"))
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); got != c.want {
			t.Errorf("period %d: %s, want %s", c.period, got, c.want)
		}
	}
}

// Events of several sessions arrive a little out of order; a late one must not
// open yesterday's file again, but a clock that was set back must.
func TestOrderAtMidnight(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(nil)
	log := files.Open(settings(dir))
	log.Write(event("2024-01-01 23:59:58", "A"))
	log.Write(event("2024-01-02 00:00:01", "B"))
	log.Write(event("2024-01-01 23:59:59", "C"))
	log.Write(event("2024-01-02 00:00:02", "D"))
	log.Write(event("2023-06-01 12:00:00", "E"))
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"u_ex240101.log": "A", "u_ex240102.log": "B C D", "u_ex230601.log": "E"} {
		if got := methods(t, dir, name); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
}

func TestHeaderAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(files *w3clog.Files, fields w3clog.Fields, n int) {
		s := settings(dir)
		s.Fields = fields
		log := files.Open(s)
		for range n {
			log.Write(event("2024-01-01 00:00:00", "NOOP"))
		}
	}
	headers := func() int { return strings.Count(read(t, dir, "u_ex240101.log"), "#Fields:") }
	files := w3clog.NewFiles(nil)
	write(files, w3clog.DefaultFields, 2)
	flush(t, files)
	write(files, w3clog.DefaultFields, 2) // a reload that changed nothing
	flush(t, files)
	if got := headers(); got != 1 {
		t.Errorf("%d headers without a change, want 1", got)
	}
	write(files, w3clog.DefaultFields|w3clog.BytesSent, 2)
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if got := headers(); got != 2 {
		t.Errorf("%d headers after a change of fields, want 2", got)
	}
	again := w3clog.NewFiles(nil) // a restart
	write(again, w3clog.DefaultFields, 1)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if got := headers(); got != 3 {
		t.Errorf("%d headers after a restart, want 3", got)
	}
}

// A line that a crash left unfinished is ended before anything follows.
func TestUnfinishedLineIsEnded(t *testing.T) {
	for torn, want := range map[string]string{
		"2024-01-01 00:00:0":   "2024-01-01 00:00:0\r\n#Software",
		"2024-01-01 00:00:0\r": "2024-01-01 00:00:0\r\n#Software",
		"2024-01-01 - -\r\n":   "2024-01-01 - -\r\n#Software",
		"\xe2\x82":             "\xe2\x82\r\n#Software",
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, "u_ex240101")
		for _, extension := range []string{".log", ".json"} {
			if err := os.WriteFile(name+extension, []byte(torn), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		files := w3clog.NewFiles(nil)
		s := settings(dir)
		s.JSON = true
		files.Open(s).Write(event("2024-01-01 00:00:00", "NOOP"))
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, dir, "u_ex240101.log"); !strings.HasPrefix(got, want) {
			t.Errorf("file:\n%s", got)
		}
		lines := strings.SplitAfter(read(t, dir, "u_ex240101.json"), "\n")
		if len(lines) != 3 || jsonLines(t, lines[1]) != 1 {
			t.Errorf("JSON: %q", lines)
		}
	}
}

func TestMaxSize(t *testing.T) {
	dir := t.TempDir()
	s := settings(dir)
	s.Period, s.TruncateSize = w3clog.MaxSize, 1 // counts as the minimum
	fill := func(n int) {
		files := w3clog.NewFiles(nil)
		log := files.Open(s)
		e := event("2024-01-01 00:00:00", "STOR")
		e.Argument = strings.Repeat("x", 1000)
		for range n {
			log.Write(e)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fill(2500)
	if got, want := names(t, dir), "u_extend1.log u_extend2.log u_extend3.log"; got != want {
		t.Fatalf("files %s, want %s", got, want)
	}
	fill(1) // a restart goes on with the last file
	fill(1000)
	if got, want := names(t, dir), "u_extend1.log u_extend2.log u_extend3.log u_extend4.log"; got != want {
		t.Fatalf("files %s, want %s", got, want)
	}
	total := 0
	for name := range strings.FieldsSeq(names(t, dir)) {
		text := read(t, dir, name)
		if int64(len(text)) > w3clog.MinTruncateSize {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		if !strings.HasPrefix(text, "#Software") || !strings.HasSuffix(text, "\r\n") {
			t.Errorf("%s does not hold whole lines under a header", name)
		}
		total += strings.Count(text, " STOR ")
	}
	if total != 3501 {
		t.Errorf("%d lines, want 3501", total)
	}
}

func TestRunFlushesWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		files := w3clog.NewFiles(func(err error) { t.Error(err) })
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- files.Run(ctx) }()
		time.Sleep(300 * time.Millisecond)
		files.Open(settings(dir)).Write(event("2024-01-01 00:00:00", "A"))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := methods(t, dir, "u_ex240101.log"); got != "A" {
			t.Errorf("after a second: %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseTellsWhatIsLost(t *testing.T) {
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files := w3clog.NewFiles(nil)
	log := files.Open(settings(filepath.Join(blocker, "FTPSVC1")))
	log.Write(event("2024-01-01 00:00:00", "A"))
	log.Write(event("2024-01-01 00:00:00", "A"))
	if err := files.Close(); !errors.Is(err, w3clog.ErrLost) || !strings.Contains(err.Error(), "lost: 2") {
		t.Errorf("error %v", err)
	}
	log.Write(event("2024-01-01 00:00:00", "A")) // ignored
}

func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	files := w3clog.NewFiles(func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(context.Background())
	var run, writers sync.WaitGroup
	run.Go(func() { _ = files.Run(ctx) })
	for range 8 {
		writers.Go(func() {
			log := files.Open(settings(dir))
			for range 5000 {
				log.Write(event("2024-01-01 00:00:00", "NOOP"))
			}
		})
	}
	writers.Wait()
	cancel()
	run.Wait()
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	text := read(t, dir, "u_ex240101.log")
	if got := strings.Count(text, " NOOP "); got != 40000 {
		t.Errorf("%d lines, want 40000", got)
	}
	if got := strings.Count(text, "#Fields"); got != 1 {
		t.Errorf("%d headers, want 1", got)
	}
}

func TestWriteDoesNotAllocate(t *testing.T) {
	files := w3clog.NewFiles(nil)
	log := files.Open(settings(t.TempDir()))
	e := full()
	for range 10000 { // the memory of both batches
		log.Write(e)
	}
	flush(t, files)
	for range 10000 {
		log.Write(e)
	}
	flush(t, files)
	if n := testing.AllocsPerRun(5000, func() {
		own := *e // the caller's entry need not be on the heap either
		log.Write(&own)
	}); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
}

func full() *w3clog.Entry {
	return &w3clog.Entry{
		Time: at("2023-12-29 08:01:24"), ClientIP: netip.MustParseAddr("10.211.55.53"), UserName: `HELPER4A5F\demo`,
		ServerIP: netip.MustParseAddr("10.211.55.52"), ServerPort: 21, Method: "RETR", Argument: "demo file.txt", Status: 226,
		Session: "a7a1e257-031a-4565-a980-d046ace326fb", FullPath: "/success/demo file.txt",
	}
}

func BenchmarkWrite(b *testing.B) {
	files := w3clog.NewFiles(nil)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = files.Run(ctx) })
	log := files.Open(settings(b.TempDir()))
	e := full()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			log.Write(e)
		}
	})
	cancel()
	run.Wait()
	_ = files.Close()
}
