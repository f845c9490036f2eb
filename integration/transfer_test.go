//go:build integration

package integration_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const mebibyte = 1 << 20

// TestCurlEveryMode moves a file both ways over each kind of data connection
// and address family.
func TestCurlEveryMode(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	modes := []struct {
		name, host, said string
		args             []string
	}{
		{"EPSV over IPv4", "127.0.0.1", "> EPSV", nil},
		{"PASV", "127.0.0.1", "> PASV", []string{"--disable-epsv"}},
		{"EPRT over IPv4", "127.0.0.1", "> EPRT |1|", []string{"--ftp-port", "-"}},
		{"PORT", "127.0.0.1", "> PORT", []string{"--ftp-port", "-", "--disable-eprt"}},
		{"EPSV over IPv6", "::1", "> EPSV", nil},
		{"EPRT over IPv6", "::1", "> EPRT |2|", []string{"--ftp-port", "-"}},
	}
	local := randomFile(t, "data.bin", 3*mebibyte+17)
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			url := s.url(m.host, "/a%20b%20%C3%A4%E2%82%AC.bin")
			_, talk := mustCurl(t, "user2", append(m.args, "--upload-file", local, url)...)
			want(t, "upload", talk, m.said, "< 226 Transfer complete.")
			sameFile(t, filepath.Join(content(s.home), "a b ä€.bin"), local)
			back := filepath.Join(t.TempDir(), "back.bin")
			_, talk = mustCurl(t, "user2", append(m.args, "--output", back, url)...)
			want(t, "download", talk, m.said, "< 226 Transfer complete.")
			sameFile(t, back, local)
			mustCurl(t, "user2", append(m.args, "--quote", "-DELE a b ä€.bin", s.url(m.host, "/"))...)
		})
	}
}

// TestCurlResumes: a download goes on where it stopped, an upload is appended.
func TestCurlResumes(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	local := randomFile(t, "whole.bin", 2*mebibyte+1)
	data, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	remote := filepath.Join(content(s.home), "part.bin")
	writeFile(t, remote, data[:700_001])
	_, talk := mustCurl(t, "user1", "--continue-at", "-", "--upload-file", local, s.url("127.0.0.1", "/part.bin"))
	want(t, "upload", talk, "> APPE part.bin")
	sameFile(t, remote, local)

	part := filepath.Join(t.TempDir(), "part.bin")
	writeFile(t, part, data[:1_234_567])
	_, talk = mustCurl(t, "user1", "--continue-at", "-", "--output", part, s.url("127.0.0.1", "/part.bin"))
	want(t, "download", talk, "> REST 1234567", "< 350 Restarting at 1234567.")
	sameFile(t, part, local)
}

// TestLftpMirrors takes a tree there and back, with names that need care. Over
// IPv6 lftp 4.9 announces the address "::" for active transfers, where nobody
// can connect to; the other clients cover that mode.
func TestLftpMirrors(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	tree := t.TempDir()
	for _, name := range []string{"plain.txt", "with space.txt", "ümläut/naïve.txt", "deep/er/and er/file.bin", "日本/語.txt", "a#b%20c.txt", "-dash.txt", "[x].txt"} {
		writeFile(t, filepath.Join(tree, name), []byte(strings.Repeat(name+"\n", 1000)))
	}
	for _, c := range []struct{ name, host, passive string }{
		{"IPv4 passive", "127.0.0.1", "on"},
		{"IPv4 active", "127.0.0.1", "off"},
		{"IPv6 passive", "::1", "on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			back := filepath.Join(t.TempDir(), "back")
			out := mustLftp(t, s, c.host, "user3",
				"set ftp:passive-mode "+c.passive,
				"mirror --reverse "+tree+" tree",
				"mirror tree "+back,
				"mv tree/plain.txt 'tree/moved here.txt'",
				"cls -1 tree",
				"rm -r tree", "cls -1")
			want(t, "listing", out, "moved here.txt")
			if strings.Contains(out[strings.LastIndex(out, "moved here.txt"):], "tree/\n") {
				t.Errorf("tree still there:\n%s", out)
			}
			if diff, _, code := program(t, "", "diff", "-r", tree, back); code != 0 {
				t.Errorf("mirrored tree differs:\n%s", diff)
			}
		})
	}
}

// TestLftpInPieces downloads one file over four connections with REST, and
// resumes both ways.
func TestLftpInPieces(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	local := randomFile(t, "big.bin", 20*mebibyte+3)
	dir := t.TempDir()
	pieces := filepath.Join(dir, "pieces.bin")
	mustLftp(t, s, "127.0.0.1", "user2", "put "+local, "pget -n 4 big.bin -o "+pieces)
	sameFile(t, filepath.Join(content(s.home), "big.bin"), local)
	sameFile(t, pieces, local)

	part := filepath.Join(dir, "part.bin")
	data, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, part, data[:5*mebibyte])
	writeFile(t, filepath.Join(content(s.home), "up.bin"), data[:7*mebibyte])
	mustLftp(t, s, "127.0.0.1", "user2", "get -c big.bin -o "+part, "put -c "+local+" -o up.bin")
	sameFile(t, part, local)
	sameFile(t, filepath.Join(content(s.home), "up.bin"), local)
}

// TestPythonFtplib drives testdata/tour.py in each mode and family.
func TestPythonFtplib(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	for _, l := range loopback {
		for _, mode := range []string{"passive", "active"} {
			t.Run(l.family+" "+mode, func(t *testing.T) {
				out, talk, code := program(t, "", "python3", "testdata/tour.py", l.host, s.control(), "user4", password("user4"), mode)
				if code != 0 || out != "done\n" {
					t.Errorf("exit status %d\n%s%s", code, out, talk)
				}
			})
		}
	}
}

// TestTnftp is a session at the keyboard, in each mode and family.
func TestTnftp(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	local := randomFile(t, "local.bin", mebibyte+5)
	for _, c := range []struct {
		name, host string
		flags      []string
	}{
		{"IPv4 passive", "127.0.0.1", []string{"-p"}},
		{"IPv4 active", "127.0.0.1", []string{"-A"}},
		{"IPv6 passive", "::1", []string{"-p"}},
		{"IPv6 active", "::1", []string{"-A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			back := filepath.Join(dir, "back.bin")
			talk := tnftp(t, s, c.host, "user1", c.flags,
				"mkdir \"my dir\"", "cd \"my dir\"", "pwd",
				"put "+local+" first.dat", "put "+local+" second.dat",
				"rename first.dat \"third one.dat\"", "get \"third one.dat\" "+back,
				"lcd "+dir, "mget *.dat", "dir",
				"delete second.dat", "delete \"third one.dat\"", "cd ..", "rmdir \"my dir\"")
			want(t, "tnftp", talk,
				`257 "my dir" directory created.`, "250 CWD command successful.",
				"226 Transfer complete.", "250 RNTO command successful.", "third one.dat",
				"250 DELE command successful.", "250 RMD command successful.")
			for _, name := range []string{back, filepath.Join(dir, "second.dat"), filepath.Join(dir, "third one.dat")} {
				sameFile(t, name, local)
			}
		})
	}
}

// TestBrokenUpload: with keepPartialUploads what arrived stays and REST goes
// on from there; without it nothing stays.
func TestBrokenUpload(t *testing.T) {
	for _, c := range []struct {
		keep string
		left bool
	}{{"true", true}, {"false", false}} {
		t.Run("keepPartialUploads "+c.keep, func(t *testing.T) {
			home := newHome(t, "")
			configure(t, home, "scenario", `keepPartialUploads="true"`, `keepPartialUploads="`+c.keep+`"`)
			s := serve(t, home)
			remote := filepath.Join(content(home), "broken.bin")
			local := randomFile(t, "whole.bin", mebibyte)
			data, err := os.ReadFile(local)
			if err != nil {
				t.Fatal(err)
			}
			d := login(t, "127.0.0.1", s.port, "user1")
			d.say("TYPE I", "200 ")
			c1 := d.passive()
			d.say("STOR broken.bin", "1")
			if _, err := c1.Write(data[:mebibyte/2]); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the bytes arrive", func() bool { i, err := os.Stat(remote); return err == nil && i.Size() == mebibyte/2 })
			_ = d.conn.Close()
			eventually(t, "the server has noticed", func() bool { return strings.Contains(readLog(t, home), " STOR broken.bin ") })
			if _, err := os.Stat(remote); (err == nil) != c.left {
				t.Fatalf("what is left of the file: %v", err)
			}
			if !c.left {
				return
			}
			d = login(t, "127.0.0.1", s.port, "user1")
			d.say("TYPE I", "200 ")
			d.say("SIZE broken.bin", "213 524288")
			c2 := d.passive()
			d.say("REST 524288", "350 ")
			d.say("STOR broken.bin", "1")
			if _, err := c2.Write(data[mebibyte/2:]); err != nil {
				t.Fatal(err)
			}
			_ = c2.Close()
			d.expect("226 ")
			sameFile(t, remote, local)
		})
	}
}

// TestAbort stops a download in the middle and goes on in the same session.
func TestAbort(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	writeFile(t, filepath.Join(content(s.home), "long.bin"), make([]byte, 64*mebibyte))
	d := login(t, "::1", s.port, "user1")
	d.say("TYPE I", "200 ")
	c := d.passive()
	d.say("RETR long.bin", "1")
	if _, err := io.ReadFull(c, make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	d.say("ABOR", "426 ")
	d.expect("226 ABOR command successful.")
	d.say("PWD", `257 "/" is current directory.`)
	if got := d.fetch("NLST test.txt"); got != "test.txt\r\n" {
		t.Errorf("NLST after ABOR: %q", got)
	}
}

// eventually waits for a condition, at most five seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
