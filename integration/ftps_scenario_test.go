//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFTPSCertificates asks with openssl which certificate is shown to whom.
func TestFTPSCertificates(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	explicit := []string{"-connect", "127.0.0.1:" + s.control(), "-starttls", "ftp"}
	implicit := []string{"-connect", fmt.Sprintf("127.0.0.1:%d", s.implicit())}
	for _, c := range []struct {
		name string
		args []string
		host string
	}{
		{"no name", append(explicit, "-noservername"), site1},
		{"first site", append(explicit, "-servername", site1), site1},
		{"second site", append(explicit, "-servername", site2), site2},
		{"unknown name", append(explicit, "-servername", "nosuch.example"), site1},
		{"implicit, no name", append(implicit, "-noservername"), site2},
		{"implicit, second site", append(implicit, "-servername", site2), site2},
		{"implicit, first site", append(implicit, "-servername", site1), site2},
	} {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			t.Run(c.name+" "+version, func(t *testing.T) {
				out, talk, code := program(t, "", "openssl", append([]string{"s_client", version}, c.args...)...)
				if code != 0 {
					t.Fatalf("openssl: exit status %d\n%s%s", code, out, talk)
				}
				want(t, "openssl", out, "subject=CN = "+c.host+"\n")
			})
		}
	}
}

// TestFTPSByCurl takes both sites on both ports, checking the certificates
// where a name was asked for. curl 7.88 sends clear text over active data
// connections whatever it was told (mended in 8.0); the other clients have them.
func TestFTPSByCurl(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	trust1, trust2 := trust(t, s.home, site1), trust(t, s.home, site2)
	at := func(host string, port int) string { return fmt.Sprintf("%s:%d:127.0.0.1", host, port) }
	url := func(scheme, host string, port int) string { return fmt.Sprintf("%s://%s:%d/", scheme, host, port) }
	loopback := url("ftp", "127.0.0.1", s.port)
	for _, c := range []struct {
		name, login, url, site string
		args                   []string
	}{
		{"plain, first site", "user1", loopback, site1, nil},
		{"plain, second site", site2 + "|user1", loopback, site2, nil},
		{"explicit, no name", "user1", loopback, site1, []string{"--ssl-reqd", "--insecure"}},
		{"explicit over IPv6", "user1", url("ftp", "[::1]", s.port), site1, []string{"--ssl-reqd", "--insecure"}},
		{"explicit, second site by login with the certificate of the first", site2 + "|user1", url("ftp", site1, s.port), site2, []string{"--ssl-reqd", "--cacert", trust1, "--resolve", at(site1, s.port)}},
		{"explicit, first site", "user1", url("ftp", site1, s.port), site1, []string{"--ssl-reqd", "--cacert", trust1, "--resolve", at(site1, s.port)}},
		{"explicit, second site", "user1", url("ftp", site2, s.port), site2, []string{"--ssl-reqd", "--cacert", trust2, "--resolve", at(site2, s.port)}},
		{"explicit, control only", "user1", loopback, site1, []string{"--ssl-reqd", "--ftp-ssl-control", "--insecure"}},
		{"implicit, no name", "user1", url("ftps", "127.0.0.1", s.implicit()), site2, []string{"--insecure"}},
		{"implicit", "user1", url("ftps", site2, s.implicit()), site2, []string{"--cacert", trust2, "--resolve", at(site2, s.implicit())}},
	} {
		t.Run(c.name, func(t *testing.T) {
			local := randomFile(t, "up.bin", 300_000)
			base := append([]string{"--silent", "--show-error", "--verbose", "--max-time", "20", "--user", c.login + ":" + password("user1")}, c.args...)
			run := func(args ...string) string {
				out, talk, code := program(t, "", "curl", append(base, args...)...)
				if code != 0 {
					t.Fatalf("curl %q: exit status %d\n%s", args, code, talk)
				}
				return out
			}
			run("--upload-file", local, c.url+"up.bin")
			sameFile(t, filepath.Join(contentOf(s.home, c.site), "up.bin"), local)
			if back := run(c.url + "up.bin"); back != readText(t, local) {
				t.Errorf("%d bytes came back, other ones", len(back))
			}
			has, not := "computer.txt", "second.txt"
			if c.site == site2 {
				has, not = not, has
			}
			if names := run("--list-only", c.url); !strings.Contains(names, has) || strings.Contains(names, not) {
				t.Errorf("names are %q", names)
			}
			want(t, "listing", run(c.url), has)
		})
	}
}

// TestFTPSByLftp mirrors a tree there and back on both ports; lftp looks
// whether the certificate is the one it was told to trust.
func TestFTPSByLftp(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	tree := t.TempDir()
	for i := range 6 {
		path := filepath.Join(tree, "a b", fmt.Sprintf("%d ä.bin", i))
		writeFile(t, path, bytes.Repeat([]byte{byte(i)}, i*20_000))
	}
	for _, c := range []struct{ name, url, host, passive string }{
		{"explicit", "ftp://127.0.0.1:" + s.control(), site1, "on"},
		{"explicit, active", "ftp://127.0.0.1:" + s.control(), site1, "off"},
		{"implicit", fmt.Sprintf("ftps://127.0.0.1:%d", s.implicit()), site2, "on"},
		{"implicit, active", fmt.Sprintf("ftps://127.0.0.1:%d", s.implicit()), site2, "off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			back := filepath.Join(t.TempDir(), "back")
			out, code := secureLftp(t, s, c.url, "user1", "set ssl:verify-certificate yes", "set ssl:check-hostname no",
				"set ssl:ca-file "+trust(t, s.home, c.host), "set ftp:passive-mode "+c.passive,
				"mirror --reverse --parallel=2 "+tree+" tree", "mirror tree "+back, "cls -1 'tree/a b'", "rm -r tree")
			if code != 0 {
				t.Fatalf("lftp: exit status %d\n%s", code, out)
			}
			want(t, "listing", out, "3 ä.bin")
			if diff, _, code := program(t, "", "diff", "-r", tree, back); code != 0 {
				t.Errorf("mirrored tree differs:\n%s", diff)
			}
		})
	}
	t.Run("another certificate", func(t *testing.T) {
		out, code := secureLftp(t, s, "ftp://127.0.0.1:"+s.control(), "user1", "set ssl:verify-certificate yes",
			"set ssl:check-hostname no", "set ssl:ca-file "+trust(t, s.home, site2), "cls -1")
		if code == 0 {
			t.Errorf("lftp trusts a certificate it must not\n%s", out)
		}
	})
}

// secureLftp runs a script of lftp that speaks TLS only.
func secureLftp(t *testing.T, s *server, url, user string, script ...string) (out string, code int) {
	t.Helper()
	lines := []string{
		"set net:max-retries 1", "set net:timeout 10", "set net:reconnect-interval-base 1", "set cmd:fail-exit yes", "set xfer:clobber yes",
		"set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", "set ftp:ssl-protect-list yes", "set ssl:verify-certificate no",
		fmt.Sprintf("open -u '%s,%s' %s", user, password(user), url),
	}
	out, talk, code := program(t, strings.Join(append(lines, script...), "\n")+"\n", "lftp", "--norc")
	return out + talk, code
}

// TestFTPSByPython is the tour of ftplib in TLS, in each mode, on both ports.
func TestFTPSByPython(t *testing.T) {
	t.Parallel()
	s := secureServer(t)
	for _, c := range []struct{ how, host, port string }{
		{"explicit", site1, s.control()},
		{"implicit", site2, fmt.Sprint(s.implicit())},
	} {
		for _, mode := range []string{"passive", "active"} {
			t.Run(c.how+" "+mode, func(t *testing.T) {
				out, talk, code := program(t, "", "python3", "testdata/tour.py", "127.0.0.1", c.port, "user2", password("user2"), mode, c.how, trust(t, s.home, c.host))
				if code != 0 || out != "done\n" {
					t.Errorf("exit status %d\n%s%s", code, out, talk)
				}
			})
		}
	}
}

// TestFTPSWithoutBlankBinding: AUTH has no certificate to show to clients that
// have named no site when the binding without host name is gone.
func TestFTPSWithoutBlankBinding(t *testing.T) {
	t.Parallel()
	const blank = `<binding protocol="ftp" bindingInformation="*:21:" />`
	home := secureHome(t, blank, "")
	s := serve(t, home)
	d := dial(t, "127.0.0.1", s.port)
	d.say("AUTH TLS", "534 Local policy on server does not allow TLS secure connections.")
	_, talk, code := curl(t, "user1", "--ssl-reqd", "--insecure", s.url("127.0.0.1", "/"))
	if code == 0 {
		t.Error("curl --ssl-reqd got in")
	}
	want(t, "curl", talk, "< 534 ")
	s.stop(t)

	config := filepath.Join(home, "applicationHost.config")
	const named = `<binding protocol="ftp" bindingInformation="*:21:ftpsite01.com" />`
	text := readText(t, config)
	if err := os.WriteFile(config, []byte(strings.Replace(text, named, named+blank, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s = serve(t, home)
	mustCurl(t, "user1", "--ssl-reqd", "--insecure", s.url("127.0.0.1", "/"))
}
