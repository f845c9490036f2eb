//go:build unix

package ftpserver_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// prison is the archive of a site in a mode, where bob may do everything in
// his home and tries to get out. What is outside is laid out by outside.
func prison(t *testing.T, mode string) *ftptest.Archive {
	t.Helper()
	a, err := ftptest.Parse(mode, []byte(`
-- applicationHost.config --
<configuration>
  <system.applicationHost>
    <sites>
      <site name="main" id="1">
        <application path="/">
          <virtualDirectory path="/" physicalPath="$HOME/content/root" />
          <virtualDirectory path="/LocalUser/bob/tools" physicalPath="$HOME/content/tools" />
          <virtualDirectory path="/LocalUser/dora" physicalPath="$HOME/content/dora" />
        </application>
        <bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>
        <ftpServer>
          <security>
            <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
            <authentication><basicAuthentication enabled="true" /></authentication>
          </security>
          <connections unauthenticatedTimeout="100000" controlChannelTimeout="100000" />
          <directoryBrowse showFlags="DisplayVirtualDirectories" />
          <fileHandling keepPartialUploads="true" allowReplaceOnRename="true" allowReadUploadsInProgress="true" />
          <userIsolation mode="`+mode+`" />
        </ftpServer>
      </site>
    </sites>
  </system.applicationHost>
  <system.ftpServer><security><authorization>
    <add accessType="Allow" users="*" permissions="Read, Write" />
  </authorization></security></system.ftpServer>
</configuration>
-- ftphost.config --
<configuration>
  <ftpHost>
    <protocol siteChmod="Apply" />
  </ftpHost>
</configuration>
-- localAccounts --
bob secret - $HOME/content/root/LocalUser/bob
-- content/root/LocalUser/bob/ --
-- content/root/LocalUser/alice/ --
-- content/root/LocalUser/Public/ --
-- content/tools/t.txt --
a tool
-- content/dora/ --
-- session --
`))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// waysOut are the arguments by which bob tries to get out. ABS stands for the
// path of the folder with everything.
func waysOut() []string {
	return []string{
		"", "/", ".", "..", "../", "../..", "../../..", "../../../../../../../../..", "/..", "/../..", "//..//..", "./..", "././.././..", "dir/..", "dir/../..",
		"../alice", "../alice/", "../alice/held.txt", "../../held.txt", "/../alice/held.txt", "/../../held.txt", "dir/../../alice/held.txt", "dir/../../../held.txt",
		`..\alice\held.txt`, `\..\alice\held.txt`, `..\..\held.txt`, `dir\..\..\alice\held.txt`, `../alice\held.txt`, `..\../held.txt`,
		"/LocalUser/alice/held.txt", "LocalUser/alice/held.txt", "/localuser/../alice/held.txt", "/LocalUser/bob/../alice/held.txt", "/LocalUser", "/Public", "../Public",
		"/main/LocalUser/alice/held.txt", "/dora", "../dora/held.txt", "tools/..", "tools/../..", "tools/../../alice/held.txt", "tools/../../../root/held.txt",
		"....//alice/held.txt", ".../alice/held.txt", "...", "..../", ".. /alice/held.txt", "../ /alice/held.txt", ".. ./alice/held.txt", " ../alice/held.txt",
		"%2e%2e/alice/held.txt", "..%2falice%2fheld.txt", "..%5calice%5cheld.txt", "..%252falice", "..%c0%afalice", "\xc0\xae\xc0\xae/alice/held.txt", "..\xc0\xafalice/held.txt",
		"\uff0e\uff0e/alice/held.txt", "..\uff0falice/held.txt", "..\u2215alice/held.txt", "\u2025/alice/held.txt", "..\u200b/alice/held.txt",
		"..\x00/alice/held.txt", "../alice/held.txt\x00.txt", "..\t/alice/held.txt", "\xff\xf2../alice/held.txt", "..\x7f/alice",
		"ABS/root/LocalUser/alice/held.txt", "//ABS/root/held.txt", "C:", `C:\`, "C:/", "C:ABS/root/held.txt", "C:../alice/held.txt", "file://ABS/root/held.txt",
		`\\localhost\root\held.txt`, `\\?\C:\held.txt`, `\\.\PhysicalDrive0`, "//./root/held.txt", `\??\C:\held.txt`, "/proc/self/cwd", "/proc/self/root/etc/passwd", "/dev/fd/0", "/etc/passwd",
		"CON", "NUL", "COM1", "..::$DATA", "../alice::$INDEX_ALLOCATION/held.txt", "own.txt::$DATA", "own.txt:stream", "dir::$INDEX_ALLOCATION/../../alice/held.txt", "..:/alice",
		"../alice.", "../alice /held.txt", "own.txt.", "dir./../../alice/held.txt", "ALICE~1/held.txt", "../HELD~1.TXT",
		"~", "~/../alice", "~alice", "~alice/held.txt", "~root", "$HOME/../alice", "`pwd`/../alice", "|ls ..", ";ls ..",
		"*", "../*", "../*/*", "../alice/*", `..\*`, "/../*.txt", "*/../../alice/*", "?./alice", "dir/../*", "*/held.txt", "link*/*", "-R", "-la ..", "-la ../alice", "-a /../..", "-R *", "-laR ../../*",
		"link", "link/", "link/held.txt", "LINK/HELD.TXT", "link/*", "link/..", "abs", "abs/held.txt", "file", "FILE", "top", "up", "up/alice/held.txt", "up/../held.txt", "dir/up", "dir/up/alice/held.txt",
		"self", "self/own.txt", "self/../alice/held.txt", "loop", "loop/x", "tools2/t.txt", "proc", "proc/self/root/etc/passwd",
		"later", "later/held.txt", "laterfile", "laterdir/alice/held.txt", "dir/later/held.txt", "later/../alice/held.txt",
	}
}

// The marks of what lies outside: nothing that bob reads may hold one.
var (
	outsideText = "treasure " + strings.Repeat("x", 54312)
	outsideTime = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	marks       = []string{"treasure", "unnamed", "54321", "20010203", "02-03-01", fmt.Sprintf("%X", sha256.Sum256([]byte(outsideText))), fmt.Sprintf("%x", sha256.Sum256([]byte(outsideText)))}
)

// outside lays out what bob must not reach, and returns how it is told from
// what it may become.
func outside(t *testing.T, content string) (state func() string) {
	t.Helper()
	var files []string
	for _, dir := range []string{"", "root", "root/LocalUser", "root/LocalUser/alice", "root/LocalUser/Public", "dora"} {
		files = append(files, filepath.Join(content, dir, "held.txt"), filepath.Join(content, dir, "unnamed.txt"))
	}
	for _, file := range files {
		if err := os.WriteFile(file, []byte(outsideText), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, outsideTime, outsideTime); err != nil {
			t.Fatal(err)
		}
	}
	home := filepath.Join(content, "root", "LocalUser", "bob")
	return func() string {
		var all strings.Builder
		err := filepath.WalkDir(content, func(path string, d fs.DirEntry, err error) error {
			if path == home || path == filepath.Join(content, "tools") {
				return fs.SkipDir
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && info.IsDir() {
				fmt.Fprintln(&all, path, info.Mode())
			} else if err == nil {
				fmt.Fprintln(&all, path, info.Mode(), info.Size(), info.ModTime())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return all.String()
	}
}

// furnish gives the home what bob needs: some links are there before he comes,
// some appear while he is there.
func furnish(t *testing.T, content string, later bool) {
	t.Helper()
	home := filepath.Join(content, "root", "LocalUser", "bob")
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(home, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(home, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own.txt", "part.txt"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte("own"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{
		"link": "../alice", "abs": filepath.Join(content, "root", "LocalUser", "alice"), "file": "../alice/held.txt", "top": "../../held.txt", "up": "..", "dir/up": "../..",
		"self": "../bob", "loop": "loop", "tools2": "../../../tools", "proc": "/proc",
	}
	if later {
		links["later"], links["laterfile"], links["laterdir"], links["dir/later"] = "../alice", "../../held.txt", "..", filepath.Join(content, "dora")
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(home, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingOutsideAHome tries every verb that takes a path with every way
// out, from the home and from a folder in it.
func TestNothingOutsideAHome(t *testing.T) {
	if n := len(waysOut()); n < 60 {
		t.Fatalf("%d ways out are too few", n)
	}
	for mode, from := range map[string]string{"IsolateRootDirectoryOnly": "/", "IsolateAllDirectories": "/dir", "Custom": "/"} {
		t.Run(mode, func(t *testing.T) {
			a := prison(t, mode)
			synctest.Test(t, func(t *testing.T) {
				r := start(t, a, nil)
				content := filepath.Join(filepath.Dir(r.logDir), "content")
				state := outside(t, content)
				before := state()
				furnish(t, content, false)
				c := r.dial(t)
				c.expect("220 ")
				p := &prisoner{client: c, r: r}
				p.say("USER bob")
				if got := p.say("PASS secret"); !strings.HasPrefix(got, "230") {
					t.Fatal(got)
				}
				p.say("OPTS UTF8 ON")
				for _, way := range waysOut() {
					way = strings.ReplaceAll(way, "ABS", content)
					furnish(t, content, true)
					p.tryAll(from, way)
					if after := state(); after != before {
						t.Fatalf("%q in %s changes what is outside:\n%s", way, from, difference(before, after))
					}
				}
				p.say("QUIT")
				r.stop(t)
			})
		})
	}
}

// prisoner is a client that looks for marks in all it reads.
type prisoner struct {
	*client
	r     *running
	tried string
}

func (p *prisoner) tryAll(from, way string) {
	p.t.Helper()
	p.tried = way + " in " + from
	for _, line := range []string{
		"CWD WAY", "PWD", "SIZE held.txt", "MLST", "CDUP", "MLST unnamed.txt", "CWD " + from,
		"SIZE WAY", "MDTM WAY", "MLST WAY", "STAT WAY", "HASH WAY", "XMD5 WAY", "AVBL WAY", "ALLO WAY",
		"MDTM 20200101000000 WAY", "MFMT 20200101000000 WAY", "SITE CHMOD 777 WAY", "SITE UTIME 20200101000000 WAY", "SITE WAY",
		"RNFR WAY", "RNTO /taken", "RNFR WAY/held.txt", "RNTO /taken2", "RNFR /own.txt", "RNTO WAY", "RNFR /part.txt", "RNTO WAY/given.txt",
		"COMB /whole WAY", "COMB WAY /part.txt", "DELE WAY/held.txt", "DELE WAY", "RMD WAY", "MKD WAY", "MKD WAY/made", "CWD " + from,
	} {
		p.say(strings.ReplaceAll(line, "WAY", way))
	}
	for _, line := range []string{"LIST WAY", "NLST WAY", "MLSD WAY", "RETR WAY", "RETR WAY/held.txt", "STOR WAY", "APPE WAY", "STOR WAY/held.txt", "STOU WAY", "LIST"} {
		p.transfer(strings.ReplaceAll(line, "WAY", way))
	}
}

// say sends a line and returns the whole reply.
func (p *prisoner) say(line string) string {
	p.t.Helper()
	p.send(line + "\r\n")
	return p.answer(line)
}

func (p *prisoner) answer(line string) string {
	p.t.Helper()
	var all strings.Builder
	for {
		text, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatalf("%s: %q: %v", p.tried, line, err)
		}
		all.WriteString(text)
		if len(text) > 3 && text[3] == ' ' && text[0] >= '1' && text[0] <= '5' {
			p.search(line, all.String())
			return all.String()
		}
	}
}

// search fails when what was read for line holds a mark that line has not.
func (p *prisoner) search(line, text string) {
	p.t.Helper()
	for _, mark := range marks {
		if strings.Contains(text, mark) && !strings.Contains(line, mark) {
			p.t.Errorf("%s: %q yields %.200q", p.tried, line, text)
		}
	}
}

// transfer runs a command with a data connection, and uploads a mark-free text
// where it wants one.
func (p *prisoner) transfer(line string) {
	p.t.Helper()
	conn := p.passive(p.r)
	defer conn.Close()
	if got := p.say(line); !strings.HasPrefix(got, "1") {
		return
	}
	if strings.HasPrefix(line, "STO") || strings.HasPrefix(line, "APPE") {
		_, _ = io.WriteString(conn, "overwritten")
		conn.Close()
	} else {
		data, err := io.ReadAll(conn)
		if err != nil {
			p.t.Errorf("%q: %v", line, err)
		}
		p.search(line, string(data))
	}
	p.answer(line)
}
