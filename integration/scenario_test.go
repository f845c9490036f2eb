//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhoMayDoWhat is the setting of `ftphost init`: both groups read and
// write, anonymous reads, user3 is kept from one file.
func TestWhoMayDoWhat(t *testing.T) {
	home := newHome(t, "scenario")
	s := serve(t, home)
	for _, user := range append([]string{""}, users...) {
		name := user
		if user == "" {
			name = "anonymous"
		}
		t.Run(name, func(t *testing.T) {
			reads(t, s, user, "computer.txt")
			if user == "user3" {
				refusedFile(t, s, user, "test.txt")
			} else {
				reads(t, s, user, "test.txt")
			}
			out, _ := mustCurl(t, user, s.url("127.0.0.1", "/"))
			want(t, "listing", out, "test.txt", "computer.txt")
			names, _ := mustCurl(t, user, "--list-only", s.url("127.0.0.1", "/"))
			want(t, "names", names, "test.txt\n", "computer.txt\n")
			writes(t, s, user)
		})
	}
}

func reads(t *testing.T, s *server, user, file string) {
	t.Helper()
	out, _ := mustCurl(t, user, s.url("127.0.0.1", "/"+file))
	data, err := os.ReadFile(filepath.Join(content(s.home), file))
	if err != nil {
		t.Fatal(err)
	}
	if out != string(data) {
		t.Errorf("%s: got %q, want %q", file, out, data)
	}
}

func refusedFile(t *testing.T, s *server, user, file string) {
	t.Helper()
	out, talk, code := curl(t, user, s.url("127.0.0.1", "/"+file))
	if code == 0 || out != "" {
		t.Errorf("%s got %s: exit status %d, %q", user, file, code, out)
	}
	want(t, file, talk, "< 550 Access is denied. \r\n")
}

func writes(t *testing.T, s *server, user string) {
	t.Helper()
	local := randomFile(t, "up.bin", 100_000)
	remote := "from " + user + ".bin"
	_, talk, code := curl(t, user, "--upload-file", local, s.url("127.0.0.1", "/"+strings.ReplaceAll(remote, " ", "%20")))
	if user == "" {
		if code == 0 {
			t.Errorf("anonymous could write")
		}
		want(t, "anonymous upload", talk, "< 550 Access is denied. \r\n")
		if _, err := os.Stat(filepath.Join(content(s.home), remote)); err == nil {
			t.Errorf("anonymous left a file")
		}
		return
	}
	if code != 0 {
		t.Fatalf("upload by %s: exit status %d\n%s", user, code, talk)
	}
	sameFile(t, filepath.Join(content(s.home), remote), local)
}

// TestRefusedOtherwise is the same rule asked in other ways: each verb that
// reads or changes a file, and a name in other letters.
func TestRefusedOtherwise(t *testing.T) {
	s := serve(t, newHome(t, "scenario"))
	d := login(t, "127.0.0.1", s.port, "user3")
	d.say("TYPE I", "200 ")
	for _, name := range []string{"test.txt", "TEST.TXT", "/test.txt", "./x/../test.txt", `\Test.txt`, "test.txt."} {
		d.say("SIZE "+name, "550 Access is denied. ")
		c := d.passive()
		d.say("RETR "+name, "550 Access is denied. ")
		_ = c.Close()
	}
	anonymous := dial(t, "127.0.0.1", s.port)
	anonymous.say("USER anonymous", "331 ")
	anonymous.say("PASS guest@example.com", "230 ")
	for _, line := range []string{"DELE computer.txt", "MKD new", "RNFR computer.txt"} {
		anonymous.say(line, "550 Access is denied. ")
	}
	stranger := dial(t, "127.0.0.1", s.port)
	stranger.say("USER user1", "331 ")
	stranger.say("PASS wrong", "530 User cannot log in.")
	stranger.say("RETR computer.txt", "530 Please login with USER and PASS.")
}

// TestPassivePortsAndAddress: the range of the configuration moved by the
// offset, and the external address in 227.
func TestPassivePortsAndAddress(t *testing.T) {
	home := newHome(t, "")
	configure(t, home, "scenario", `externalIp4Address="127.0.0.1"`, `externalIp4Address="203.0.113.7"`)
	s := serve(t, home)
	d := login(t, "127.0.0.1", s.port, "user1")
	for range 3 {
		var a, b, c, e, high, low int
		reply := d.say("PASV", "227 Entering Passive Mode (203,0,113,7,")
		if _, err := fmt.Sscanf(reply, "227 Entering Passive Mode (%d,%d,%d,%d,%d,%d).", &a, &b, &c, &e, &high, &low); err != nil {
			t.Fatalf("%q: %v", reply, err)
		}
		inRange(t, s, high<<8|low)
		var port int
		reply = d.say("EPSV", "229 ")
		if _, err := fmt.Sscanf(reply, "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
			t.Fatalf("%q: %v", reply, err)
		}
		inRange(t, s, port)
	}
}

func inRange(t *testing.T, s *server, port int) {
	t.Helper()
	if p := port - s.offset; p < passiveLow || p > passiveHigh {
		t.Errorf("passive port %d is %d without the offset, outside %d-%d", port, p, passiveLow, passiveHigh)
	}
}

// TestSample serves what `ftphost init` creates, as it is.
func TestSample(t *testing.T) {
	home := newHome(t, "")
	findings, talk, code := command(t, "", "check", "--home", home)
	if code != 0 {
		t.Fatalf("check of the sample: exit status %d\n%s%s", code, findings, talk)
	}
	if all, meant := strings.Count(findings, "\n"), strings.Count(findings, "this Deny wins for user user3"); all != 2 || meant != 2 {
		t.Errorf("check of the sample finds more, or less, than its one Deny below an Allow:\n%s", findings)
	}
	s := serve(t, home)
	reads(t, s, "", "test.txt")
	for _, user := range users {
		reads(t, s, user, "computer.txt")
		writes(t, s, user)
	}
	// This client is on the server's machine and so gets the details.
	_, talk, code = curl(t, "user3", s.url("127.0.0.1", "/test.txt"))
	if code == 0 {
		t.Error("user3 got test.txt")
	}
	want(t, "test.txt", talk, "< 550-Access is denied. \r\n", "<  Error details: Authorization rules denied the access.\r\n", "< 550 End\r\n")
}

// TestSampleEncrypts takes both sites of the sample in TLS, checking the
// certificates that init made.
func TestSampleEncrypts(t *testing.T) {
	s := serve(t, newHome(t, ""))
	const one, two = "ftpsite01.com", "ftpsite02.com"
	implicit := s.offset + 990
	certificate := func(site string) string { return filepath.Join(s.home, "certificates", "MY", site+".pem") }
	for _, c := range []struct{ name, user, url, certificate, lists string }{
		{"explicit", "", s.url("localhost", "/"), one, "computer.txt"},
		{"explicit by name", "user1", s.url(two, "/"), two, "welcome.txt"},
		{"implicit", "user2", fmt.Sprintf("ftps://localhost:%d/", implicit), two, "welcome.txt"},
		{"implicit by name", "user1", fmt.Sprintf("ftps://%s:%d/", two, implicit), two, "welcome.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, talk := mustCurl(t, c.user, "--ssl-reqd", "--cacert", certificate(c.certificate),
				"--resolve", fmt.Sprintf("%s:%d:127.0.0.1", two, s.port), "--resolve", fmt.Sprintf("%s:%d:127.0.0.1", two, implicit), c.url)
			want(t, "listing", out, c.lists)
			if greeted := strings.Contains(talk, "Welcome to ftpsite02.com, "+c.user+"."); greeted != (c.certificate == two) {
				t.Errorf("greeting of %s: %v\n%s", two, greeted, talk)
			}
		})
	}
}

// TestSampleByHostName: who gets into the second site of port 21, in each
// spelling that names it, and who does not.
func TestSampleByHostName(t *testing.T) {
	s := serve(t, newHome(t, ""))
	for _, c := range []struct{ user, account, reply string }{
		{`ftpsite02.com|user1`, "user1", "230 "},
		{`ftpsite02.com\user2`, "user2", "230 "},
		{`ftpsite02.com|user3`, "user3", "530 "}, // of the other group
		{`nosuch.example|user1`, "user1", "530 "},
	} {
		t.Run(c.user, func(t *testing.T) {
			args := []string{"--silent", "--show-error", "--verbose", "--max-time", "50", "--user", c.user + ":" + password(c.account)}
			out, talk, code := program(t, "", "curl", append(args, s.url("127.0.0.1", "/"))...)
			if (code == 0) != (c.reply == "230 ") {
				t.Fatalf("exit status %d, %s expected\n%s", code, c.reply, talk)
			}
			want(t, "conversation", talk, "< "+c.reply)
			if code == 0 {
				want(t, "listing", out, "welcome.txt")
			}
		})
	}
}

// TestSampleKeepsApart: nobody reaches or sees _private, and everybody of the
// second site is at home alone.
func TestSampleKeepsApart(t *testing.T) {
	s := serve(t, newHome(t, ""))
	if list, _ := mustCurl(t, "user1", "--list-only", s.url("127.0.0.1", "/")); list != "computer.txt\ntest.txt\n" {
		t.Errorf("user1 sees %q", list)
	}
	if out, talk, code := curl(t, "user1", s.url("127.0.0.1", "/_private/private.txt")); code == 0 {
		t.Errorf("user1 gets %q\n%s", out, talk)
	}
	implicit := fmt.Sprintf("ftps://localhost:%d", s.offset+990)
	for _, user := range []string{"user1", "user2"} {
		out, _ := mustCurl(t, user, "--insecure", implicit+"/welcome.txt")
		want(t, user, out, "in the home of "+user)
		for _, path := range []string{"/../user1/welcome.txt", "/LocalUser/user2/welcome.txt", "/../user2/../../LocalUser/user1/welcome.txt"} {
			if out, _, code := curl(t, user, "--insecure", "--path-as-is", implicit+path); code == 0 {
				t.Errorf("%s gets %s: %q", user, path, out)
			}
		}
	}
}
