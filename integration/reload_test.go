//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"
)

// Sizes of the load while configurations change.
const (
	transferring = 64
	atRest       = 200
)

// changes is how many there are: a thousand with FTPHOST_LONG, which takes
// minutes.
func changes() int {
	if os.Getenv("FTPHOST_LONG") != "" {
		return 1000
	}
	return 150
}

// Nothing that goes on is disturbed by a thousand changes of the configuration:
// good ones, bad ones and those that change nothing.
func TestManyReloadsUnderLoad(t *testing.T) {
	home := newHome(t, "")
	want := make([]byte, 3<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(want) // never fails
	writeFile(t, filepath.Join(content(home), "big.bin"), want)
	config := filepath.Join(home, "applicationHost.config")
	read, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(read), "<fileHandling", `<connections controlChannelTimeout="3600" /><fileHandling`, 1)
	writeFile(t, config, []byte(text))
	s := serve(t, home)
	a := adminOf(s)

	running, stop := context.WithCancel(t.Context())
	defer stop()
	var load sync.WaitGroup
	var transfers, logins atomic.Int64
	var idle []*dialogue
	for range atRest {
		d := dial(t, "127.0.0.1", s.port)
		d.say("USER anonymous", "331 ")
		d.say("PASS x@", "230 ")
		idle = append(idle, d)
	}
	before := a.burden(t, atRest)
	for i := range transferring {
		load.Go(func() { transferUntil(t, running, s, i, want, &transfers) })
	}
	load.Go(func() {
		for running.Err() == nil {
			c := client(t, s, false)
			if c == nil {
				return
			}
			if err := c.Quit(); err != nil {
				t.Errorf("QUIT: %v", err)
			}
			logins.Add(1)
		}
	})

	results := map[string]int{}
	for i := range changes() {
		e := edits(text)[i%len(edits(text))]
		for name, text := range e.files {
			writeFile(t, filepath.Join(home, name), []byte(text))
		}
		r := a.reload(t)
		results[r.Result]++
		if (r.Result == "refused") != e.bad {
			t.Fatalf("%s: %s: %+v", e.name, r.Result, r)
		}
	}
	writeFile(t, config, []byte(text))
	a.reload(t)
	stop()
	load.Wait()
	if transfers.Load() < transferring || logins.Load() < 10 {
		t.Errorf("only %d transfers and %d logins meanwhile", transfers.Load(), logins.Load())
	}
	for _, d := range idle {
		if err := d.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		d.say("NOOP", "200 ")
	}
	after := a.burden(t, atRest)
	t.Logf("%v; %d transfers, %d logins; goroutines, descriptors, MiB: %v before, %v after", results, transfers.Load(), logins.Load(), before, after)
	// Passive ports stay open, one for each client that waited at the same time,
	// and each has two descriptors and a goroutine at most.
	if after.goroutines > before.goroutines+transferring || after.descriptors > before.descriptors+2*transferring+10 {
		t.Errorf("goroutines, descriptors, MiB: %v before, %v after", before, after)
	}
	// A server of this size has 20 to 40 MiB; a leak of one site for each change
	// would be more than that.
	if after.heap > before.heap+30 {
		t.Errorf("the heap grew from %d to %d MiB", before.heap, after.heap)
	}
}

// edit is one change of the files of a home.
type edit struct {
	name  string
	files map[string]string
	bad   bool
}

// edits are changes of a configuration, each from the one before.
func edits(text string) []edit {
	main := func(name string, bad bool, pairs ...string) edit {
		return edit{name, map[string]string{"applicationHost.config": strings.NewReplacer(pairs...).Replace(text)}, bad}
	}
	const third = `<site name="third" id="3"><application path="/"><virtualDirectory path="/" physicalPath="C:\sites\ftpsite01.com" /></application><bindings><binding protocol="ftp" bindingInformation="*:PORT:third" /></bindings><ftpServer><security><authentication><anonymousAuthentication enabled="true" /></authentication></security></ftpServer></site>`
	own := func(name, inside string) edit {
		return edit{name, map[string]string{"ftphost.config": `<configuration><ftpHost><pathMap><add from="C:\" to="drives/c" /></pathMap>` + inside + `</ftpHost></configuration>`}, false}
	}
	return []edit{
		main("as it was", false),
		main("nothing", false),
		main("a site more", false, "<siteDefaults>", strings.Replace(third, "PORT", "21", 1)+"<siteDefaults>"),
		main("that on another port", false, "<siteDefaults>", strings.Replace(third, "PORT", "2121", 1)+"<siteDefaults>"),
		main("a site less, with lines above", false, "<system.applicationHost>", "<!-- a\nnote -->\n<system.applicationHost>"),
		main("cut short", true, "</sites>", ""),
		main("a word that is not known", true, "<sites>", `<sites colour="red">`),
		main("a limit", false, `controlChannelTimeout="3600"`, `controlChannelTimeout="3600" maxConnections="5000"`),
		main("another range of ports", false, `highDataChannelPort="6000"`, `highDataChannelPort="5900"`),
		main("no ports of its own", false, `lowDataChannelPort="5000" highDataChannelPort="6000"`, ""),
		main("no range at all", true, `lowDataChannelPort="5000"`, `lowDataChannelPort="7000"`),
		main("a site that loses its folder", false, `physicalPath="C:\sites\ftpsite02.com"`, `physicalPath="C:\nowhere"`),
		main("a site that is off", false, `<site name="ftpsite02.com" id="2">`, `<site name="ftpsite02.com" id="2"><!-- off -->`, "<userIsolation", `<!-- --><userIsolation`, `<messages greetingMessage`, `<messages bannerMessage="x" greetingMessage`),
		main("a rule", false, `roles="FTPUsersA" permissions="Read, Write" />`, `roles="FTPUsersA" permissions="Read, Write" /><add accessType="Deny" users="user4" permissions="Write" />`),
		main("a site by another name", false, `"ftpsite02.com" id`, `"second" id`, `path="ftpsite02.com"`, `path="second"`),
		own("IIS's words", `<protocol identity="Another FTP Service" />`),
		own("TLS 1.3 only", `<tls minimumVersion="Tls13" />`),
		own("nothing of ours", ``),
	}
}

// client is one of github.com/jlaffaye/ftp, logged in; nil when it could not be.
func client(t *testing.T, s *server, secure bool) *ftp.ServerConn {
	options := []ftp.DialOption{ftp.DialWithTimeout(time.Minute)}
	if secure {
		options = append(options, ftp.DialWithExplicitTLS(clientTLS(tls.VersionTLS13, "ftpsite01.com")))
	}
	c, err := ftp.Dial("127.0.0.1:"+s.control(), options...)
	if err == nil {
		err = c.Login("user1", password("user1"))
	}
	if err != nil {
		t.Errorf("login, secure %v: %v", secure, err)
		return nil
	}
	return c
}

// transferUntil downloads and uploads until ctx ends, every second client in
// TLS.
func transferUntil(t *testing.T, ctx context.Context, s *server, number int, want []byte, done *atomic.Int64) {
	c := client(t, s, number%2 == 0)
	if c == nil {
		return
	}
	name := fmt.Sprintf("up-%d.bin", number)
	for ctx.Err() == nil {
		if number%4 < 2 {
			r, err := c.Retr("big.bin")
			var got []byte
			if err == nil {
				got, err = io.ReadAll(slowly{r})
				err = errors.Join(err, r.Close())
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("download %d: %d bytes, %v", number, len(got), err)
				return
			}
		} else {
			half := want[:len(want)/2]
			err := c.Stor(name, slowly{bytes.NewReader(half)})
			stored, missing := os.ReadFile(filepath.Join(content(s.home), name))
			if err != nil || missing != nil || !bytes.Equal(stored, half) {
				t.Errorf("upload %d: %d bytes, %v, %v", number, len(stored), err, missing)
				return
			}
		}
		done.Add(1)
	}
	if err := c.Quit(); err != nil {
		t.Errorf("QUIT after transfers: %v", err)
	}
}

// slowly has a transfer go on for some time.
type slowly struct{ io.Reader }

func (s slowly) Read(b []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	return s.Reader.Read(b[:min(len(b), 64<<10)])
}

// administrator asks a running server through its socket.
type administrator struct{ http http.Client }

func adminOf(s *server) *administrator {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		dir, err := os.Open(s.home) // its path may be longer than a socket's may
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		return (&net.Dialer{}).DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/ftphost.sock", dir.Fd()))
	}
	return &administrator{http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DialContext: dial}}}
}

func (a *administrator) ask(t *testing.T, method, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://ftphost"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s %v", method, path, response.Status, body, err)
	}
	return body
}

type reloaded struct {
	Result   string
	Problems []struct{ Message string }
	Changes  []struct{ Site, Change, Detail string }
}

func (a *administrator) reload(t *testing.T) (r reloaded) {
	t.Helper()
	if err := json.Unmarshal(a.ask(t, http.MethodPost, "/api/reload"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// burden is what a server uses.
type burden struct{ goroutines, descriptors, heap int }

// burden waits until there are no other sessions than expected, and reads what
// the server uses then.
func (a *administrator) burden(t *testing.T, sessions int) burden {
	t.Helper()
	var text string
	number := func(name string) float64 {
		t.Helper()
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("no %s in\n%s", name, text)
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		text = string(a.ask(t, http.MethodGet, "/metrics"))
		if int(number(`ftphost_connections\{site="ftpsite01.com"\}`)) == sessions {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the server does not come to rest with %d sessions", sessions)
		}
	}
	return burden{int(number("go_goroutines")), int(number("process_open_fds")), int(number("go_memstats_heap_inuse_bytes")) >> 20}
}
