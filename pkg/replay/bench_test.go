package replay_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/replay"
)

// year writes about lines lines as IIS writes them in a year: sessions that
// overlap, of hosts and users that come again, who list, read and write files
// that come again seldom. Every user writes where that is not allowed now once
// in a while. It returns how many lines there are, and how many of them differ.
func year(tb testing.TB, name string, lines int) (written, differ int) {
	tb.Helper()
	f, err := os.Create(name) //nolint:gosec // a test names its own files
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 365 * 24 * time.Hour / time.Duration(lines)
	fmt.Fprint(w, fields)
	type talk struct {
		id, ip, user string
		left         int
	}
	say := func(t *talk, verb, arg, code, sub, path string) {
		at = at.Add(step)
		user := `WEB01\` + t.user
		if verb == "USER" || verb == "ControlChannelOpened" {
			user = "-"
		}
		fmt.Fprintf(w, "%s %s %s 10.0.0.1 21 %s %s %s 0 %s %s %s\r\n", at.Format(time.DateTime), t.ip, user, verb, arg, code, sub, t.id, path)
		written++
	}
	talks := make([]*talk, 50)
	for written < lines {
		i := random.IntN(len(talks))
		t := talks[i]
		if t == nil {
			t = &talk{
				id: fmt.Sprintf("%08x-e364-4b1a-ab27-fe9050daa5ea", random.Uint32()), ip: fmt.Sprintf("203.0.113.%d", random.IntN(200)),
				user: []string{"ann", "bob"}[random.IntN(2)], left: random.IntN(30),
			}
			talks[i] = t
			say(t, "ControlChannelOpened", "-", "-", "0", "-")
			say(t, "USER", t.user, "331", "0", "-")
			say(t, "PASS", "***", "230", "0", "/")
			continue
		}
		dir := fmt.Sprintf("/data/%03d", random.IntN(300))
		file := fmt.Sprintf("order+%06d.xml", random.IntN(1_000_000))
		switch n := random.IntN(10); {
		case t.left == 0:
			say(t, "QUIT", "-", "221", "0", "-")
			say(t, "ControlChannelClosed", "-", "-", "0", "-")
			talks[i] = nil
			continue
		case n < 2:
			say(t, "CWD", dir, "250", "0", dir)
		case n < 4:
			say(t, "PASV", "-", "227", "0", "-")
			say(t, "LIST", "-", "226", "0", dir)
		case n < 8:
			say(t, "RETR", file, "226", "0", dir+"/"+file)
		case n < 9:
			say(t, "STOR", file, "550", "1", dir+"/"+file)
		case random.IntN(10) == 0:
			say(t, "STOR", file, "226", "0", dir+"/"+file)
			differ++
		default:
			say(t, "NOOP", "-", "200", "0", "-")
		}
		t.left--
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return written, differ
}

// TestYear finds exactly the lines that differ among many.
func TestYear(t *testing.T) {
	name := filepath.Join(t.TempDir(), "year.log")
	lines, differ := year(t, name, 20_000)
	r := run(t, replay.Options{Site: "main"}, name)
	if differ == 0 || r.Lines != int64(lines) || r.Differ != int64(differ) || len(r.RefusedNow) != 1 {
		t.Errorf("%d of %d lines differ, want %d of %d\n%s", r.Differ, r.Lines, differ, lines, told(r))
	}
}

// BenchmarkReplay replays a year of a million lines; run it with -cpu 1.
func BenchmarkReplay(b *testing.B) {
	name := filepath.Join(b.TempDir(), "year.log")
	lines, _ := year(b, name, 1_000_000)
	snapshot := sites(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := replay.Run(b.Context(), snapshot, replay.Options{Site: "main"}, []string{name}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
