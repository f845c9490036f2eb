package ftp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
)

// said is one answer of ReadLine.
type said struct {
	line string
	err  error
}

// readAll reads lines until the end or an error that ends reading.
func readAll(t *testing.T, r *ftp.Reader) []said {
	t.Helper()
	var all []said
	for range 10_000 {
		line, err := r.ReadLine()
		if err != nil && len(line) > 0 {
			t.Errorf("line %q with error %v", line, err)
		}
		if errors.Is(err, io.EOF) {
			return all
		}
		all = append(all, said{string(line), err})
		if err != nil && !errors.Is(err, ftp.ErrBareLF) && !errors.Is(err, ftp.ErrLineTooLong) {
			return all
		}
	}
	t.Fatal("no end")
	return nil
}

func line(text string) said { return said{line: text} }

var (
	bareLF  = said{err: ftp.ErrBareLF}
	tooLong = said{err: ftp.ErrLineTooLong}
	cutOff  = said{err: io.ErrUnexpectedEOF}
)

func TestReader(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []said
	}{
		{"nothing", "", nil},
		{"one", "NOOP\r\n", []said{line("NOOP")}},
		{"empty line", "\r\n", []said{line("")}},
		{"several", "USER a\r\nPASS b\r\n\r\nQUIT\r\n", []said{line("USER a"), line("PASS b"), line(""), line("QUIT")}},
		{"bare LF", "NOOP\nQUIT\r\n", []said{bareLF, line("QUIT")}},
		{"bare LF alone", "\n\nQUIT\r\n", []said{bareLF, bareLF, line("QUIT")}},
		{"CR within", "a\rb\r\r\nc\r\n", []said{line("a\rb\r"), line("c")}},
		{"cut off", "NOOP\r\nQUI", []said{line("NOOP"), cutOff}},
		{"cut off after CR", "QUIT\r", []said{cutOff}},
		{"bytes", "DELE \x00\xe9\xc3\xa9\x80\r\n", []said{line("DELE \x00\xe9\xc3\xa9\x80")}},
		{"longest", "aaaaaaaaaa\r\nb\r\n", []said{line("aaaaaaaaaa"), line("b")}},
		{"too long", "aaaaaaaaaaa\r\nb\r\n", []said{tooLong, line("b")}},
		{"too long with CR", "aaaaaaaaaa\rx\r\nb\r\n", []said{tooLong, line("b")}},
		{"too long, LF inside", "aaaaaaaaaaaaaa\nRETR x\r\nb\r\n", []said{tooLong, line("b")}},
		{"too long by one, LF", "aaaaaaaaaaa\nRETR x\r\nb\r\n", []said{tooLong, line("b")}},
		{"too long, no end", "aaaaaaaaaaaaaaaaaaaaaa", []said{cutOff}},
		{"very long", strings.Repeat("x", 3*ftp.DefaultLineLimit) + "\r\nb\r\n", []said{tooLong, line("b")}},
		{"telnet abort", "\xff\xf4\xff\xf2ABOR\r\n", []said{line("ABOR")}},
		{"telnet abort, IAC taken as urgent", "\xff\xf4\xf2ABOR\r\n", []said{line("ABOR")}},
		{"telnet abort, DM taken as urgent", "\xff\xf4\xffABOR\r\n", []said{line("ABOR")}},
		{"telnet option", "\xff\xfd\x06NOOP\r\n", []said{line("NOOP")}},
		{"telnet subnegotiation", "\xff\xfa\x18\x01\xff\xf0NOOP\r\n", []said{line("NOOP")}},
		{"telnet inside", "NO\xff\xf1OP\r\n", []said{line("NOOP")}},
		{"telnet doubled", "CWD \xff\xff\r\n", []said{line("CWD \xff")}},
		{"not telnet", "CWD \xffa\xff\r\n", []said{line("CWD \xffa\xff")}},
		{"telnet cut off", "CWD \xff\xfd\r\n", []said{line("CWD ")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"with the end": iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				lines := ftp.NewReader(r)
				lines.SetLimit(10)
				compare(t, how, readAll(t, lines), tt.want)
			}
		})
	}
}

func compare(t *testing.T, how string, got, want []said) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %+v, want %+v", how, got, want)
	}
	for i := range got {
		if got[i].line != want[i].line || !errors.Is(got[i].err, want[i].err) {
			t.Errorf("%s: got %+v, want %+v", how, got, want)
		}
	}
}

func TestReaderLongLines(t *testing.T) {
	long := strings.Repeat("y", 100_000)
	r := ftp.NewReader(strings.NewReader("a\r\n" + long + "\r\nb\r\n"))
	r.SetLimit(len(long))
	compare(t, "long", readAll(t, r), []said{line("a"), line(long), line("b")})
}

func TestReaderPipelining(t *testing.T) {
	r := ftp.NewReader(strings.NewReader("AUTH TLS\r\nSYST\r\nNO"))
	got, err := r.ReadLine()
	if string(got) != "AUTH TLS" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if n := r.Buffered(); n != len("SYST\r\nNO") {
		t.Errorf("Buffered() = %d", n)
	}
	r.Discard()
	if n := r.Buffered(); n != 0 {
		t.Errorf("Buffered() = %d after Discard", n)
	}
	if string(got) != "AUTH TLS" {
		t.Errorf("Discard changed the line to %q", got)
	}
	if got, err := r.ReadLine(); !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v, want the end", got, err)
	}
}

// stuck is a broken reader.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReaderOfNothing(t *testing.T) {
	if _, err := ftp.NewReader(stuck{}).ReadLine(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v", err)
	}
}

// tcpPair returns both ends of a connection over loopback.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client, server
}

func TestReaderOfTCP(t *testing.T) {
	client, server := tcpPair(t)
	long := strings.Repeat("z", 3*ftp.DefaultLineLimit)
	go func() {
		for _, part := range []string{"US", "ER ann\r", "\nNOOP\r\n", "a\n", long, "\r\nQUIT\r\n"} {
			_, _ = io.WriteString(client, part)
			time.Sleep(2 * time.Millisecond)
		}
		_ = client.Close()
	}()
	compare(t, "tcp", readAll(t, ftp.NewReader(server)), []said{line("USER ann"), line("NOOP"), bareLF, tooLong, line("QUIT")})
}

// A deadline interrupts waiting; nothing that had been read is lost.
func TestReaderGoesOnAfterDeadline(t *testing.T) {
	client, server := tcpPair(t)
	r := ftp.NewReader(server)
	for _, sent := range []string{"", "NO", "OP"} {
		if _, err := io.WriteString(client, sent); err != nil {
			t.Fatal(err)
		}
		if err := server.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if got, err := r.ReadLine(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("got %q, %v, want the deadline", got, err)
		}
	}
	if _, err := io.WriteString(client, "\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	got, err := r.ReadLine()
	if string(got) != "NOOP" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	_ = server.Close()
	if _, err := r.ReadLine(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v after Close", err)
	}
}

// BenchmarkIdleReader shows what a waiting session's reader holds.
func BenchmarkIdleReader(b *testing.B) {
	const sessions = 200
	var before, after runtime.MemStats
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var held int64
	for b.Loop() {
		var conns []net.Conn
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range sessions {
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			server, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			conns = append(conns, client, server)
			go func() { _, _ = ftp.NewReader(server).ReadLine() }()
		}
		time.Sleep(50 * time.Millisecond)
		runtime.GC()
		runtime.ReadMemStats(&after)
		held = int64(after.HeapInuse) - int64(before.HeapInuse)
		for _, c := range conns {
			_ = c.Close()
		}
	}
	b.ReportMetric(float64(held)/sessions, "heapB/session")
}

func BenchmarkReadLine(b *testing.B) {
	text := bytes.Repeat([]byte("RETR some/file name.txt\r\n"), 100)
	in := bytes.NewReader(text)
	r := ftp.NewReader(in)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadLine(); err != nil {
			in.Reset(text)
		}
	}
}

// The lines and errors do not depend on how the bytes arrive; a line never has
// its end in it; and what has no Telnet in it arrives unchanged.
func FuzzReader(f *testing.F) {
	f.Add([]byte("USER a\r\nPASS b\nQUIT\r\n"), 3)
	f.Add([]byte("\xff\xf4\xff\xf2ABOR\r\n\xff\xff\r\n"), 1)
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\r\nb\r\n"), 7)
	f.Fuzz(func(t *testing.T, in []byte, chunk int) {
		const limit = 20
		whole := ftp.NewReader(bytes.NewReader(in))
		whole.SetLimit(limit)
		want := readAll(t, whole)
		parts := ftp.NewReader(&chunks{in, 1 + max(chunk, -chunk, 0)%50})
		parts.SetLimit(limit)
		compare(t, "in parts", readAll(t, parts), want)
		var rest string
		for _, s := range want {
			if strings.Contains(s.line, "\n") || len(s.line) > limit {
				t.Errorf("line %q", s.line)
			}
			if s.err == nil {
				rest += s.line + "\r\n"
			}
			if cmd, err := ftp.ParseCommand([]byte(s.line)); err == nil && cmd.HasArg && cmd.Typed+" "+cmd.Arg != s.line {
				t.Errorf("%q became %+v", s.line, cmd)
			}
		}
		plain := bytes.IndexFunc(in, func(r rune) bool { return r >= 0x80 }) < 0
		if plain && allGood(want) && rest != string(in) {
			t.Errorf("%q became %q", in, rest)
		}
	})
}

func allGood(all []said) bool {
	for _, s := range all {
		if s.err != nil {
			return false
		}
	}
	return true
}

// chunks returns at most size bytes at a time.
type chunks struct {
	rest []byte
	size int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.rest[:min(c.size, len(c.rest))])
	c.rest = c.rest[n:]
	return n, nil
}
