package admin_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/admin"
	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/host"
)

// secret is the password of user1, and of nobody else.
const secret = "se-cret of user1"

// limit is how long a test waits for what has to come, on a busy machine.
const limit = 30 * time.Second

// inn is a host with the sites one and two, and its door.
type inn struct {
	t       *testing.T
	home    compile.Home
	content string
	one     int // ports
	two     int
	log     *ftptest.Log
	host    *host.Host
	server  *admin.Server
	socket  string
	client  *api.Client
	// leave begins to stop the host; its door is open until the test ends.
	leave func()
}

// configuration is an applicationHost.config; CONTENT, ONE and TWO are filled in.
const configuration = `<configuration>
<system.applicationHost><sites>
<siteDefaults><ftpServer><logFile directory="LOGS" />
<security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
<authentication><anonymousAuthentication enabled="true" /><basicAuthentication enabled="true" /></authentication></security></ftpServer></siteDefaults>
<site name="one" id="1"><application path="/"><virtualDirectory path="/" physicalPath="CONTENT" /></application>
<bindings><binding protocol="ftp" bindingInformation="127.0.0.1:ONE:" /></bindings></site>
<site name="two" id="2"><application path="/"><virtualDirectory path="/" physicalPath="CONTENT" /></application>
<bindings><binding protocol="ftp" bindingInformation="127.0.0.1:TWO:" /></bindings></site>
</sites></system.applicationHost>
<system.ftpServer><security>
<authentication><denyByFailure enabled="true" maxFailure="2" entryExpiration="00:10:00" /></authentication>
<authorization><add accessType="Allow" users="*" permissions="Read, Write" /></authorization></security></system.ftpServer>
</configuration>`

// open starts a host with its door. The own configuration may be "".
func open(t *testing.T, own string) *inn {
	t.Helper()
	dir := t.TempDir()
	i := &inn{t: t, home: compile.NewHome(dir), content: filepath.Join(dir, "content"), one: freePort(t), two: freePort(t), log: &ftptest.Log{}}
	if err := os.MkdirAll(i.content, 0o700); err != nil {
		t.Fatal(err)
	}
	i.write(i.home.Config, strings.NewReplacer("", "", "LOGS", filepath.Join(dir, "logs"), "CONTENT", i.content,
		"ONE", fmt.Sprint(i.one), "TWO", fmt.Sprint(i.two)).Replace(configuration))
	if own != "" {
		i.own(own)
	}
	if err := accounts.Open(i.home.Accounts()).AddUser("user1", secret); err != nil {
		t.Fatal(err)
	}
	i.write(filepath.Join(i.content, "small.txt"), strings.Repeat("0123456789", 10))
	if err := os.Truncate(i.file("big.bin"), 256<<20+1); err != nil {
		t.Fatal(err)
	}
	i.start()
	return i
}

// file makes an empty file below the content and returns its path.
func (i *inn) file(name string) string {
	i.t.Helper()
	path := filepath.Join(i.content, name)
	i.write(path, "")
	return path
}

func (i *inn) start() {
	t := i.t
	t.Helper()
	log := zerolog.New(i.log)
	var err error
	i.host, _, err = host.Start(t.Context(), host.Options{Home: i.home, Log: log, Grace: limit, OnLook: func(host.Report) { i.server.Follow() }})
	if err != nil {
		t.Fatal(err)
	}
	i.socket = filepath.Join(i.home.Dir, "s")
	i.server, err = admin.Listen(admin.Options{Host: i.host, Version: "test", Home: i.home.Dir, Socket: i.socket, Log: log})
	if err != nil {
		t.Fatal(errors.Join(err, i.host.Close()))
	}
	i.server.Follow()
	i.client = api.NewClient(i.home.Dir, i.socket)
	serving, leave := context.WithCancel(context.Background())
	looking, close := context.WithCancel(context.Background())
	i.leave = leave
	var tasks sync.WaitGroup
	tasks.Go(func() { i.check(i.host.Run(serving)) })
	tasks.Go(func() { i.check(i.server.Run(looking)) })
	t.Cleanup(func() {
		leave()
		close()
		tasks.Wait()
		if _, err := os.Lstat(i.socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
		if strings.Contains(i.log.String(), secret) {
			t.Error("a password is in the log")
		}
		if t.Failed() {
			t.Log(i.log)
		}
	})
}

func (i *inn) check(err error) {
	if err != nil {
		i.t.Error(err)
	}
}

func (i *inn) write(path, text string) {
	i.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// own writes ftphost.config.
func (i *inn) own(ftpHost string) {
	i.t.Helper()
	i.write(i.home.Own(), "<configuration><ftpHost>"+ftpHost+"</ftpHost></configuration>")
}

// rewrite replaces a text in applicationHost.config and returns what it was.
func (i *inn) rewrite(old, replacement string) (before string) {
	i.t.Helper()
	data, err := os.ReadFile(i.home.Config)
	if err != nil || !strings.Contains(string(data), old) {
		i.t.Fatalf("%q is not in the file, %v", old, err)
	}
	i.write(i.home.Config, strings.Replace(string(data), old, replacement, 1))
	return string(data)
}

// reload has the host look and expects what comes of it.
func (i *inn) reload(want string) api.Report {
	i.t.Helper()
	r, err := i.client.Reload(i.t.Context())
	if err != nil || r.Result != want {
		i.t.Fatalf("reload: %+v, %v; want %s", r, err, want)
	}
	return r
}

// ask sends a request to the socket.
func (i *inn) ask(method, path, body string, headers ...string) (status int, answer string) {
	i.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", i.socket)
	}}
	r := request(i.t, transport, method, "http://x"+path, body, headers...)
	return r.status, r.body
}

// response is what came back.
type response struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, transport http.RoundTripper, method, url, body string, headers ...string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k := 0; k < len(headers); k += 2 {
		r.Header.Set(headers[k], headers[k+1])
	}
	answer, err := (&http.Client{Transport: transport, Timeout: limit}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer.StatusCode, answer.Header, string(text)}
}

// expect sends a request and looks for words in the answer.
func (i *inn) expect(method, path, body string, status int, words ...string) string {
	i.t.Helper()
	got, answer := i.ask(method, path, body)
	if got != status {
		i.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, got, answer, status)
	}
	for _, w := range words {
		if !strings.Contains(answer, w) {
			i.t.Errorf("%s %s: %s\nhas no %s", method, path, answer, w)
		}
	}
	return answer
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come: %s", what)
		}
	}
}

// given are the ports that a test has.
var given sync.Map

// freePort is one that nobody has, below those that clients get.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 27000 + rand.IntN(5000)
		if _, before := given.LoadOrStore(port, true); before {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// guest is an FTP client.
type guest struct {
	t  *testing.T
	c  net.Conn
	in *bufio.Reader
}

// visit connects and is greeted.
func visit(t *testing.T, port int) *guest {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	g := &guest{t, c, bufio.NewReader(c)}
	g.expect("220 ")
	return g
}

// login is visit, with a name and a password.
func login(t *testing.T, port int, user, password string) *guest {
	t.Helper()
	g := visit(t, port)
	g.say("USER "+user, "331 ")
	g.say("PASS "+password, "230 ")
	return g
}

func (g *guest) expect(prefix string) string {
	g.t.Helper()
	if err := g.c.SetDeadline(time.Now().Add(limit)); err != nil {
		g.t.Fatal(err)
	}
	for first := true; ; first = false {
		line, err := g.in.ReadString('\n')
		if err != nil || first && !strings.HasPrefix(line, strings.TrimRight(prefix, " ")) {
			g.t.Fatalf("got %q, %v; want %s", line, err, prefix)
		}
		if len(line) > 3 && line[3] == ' ' && line[0] != ' ' { // the last line of a reply
			return line
		}
	}
}

func (g *guest) say(command, prefix string) string {
	g.t.Helper()
	if _, err := io.WriteString(g.c, command+"\r\n"); err != nil {
		g.t.Fatal(err)
	}
	return g.expect(prefix)
}

// transfer begins one and returns its data connection.
func (g *guest) transfer(command string) net.Conn {
	g.t.Helper()
	var port int
	if _, err := fmt.Sscanf(g.say("EPSV", "229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		g.t.Fatal(err)
	}
	data, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { data.Close() })
	g.say(command, "1")
	return data
}

// ended waits until the server has closed the connection.
func (g *guest) ended() {
	g.t.Helper()
	if err := g.c.SetDeadline(time.Now().Add(limit)); err != nil {
		g.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, g.in); err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			g.t.Errorf("the session does not end: %v", err)
		}
	}
}
