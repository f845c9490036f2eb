//go:build integration

package integration_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLftpMirrorsByMLSD takes a tree there and back, with names that need
// care, listed with MLSD and with times set by MFMT.
func TestLftpMirrorsByMLSD(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	tree := t.TempDir()
	changed := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	names := []string{"plain.txt", "with  spaces.txt", "=;semi;colon;.txt", "ümläut/naïve.txt", "deep/er/and er/file.bin", "日本/語.txt", "[x].txt"}
	for _, name := range names {
		path := filepath.Join(tree, name)
		writeFile(t, path, []byte(strings.Repeat(name+"\n", 1000)))
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range loopback {
		t.Run(l.family, func(t *testing.T) {
			back := filepath.Join(t.TempDir(), "back")
			out := mustLftp(t, s, l.host, "user2", "set ftp:use-mlsd yes", "debug 5",
				"mirror -R "+tree+" tree", "mirror tree "+back, "rm -r tree")
			want(t, "lftp", out, "---> MLSD", "---> MFMT 20210203040506 ", "---> OPTS MLST ")
			for _, name := range names {
				sameFile(t, filepath.Join(back, name), filepath.Join(tree, name))
				info, err := os.Stat(filepath.Join(back, name))
				if err != nil || !info.ModTime().Equal(changed) {
					t.Errorf("%s: %v, want %v (%v)", name, info.ModTime(), changed, err)
				}
			}
		})
	}
}

// TestCurlExtended: what curl can say of it.
func TestCurlExtended(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	data := []byte("0123456789\n")
	writeFile(t, filepath.Join(content(s.home), "digits.txt"), data)
	out, _ := mustCurl(t, "user1", "--request", "MLSD", s.url("127.0.0.1", "/"))
	want(t, "MLSD", out, "type=file;size=11;modify=", ";perm=awdfr;unique=", "; digits.txt\n", "; test.txt\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\n"), "\n") {
		if !strings.HasPrefix(line, "type=") {
			t.Errorf("%q is no line of MLSD", line)
		}
	}
	_, talk := mustCurl(t, "user1", "--list-only",
		"--quote", "HASH digits.txt", "--quote", "XCRC digits.txt 0 5", "--quote", "MLST digits.txt", "--quote", "AVBL",
		"--quote", "MFMT 20240102030405 digits.txt", "--quote", "SITE UTIME 202301020304 digits.txt", s.url("127.0.0.1", "/"))
	want(t, "quotes", talk, fmt.Sprintf("< 213 SHA-256 0-10 %x digits.txt\r\n", sha256.Sum256(data)), "< 250 DDA47024\r\n", "; /digits.txt\r\n",
		"< 213 Modify=20240102030405; digits.txt\r\n", "< 200 SITE UTIME command successful.\r\n")
	info, err := os.Stat(filepath.Join(content(s.home), "digits.txt"))
	if at := time.Date(2023, 1, 2, 3, 4, 0, 0, time.UTC); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("%v, want %v (%v)", info.ModTime(), at, err)
	}
	// Anonymous reads and is told so.
	out, _ = mustCurl(t, "", "--request", "MLSD", s.url("127.0.0.1", "/"))
	want(t, "MLSD", out, ";perm=r;")
	if strings.Contains(out, "perm=aw") {
		t.Errorf("anonymous may write: %s", out)
	}
}

// TestPythonMLSD: ftplib's mlsd() with the facts it chooses.
func TestPythonMLSD(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	for name, text := range map[string]string{"box/a.txt": "four", "box/ü b.txt": "", "box/sub/x": "x"} {
		writeFile(t, filepath.Join(content(s.home), name), []byte(text))
	}
	const script = `
import ftplib, sys
ftp = ftplib.FTP(encoding="utf-8")
ftp.connect("127.0.0.1", int(sys.argv[1]))
ftp.login(sys.argv[2], sys.argv[3])
for name, facts in ftp.mlsd("box", ["type", "size", "perm"]):
    print(name, sorted(facts.items()))
name, facts = next(e for e in ftp.mlsd("box") if e[0] == "a.txt")
print(sorted(facts))
print(ftp.sendcmd("MLST box/a.txt").splitlines()[1].startswith(" type="))
ftp.quit()
`
	out, talk, code := program(t, script, "python3", "-", fmt.Sprint(s.port), "user3", password("user3"))
	const listed = `a.txt [('perm', 'awdfr'), ('size', '4'), ('type', 'file')]
sub [('perm', 'cmpdfel'), ('type', 'dir')]
ü b.txt [('perm', 'awdfr'), ('size', '0'), ('type', 'file')]
`
	if code != 0 || !strings.HasPrefix(out, listed) {
		t.Errorf("exit status %d\n%s%s\nwant %s", code, out, talk, listed)
	}
}

// TestFeatureSets: ftphost.config decides for the server, a location for a
// site; a browser is shown the door.
func TestFeatureSets(t *testing.T) {
	home := newHome(t, "scenario")
	s := serve(t, home)
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("MLST test.txt", "250-Listing /test.txt")
	d.say("RANG 0 3", "350 Restarting at 0. End byte range at 3.")
	d.say("HASH test.txt", "213 SHA-256 0-3 ")
	b := dial(t, "127.0.0.1", s.port)
	b.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nUSER user1", "500 Command not understood.")
	if line, err := b.text.ReadLine(); err == nil {
		t.Errorf("after GET the session goes on: %q", line)
	}
	for begun := time.Now(); !strings.Contains(s.talk.String(), "this client speaks HTTP or SMTP"); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("the log does not tell of the browser:\n%s", s.talk)
		}
	}
	own := filepath.Join(home, "ftphost.config")
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, own, []byte(strings.Replace(string(text), "</configuration>",
		`<location path="ftpsite01.com"><ftpHost><protocol featureSet="Iis" /></ftpHost></location></configuration>`, 1)))
	adminOf(s).reload(t)
	d = login(t, "127.0.0.1", s.port, "user1")
	for _, line := range []string{"MLST test.txt", "MLSD", "HASH test.txt", "CLNT x", "GET / HTTP/1.1"} {
		d.say(line, "500 Command not understood.")
	}
	d.say("MDTM 20240102030405 computer.txt", "213 20240102030405")
}
