//go:build integration

package integration_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"
)

// uploading is one session of a client that uploads the files of a folder.
type uploading struct {
	s                             *server
	mode, version, folder, prefix string
}

// uploaders are clients that each end an upload in their own way: with or
// without TLS's last word, waiting for the server's or not, reading the tickets
// that come or not.
var uploaders = []struct {
	name   string
	modes  []string
	upload func(t *testing.T, u uploading)
}{
	{"curl", []string{"passive"}, curlUploads},
	{"lftp", []string{"passive", "active"}, lftpUploads},
	{"Python", []string{"passive", "active"}, scriptUploads("python3", "testdata/upload.py")},
	{"Perl", []string{"passive", "active"}, scriptUploads("perl", "testdata/upload.pl")},
	{"Ruby", []string{"passive", "active"}, scriptUploads("ruby", "testdata/upload.rb")},
	{"PHP", []string{"passive", "active"}, phpUploads},
	{"Go", []string{"passive"}, goUploads},
	{"TLS before the command", []string{"passive"}, earlyUploads},
}

// TestFTPSUploads: whole files arrive and come back, of sizes around those of
// buffers and records, from each client with each version of TLS.
func TestFTPSUploads(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, size := range []int{0, 1, mebibyte - 1, mebibyte, mebibyte + 1} {
		if err := os.Rename(randomFile(t, "up.bin", size), filepath.Join(folder, fmt.Sprintf("%d.bin", size))); err != nil {
			t.Fatal(err)
		}
	}
	uploadAll(t, folder)
}

// TestFTPSUploadOfAGibibyte takes its time, and so runs only where
// FTPHOST_GIBIBYTE is set; otherwise the file is a sixteenth of that.
func TestFTPSUploadOfAGibibyte(t *testing.T) {
	t.Parallel()
	size := int64(64 * mebibyte)
	if os.Getenv("FTPHOST_GIBIBYTE") != "" {
		size = 1024 * mebibyte
	}
	folder := t.TempDir()
	source := randomFile(t, "part.bin", mebibyte-7)
	part := []byte(readText(t, source))
	f, err := os.Create(filepath.Join(folder, "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for left := size; left > 0; left -= int64(len(part)) {
		if _, err := f.Write(part[:min(left, int64(len(part)))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if size > 64*mebibyte {
		uploadAll(t, folder)
		return
	}
	uploadAll(t, folder, "curl", "Go")
}

// uploadAll uploads the files of a folder with each client, or the named ones.
func uploadAll(t *testing.T, folder string, only ...string) {
	s := secureServer(t)
	for _, client := range uploaders {
		if len(only) > 0 && !slices.Contains(only, client.name) {
			continue
		}
		for _, mode := range client.modes {
			for _, version := range tlsVersions {
				t.Run(fmt.Sprintf("%s %s %s", client.name, mode, version.name), func(t *testing.T) {
					prefix := strings.ToLower(strings.ReplaceAll(fmt.Sprintf("%s-%s-%s-", client.name, mode, version.name), " ", "-"))
					began := time.Now()
					client.upload(t, uploading{s, mode, version.name, folder, prefix})
					t.Logf("took %v", time.Since(began))
					for _, name := range namesIn(t, folder) {
						arrived := filepath.Join(content(s.home), prefix+name)
						sameHash(t, arrived, filepath.Join(folder, name))
						_ = os.Remove(arrived)
					}
				})
			}
		}
	}
}

func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// curlUploads asks for PASV: after EPSV curl 7.88 more often waits a second
// before it connects.
func curlUploads(t *testing.T, u uploading) {
	versions := map[string][]string{"1.2": {"--tls-max", "1.2"}, "1.3": {"--tlsv1.3"}}
	names := namesIn(t, u.folder)
	args := append(versions[u.version], "--ssl-reqd", "--insecure", "--disable-epsv", "--max-time", fmt.Sprint(limit().Seconds()))
	for _, name := range names {
		args = append(args, "--upload-file", filepath.Join(u.folder, name), u.s.url("127.0.0.1", "/"+u.prefix+name), "--output", os.DevNull)
	}
	back := t.TempDir()
	for _, name := range names {
		args = append(args, u.s.url("127.0.0.1", "/"+u.prefix+name), "--output", filepath.Join(back, name))
	}
	_, talk := mustCurl(t, "user1", args...)
	sameFolder(t, back, u.folder)
	if n := strings.Count(talk, "< 220 "); n != 1 {
		t.Errorf("curl opened %d sessions", n)
	}
	if n := strings.Count(talk, "< 226 Transfer complete."); n != 2*len(names) {
		t.Errorf("%d transfers were complete", n)
	}
	want(t, "curl", talk, "SSL connection using TLSv"+u.version)
}

func lftpUploads(t *testing.T, u uploading) {
	passive := map[string]string{"passive": "on", "active": "off"}[u.mode]
	script := []string{"set ftp:passive-mode " + passive, `set ssl:priority "NORMAL:-VERS-ALL:+VERS-TLS` + u.version + `"`}
	back := t.TempDir()
	for _, name := range namesIn(t, u.folder) {
		script = append(script, fmt.Sprintf("put %s -o %s", filepath.Join(u.folder, name), u.prefix+name),
			fmt.Sprintf("get %s -o %s", u.prefix+name, filepath.Join(back, name)))
	}
	if out, code := secureLftp(t, u.s, "ftp://127.0.0.1:"+u.s.control(), "user1", append(script, "cls -1")...); code != 0 {
		t.Errorf("lftp: exit status %d\n%s", code, out)
	}
	sameFolder(t, back, u.folder)
}

// scriptUploads runs a script of an interpreter.
func scriptUploads(interpreter, script string) func(*testing.T, uploading) {
	return func(t *testing.T, u uploading) {
		out, talk, code := program(t, "", interpreter, script, u.s.control(), "user1", password("user1"), u.mode, u.version, u.folder, u.prefix)
		if code != 0 || out != "done\n" {
			t.Errorf("%s: exit status %d\n%s%s", interpreter, code, out, talk)
		}
	}
}

// phpUploads gives OpenSSL a configuration with the version.
func phpUploads(t *testing.T, u uploading) {
	config := filepath.Join(t.TempDir(), "openssl.cnf")
	writeFile(t, config, fmt.Appendf(nil, "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv%s\nMaxProtocol = TLSv%[1]s\n", u.version))
	out, talk, code := program(t, "", "env", "OPENSSL_CONF="+config,
		"php", "testdata/upload.php", u.s.control(), "user1", password("user1"), u.mode, u.version, u.folder, u.prefix)
	if code != 0 || out != "done\n" {
		t.Errorf("php: exit status %d\n%s%s", code, out, talk)
	}
}

// goUploads is github.com/jlaffaye/ftp.
func goUploads(t *testing.T, u uploading) {
	config := clientTLS(versionNumber(u.version), site1)
	c, err := ftp.Dial("127.0.0.1:"+u.s.control(), ftp.DialWithExplicitTLS(config), ftp.DialWithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login("user1", password("user1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range namesIn(t, u.folder) {
		file, err := os.Open(filepath.Join(u.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Stor(u.prefix+name, file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = file.Close()
		goDownload(t, c, u, name)
	}
	if names, err := c.NameList("."); err != nil || !slices.Contains(names, u.prefix+namesIn(t, u.folder)[0]) {
		t.Errorf("names are %q, %v", names, err)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
}

// goDownload brings back a file.
func goDownload(t *testing.T, c *ftp.ServerConn, u uploading, name string) {
	t.Helper()
	response, err := c.Retr(u.prefix + name)
	if err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(t.TempDir(), name)
	file, err := os.Create(back)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(file, response)
	if err := errors.Join(err, response.Close(), file.Close()); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	sameHash(t, back, filepath.Join(u.folder, name))
}

// sameFolder expects the same files in both.
func sameFolder(t *testing.T, got, want string) {
	t.Helper()
	for _, name := range namesIn(t, want) {
		sameHash(t, filepath.Join(got, name), filepath.Join(want, name))
	}
}

// earlyUploads has TLS on the data connection before it says what for, as
// Python's aioftp does.
func earlyUploads(t *testing.T, u uploading) {
	d := loginTLS(t, u.s, clientTLS(versionNumber(u.version), site1), "user1")
	for _, name := range namesIn(t, u.folder) {
		raw := d.passive()
		data := tls.Client(raw, d.config)
		if err := data.Handshake(); err != nil {
			t.Fatal(err)
		}
		d.say("STOR "+u.prefix+name, "125 ")
		file, err := os.Open(filepath.Join(u.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(data, file); err != nil {
			t.Fatal(err)
		}
		_, _ = file.Close(), data.Close()
		d.expect("226 ")
	}
	d.say("QUIT", "221 ")
}

func versionNumber(name string) uint16 {
	for _, v := range tlsVersions {
		if v.name == name {
			return v.number
		}
	}
	return 0
}
