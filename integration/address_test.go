//go:build integration

package integration_test

import (
	"cmp"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fromAddress fetches a file with curl bound to an address of this machine, or
// on its own terms for "".
func fromAddress(t *testing.T, s *server, from, host, path string) (out, talk string, code int) {
	t.Helper()
	args := []string{s.url(host, path)}
	if from != "" {
		args = append(args, "--interface", from)
	}
	return curl(t, "", args...)
}

// restrict serves the scenario with ipSecurity at the server level, in one line,
// other locations behind it, and other replacements before.
func restrict(t *testing.T, section, locations string, replace ...string) *server {
	t.Helper()
	home := newHome(t, "")
	configure(t, home, "scenario", append(replace, `highDataChannelPort="6000" />`, `highDataChannelPort="6000" />`+"\n<security>"+section+"</security>",
		"</configuration>", locations+"</configuration>")...)
	return serve(t, home)
}

// TestAddressRestrictions: clients at several addresses of this machine.
func TestAddressRestrictions(t *testing.T) {
	s := restrict(t, `<ipSecurity allowUnlisted="false">`+"\n"+
		`<add ipAddress="127.0.0.3" />`+"\n"+
		`<add ipAddress="127.0.0.0" subnetMask="255.255.255.252" allowed="true" /></ipSecurity>`,
		`<location path="ftpsite01.com/computer.txt"><system.ftpServer><security><ipSecurity><clear /><add ipAddress="127.0.0.2/32" allowed="true" /></ipSecurity></security></system.ftpServer></location>`)
	for _, c := range []struct {
		from, host, path, want string
	}{
		{"127.0.0.2", "127.0.0.1", "/test.txt", "served"},
		{"", "127.0.0.1", "/test.txt", "served"},
		{"127.0.0.3", "127.0.0.1", "/test.txt", "421 Service not available, closing control connection."},
		{"127.0.0.4", "127.0.0.1", "/test.txt", "421 Service not available, closing control connection."},
		{"", "::1", "/test.txt", "421 Service not available, closing control connection."},
		{"127.0.0.2", "127.0.0.1", "/computer.txt", "served"},
		{"", "127.0.0.1", "/computer.txt", "550 Access is denied."},
	} {
		explainAddress(t, s.home, cmp.Or(c.from, c.host), c.path, c.want)
		out, talk, code := fromAddress(t, s, c.from, c.host, c.path)
		switch {
		case c.want == "served":
			if code != 0 || out == "" {
				t.Errorf("%s from %q: exit status %d\n%s", c.path, c.from, code, talk)
			}
		case code == 0 || out != "" || !strings.Contains(talk, "< "+c.want):
			t.Errorf("%s from %q to %s: exit status %d, %q\n%s", c.path, c.from, c.host, code, out, talk)
		}
	}
	want(t, "serve", s.talk.String(),
		`"remote":"127.0.0.3:`, `"reason":"an entry denies 127.0.0.3","origin":"`+filepath.Join(s.home, "applicationHost.config")+`:42:1"`,
		`"remote":"127.0.0.4:`, `"reason":"no entry matches the address, and allowUnlisted is false","origin":"`+filepath.Join(s.home, "applicationHost.config")+`:41:23"`,
		`"remote":"[::1]:`, `"path":"/computer.txt"`)
	s.stop(t)
	log := readLog(t, s.home)
	for _, line := range []string{
		" 127.0.0.3 - 127.0.0.1 %PORT% ControlChannelClosed - - 5 4 ",
		" 127.0.0.4 - 127.0.0.1 %PORT% ControlChannelClosed - - 5 4 ",
		" ::1 - ::1 %PORT% ControlChannelClosed - - 5 4 ",
		" 127.0.0.1 - 127.0.0.1 %PORT% SIZE computer.txt 550 5 4 ",
	} {
		if line = strings.Replace(line, "%PORT%", s.control(), 1); !strings.Contains(log, line) {
			t.Errorf("the log has no line with %q:\n%s", line, log)
		}
	}
}

// explainAddress asks explain for what the wire is going to say.
func explainAddress(t *testing.T, home, client, path, want string) {
	t.Helper()
	out, talk, code := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--client", client, "--path", path)
	if want == "served" {
		want = "Allowed."
	}
	if served := want == "Allowed."; served != (code == 0) || !strings.Contains(out, want) {
		t.Errorf("explain %s from %s: exit status %d, want %s\n%s%s", path, client, code, want, out, talk)
	}
}

func TestExplainRefusesNamesOfClients(t *testing.T) {
	_, talk, code := command(t, "", "explain", "--home", newHome(t, "scenario"), "--site", "ftpsite01.com", "--client", "localhost")
	if code != 2 || !strings.Contains(talk, `--client "localhost" is no IP address`) {
		t.Errorf("exit status %d\n%s", code, talk)
	}
}

// TestExemptAddressIsNotBlocked: an address that the server allows by itself
// may fail to log in as often as it likes, others of its network may not.
func TestExemptAddressIsNotBlocked(t *testing.T) {
	s := restrict(t, `<authentication><denyByFailure enabled="true" maxFailure="2" entryExpiration="00:01:00" /></authentication>`+
		`<ipSecurity><add ipAddress="127.0.0.2" allowed="true" /><add ipAddress="127.0.0.0" subnetMask="255.0.0.0" allowed="true" /></ipSecurity>`, "")
	for from, blocked := range map[string]bool{"127.0.0.2": false, "127.0.0.3": true} {
		for range 3 {
			_, _, _ = curl(t, "", s.url("127.0.0.1", "/test.txt"), "--interface", from, "--user", "user1:wrong")
		}
		_, talk, code := fromAddress(t, s, from, "127.0.0.1", "/test.txt")
		if blocked != (code != 0) {
			t.Errorf("%s: exit status %d\n%s", from, code, talk)
		}
	}
}

// TestAddressesOfIPv6: here entries may be of IPv6, too. The log names the line.
func TestAddressesOfIPv6(t *testing.T) {
	s := restrict(t, `<ipSecurity><add ipAddress="::1" allowed="true" /><add ipAddress="::/0" /><add ipAddress="0.0.0.0" subnetMask="0.0.0.0" /></ipSecurity>`, "",
		`<logFile directory`, `<logFile logExtFileFlags="ClientIP, Method, FtpStatus, FtpSubStatus, Info" directory`)
	if out, talk, code := fromAddress(t, s, "", "::1", "/test.txt"); code != 0 || out == "" {
		t.Errorf("::1: exit status %d\n%s", code, talk)
	}
	if _, talk, code := fromAddress(t, s, "", "127.0.0.1", "/test.txt"); code == 0 || !strings.Contains(talk, "< 421 ") {
		t.Errorf("127.0.0.1: exit status %d\n%s", code, talk)
	}
	s.stop(t)
	want(t, "log", readLog(t, s.home), "127.0.0.1 ControlChannelClosed - 4 IP+restriction+rules+denied+the+access.+an+entry+denies+0.0.0.0/0+("+s.home+"/applicationHost.config:41:")
}

// TestAddressesByName: 127.0.0.1 is localhost and localhost is 127.0.0.1,
// whether there is a DNS server here or not; other addresses of this machine are
// not.
func TestAddressesByName(t *testing.T) {
	s := restrict(t, `<ipSecurity allowUnlisted="false" enableReverseDns="true"><add domainName="localhost" allowed="true" /></ipSecurity>`, "")
	if out, talk, code := fromAddress(t, s, "127.0.0.1", "127.0.0.1", "/test.txt"); code != 0 || out == "" {
		t.Errorf("127.0.0.1: exit status %d\n%s", code, talk)
	}
	began := time.Now()
	if _, talk, code := fromAddress(t, s, "127.0.0.3", "127.0.0.1", "/test.txt"); code == 0 || !strings.Contains(talk, "< 421 ") {
		t.Errorf("127.0.0.3: exit status %d\n%s", code, talk)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("the refusal took %v", took)
	}
}
