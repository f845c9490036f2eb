package admin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/admin/api"
)

func TestRequests(t *testing.T) {
	i := open(t, "")
	for _, test := range []struct {
		method, path, body string
		status             int
		words              []string
	}{
		{"GET", "/api/status", "", 200, []string{`"version":"test"`, `"generation":1`, `"result":"applied"`, `"problems":[]`, `"reloads":{"applied":0,"unchanged":0,"refused":0}`, `"sessions":0`, `"name":"one"`, `"state":"Started"`}},
		{"GET", "/api/ftp/sites", "", 200, []string{`"sites":[{"id":1,"name":"one"`, fmt.Sprintf(`"listen":["127.0.0.1:%d"]`, i.two), `"logFolder":`}},
		{"GET", "/api/ftp/sites/TWO", "", 200, []string{`"id":2,"name":"two"`}},
		{"GET", "/api/ftp/sites/2", "", 200, []string{`"id":2,"name":"two"`}},
		{"HEAD", "/api/ftp/sites/2", "", 200, nil},
		{"GET", "/api/ftp/sites/three", "", 404, []string{`"title":"Not Found"`, `\"three\": there is no such ftp site`, `"status":404`}},
		{"GET", "/api/ftp/sites/a%2Fb", "", 404, []string{`a/b`}},
		{"PATCH", "/api/ftp/sites/three", `{"state":"Stopped"}`, 404, []string{"no such ftp site"}},
		{"PATCH", "/api/ftp/sites/three", `{"state":"Restarted"}`, 404, []string{"no such ftp site"}},
		{"PATCH", "/api/ftp/sites/one", `{"state":"Paused"}`, 400, []string{"can be Started, Stopped or Restarted"}},
		{"PATCH", "/api/ftp/sites/one", ``, 400, []string{"the body is empty"}},
		{"PATCH", "/api/ftp/sites/one", `{"state":`, 400, []string{"not the JSON that is expected", "unexpected EOF"}},
		{"PATCH", "/api/ftp/sites/one", `[]`, 400, []string{"not the JSON that is expected"}},
		{"PATCH", "/api/ftp/sites/one", `{"status":"Stopped"}`, 400, []string{`unknown field \"status\"`}},
		{"PATCH", "/api/ftp/sites/one", `{"state":"Stopped"}{}`, 400, []string{"something follows the object"}},
		{"PATCH", "/api/ftp/sites/one", `{"state":"` + strings.Repeat("x", 1<<17) + `"}`, 413, []string{"larger than 65536 bytes"}},
		{"GET", "/api/ftp/sessions", "", 200, []string{`{"sessions":[]}`}},
		{"GET", "/api/ftp/sessions?site=three", "", 404, []string{"no such ftp site"}},
		{"DELETE", "/api/ftp/sessions", "", 400, []string{"?user=NAME"}},
		{"DELETE", "/api/ftp/sessions?user=nobody", "", 200, []string{`{"ended":0}`}},
		{"DELETE", "/api/ftp/sessions/3f2b0d5e", "", 404, []string{"there is no session 3f2b0d5e"}},
		{"GET", "/api/ftp/bans", "", 200, []string{`{"bans":[]}`}},
		{"DELETE", "/api/ftp/bans/192.0.2.1", "", 404, []string{"192.0.2.1 is not blocked"}},
		{"DELETE", "/api/ftp/bans/2001:db8::/64", "", 404, []string{"2001:db8::/64 is not blocked"}},
		{"DELETE", "/api/ftp/bans/localhost", "", 400, []string{`\"localhost\" is not an address`}},
		{"DELETE", "/api/ftp/bans/", "", 400, []string{"is not an address"}},
		{"POST", "/api/ftp/logging/flush", "", 200, []string{"{}"}},
		{"POST", "/api/ftp/credentials-cache/flush", "", 200, []string{"{}"}},
		{"POST", "/api/plan", "", 200, []string{`"result":"unchanged"`, `"changes":[]`}},
		{"POST", "/api/plan", `{"file":"draft.config"}`, 400, []string{"not an absolute path"}},
		{"POST", "/api/plan", `{"file":"/dev/zero"}`, 400, []string{"/dev/zero is not a plain file"}},
		{"POST", "/api/plan", `{"file":"` + i.home.Dir + `"}`, 400, []string{"is not a plain file"}},
		{"POST", "/api/plan", `{"file":"` + filepath.Join(i.content, "big.bin") + `"}`, 400, []string{"is larger than 268435456 bytes"}},
		{"POST", "/api/plan", `{"files":"draft.config"}`, 400, []string{"unknown field"}},
		{"POST", "/api/reload", "", 200, []string{`"result":"unchanged"`, `"problems":[]`}},
		{"GET", "/health/live", "", 200, []string{"alive"}},
		{"GET", "/health/ready", "", 200, []string{"ready"}},
		{"GET", "/metrics", "", 200, []string{"ftphost_connections"}},
		// What is not there, and what is there but with another method.
		{"GET", "/", "", 404, []string{`"detail":"there is no / here"`}},
		{"GET", "/api/ftp/nonsense", "", 404, []string{`"status":404`}},
		{"PUT", "/api/status", "", 405, []string{`"title":"Method Not Allowed"`, "/api/status has no PUT, only GET"}},
		{"GET", "/api/reload", "", 405, []string{"only POST"}},
		{"DELETE", "/api/ftp/sites/one", "", 405, []string{"only GET, PATCH"}},
		{"POST", "/api/ftp/sessions", "", 405, []string{"only DELETE, GET"}},
		{"GET", "/api/ftp/bans/192.0.2.1", "", 405, []string{"only DELETE"}},
	} {
		answer := i.expect(test.method, test.path, test.body, test.status, test.words...)
		if test.status >= 400 {
			var f api.Failure
			if err := json.Unmarshal([]byte(answer), &f); err != nil || f.Status != test.status || f.Detail == "" || f.Title == "" {
				t.Errorf("%s %s: %s, %v", test.method, test.path, answer, err)
			}
		}
	}
	if log := i.log.String(); !strings.Contains(log, `"by":"socket","request":"PATCH /api/ftp/sites/one","status":413`) || strings.Contains(log, "GET /api") {
		t.Error("what was asked for is not in the log, or too much")
	}
}

// session is the only one of a site, or the zero Session as long as there is
// none.
func (i *inn) session(site string) api.Session {
	i.t.Helper()
	list, err := i.client.Sessions(i.t.Context(), site)
	if err != nil || len(list) > 1 {
		i.t.Fatalf("sessions of %q: %+v, %v", site, list, err)
	}
	return append(list, api.Session{})[0]
}

func TestSessionsAreShownWithoutPasswords(t *testing.T) {
	i := open(t, "")
	g := visit(t, i.two)
	// A reply can be heard before the session is shown as it is after it.
	eventually(t, "a session that was greeted", func() bool { return i.session("two").SessionID != "" })
	if s := i.session(""); s.UserName != "" || s.Site != "two" || s.SiteID != 2 || s.ClientIP != "127.0.0.1" || s.ClientPort == 0 {
		t.Errorf("%+v", s)
	}
	g.say("USER user1", "331 ")
	g.say("PASS wrong-"+secret, "530 ")
	eventually(t, "a refused login", func() bool { return i.session("two").LastErrorStatus == 530 })
	if s := i.session("2"); s.PreviousCommand != "PASS ***" || s.UserName != "" {
		t.Errorf("%+v", s)
	}
	g.say("USER user1", "331 ")
	g.say("PASS "+secret, "230 ")
	g.say("TYPE I", "200 ")
	data := g.transfer("RETR big.bin")
	if _, err := io.ReadFull(data, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bytes of the transfer", func() bool { return i.session("two").BytesSent >= 1<<20 })
	s := i.session("two")
	if s.CurrentCommand != "RETR big.bin" || !strings.HasSuffix(s.UserName, `\user1`) || s.CommandStartTime.IsZero() || s.Encrypted {
		t.Errorf("%+v", s)
	}
	if list, err := i.client.Sessions(t.Context(), "one"); err != nil || len(list) != 0 {
		t.Errorf("site one has %+v, %v", list, err)
	}
	for _, path := range []string{"/api/ftp/sessions", "/api/status", "/metrics"} {
		if _, answer := i.ask("GET", path, ""); strings.Contains(answer, "se-cret") {
			t.Errorf("%s tells a password: %s", path, answer)
		}
	}

	// The transfer does not keep the session from being ended.
	i.expect("DELETE", "/api/ftp/sessions/"+s.SessionID, "", 200, `{"ended":1}`)
	g.ended()
	eventually(t, "no session", func() bool {
		list, err := i.client.Sessions(t.Context(), "")
		return err == nil && len(list) == 0
	})
	i.expect("DELETE", "/api/ftp/sessions/"+s.SessionID, "", 404, "it may have ended")
}

func TestSessionsOfOneUserEnd(t *testing.T) {
	i := open(t, "")
	here, there, other := login(t, i.one, "user1", secret), login(t, i.two, "user1", secret), login(t, i.one, "anonymous", "x")
	n := 0
	eventually(t, "two sessions to end", func() bool {
		more, err := i.client.TerminateUser(t.Context(), "USER1")
		if n += more; err != nil || n > 2 {
			t.Fatalf("%d, %v", n, err)
		}
		return n == 2
	})
	here.ended()
	there.ended()
	other.say("NOOP", "200 ")
	eventually(t, "the anonymous session to end", func() bool {
		n, err := i.client.TerminateUser(t.Context(), "anonymous")
		return err == nil && n == 1
	})
	other.ended()
}

func (i *inn) config() string {
	i.t.Helper()
	data, err := os.ReadFile(i.home.Config)
	if err != nil {
		i.t.Fatal(err)
	}
	return string(data)
}

func TestSitesStopAndStart(t *testing.T) {
	i := open(t, "")
	stays, goes := login(t, i.one, "anonymous", "x"), login(t, i.two, "anonymous", "x")
	i.expect("PATCH", "/api/ftp/sites/two", `{"state":"Stopped"}`, 200, `"name":"two","state":"Stopped","listen":[]`)
	goes.expect("421 ")
	stays.say("NOOP", "200 ")
	if got := i.config(); strings.Count(got, `serverAutoStart="false"`) != 1 {
		t.Errorf("it is not written down: %s", got)
	}
	i.expect("GET", "/health/ready", "", 200, "ready") // as its owner wants
	i.expect("PATCH", "/api/ftp/sites/2", `{"state":"Restarted"}`, 409, `site \"two\" is stopped; start it with`)
	i.expect("PATCH", "/api/ftp/sites/2", `{"state":"Started"}`, 200, `"state":"Started"`)
	if got := i.config(); strings.Contains(got, `serverAutoStart="false"`) {
		t.Errorf("it is not written down: %s", got)
	}
	back := login(t, i.two, "anonymous", "x")
	i.expect("PATCH", "/api/ftp/sites/two", `{"state":"Restarted"}`, 200, `"state":"Started"`)
	back.ended()
	stays.say("NOOP", "200 ")
	login(t, i.two, "anonymous", "x")
}

func TestSitesThatCannotBeChanged(t *testing.T) {
	i := open(t, "")
	// The file that guards changes cannot be opened, whoever one is.
	lock := i.home.Config + ".lock"
	if err := os.RemoveAll(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lock, 0o700); err != nil {
		t.Fatal(err)
	}
	i.expect("PATCH", "/api/ftp/sites/one", `{"state":"Stopped"}`, 409, "changing the configuration:", "applicationHost.config.lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	before := i.rewrite(`id="2"`, `id="two"`)
	i.expect("PATCH", "/api/ftp/sites/one", `{"state":"Stopped"}`, 409, "has errors and is not changed; correct them first", "applicationHost.config:")
	i.expect("PATCH", "/api/ftp/sites/one", `{"state":"Restarted"}`, 409, "the configuration is refused", "ftphost check")
	i.write(i.home.Config, before)
	login(t, i.one, "anonymous", "x")
	i.expect("GET", "/api/ftp/sites/one", "", 200, `"state":"Started"`)
}

func TestReloadAndPlan(t *testing.T) {
	i := open(t, "")
	moved := freePort(t)
	binding := func(port int) string { return fmt.Sprintf("127.0.0.1:%d:", port) }
	draft := filepath.Join(i.home.Dir, "draft.config")
	i.write(draft, strings.Replace(i.config(), binding(i.two), binding(moved), 1))
	change := fmt.Sprintf(`"changes":[{"id":2,"site":"two","change":"changed","detail":"binding 127.0.0.1:%d: is new; binding 127.0.0.1:%d: is gone"}]`, moved, i.two)
	for range 2 { // a plan changes nothing
		i.expect("POST", "/api/plan", `{"file":"`+draft+`"}`, 200, `"result":"applied","generation":1`, change)
	}
	i.expect("POST", "/api/plan", `{"file":"`+draft+`.none"}`, 200, `"result":"refused"`, "there is no such file")
	before := i.rewrite(binding(i.two), binding(moved))
	i.expect("POST", "/api/plan", `{}`, 200, change)
	i.expect("POST", "/api/reload", "", 200, `"result":"applied","generation":2`, change)
	login(t, moved, "anonymous", "x")
	i.expect("POST", "/api/reload", "", 200, `"result":"unchanged"`, `"changes":[]`)

	// What is outside of the sites counts, too.
	i.own(`<metrics users="7" />`)
	if r := i.reload(api.Applied); len(r.Changes) != 0 {
		t.Errorf("%+v", r)
	}
	i.reload(api.Unchanged)

	i.write(i.home.Config, strings.Replace(before, `id="2"`, `id="two"`, 1))
	for range 2 {
		i.expect("POST", "/api/reload", "", 200, `"result":"refused"`, `"severity":"error","file":"`+i.home.Config+`","line":`, `"section":"system.applicationHost/sites"`, "two")
	}
	i.expect("GET", "/api/status", "", 200, `"result":"refused","problems":[{"severity":"error"`, `"refused":2}`)
	i.expect("GET", "/health/ready", "", 200, "ready")
	login(t, moved, "anonymous", "x")
}

func TestBans(t *testing.T) {
	i := open(t, "")
	g := visit(t, i.one)
	g.say("USER user1", "331 ")
	g.say("PASS wrong", "530 ")
	g.say("USER user1", "331 ")
	if _, err := io.WriteString(g.c, "PASS wrong\r\n"); err != nil {
		t.Fatal(err)
	}
	g.ended() // with or without a last word
	i.expect("GET", "/api/ftp/bans", "", 200, `"bans":[{"address":"127.0.0.1","failures":2,"until":"`)
	if _, answer := i.ask("GET", "/metrics", ""); !strings.Contains(answer, "\nftphost_bans 1\n") {
		t.Error("the block is not among the numbers")
	}
	i.expect("DELETE", "/api/ftp/bans/127.0.0.1", "", 200, "{}")
	i.expect("DELETE", "/api/ftp/bans/127.0.0.1", "", 404, "is not blocked")
	i.expect("GET", "/api/ftp/bans", "", 200, `{"bans":[]}`)
	login(t, i.one, "user1", secret)
}

func TestFlushedLogIsWritten(t *testing.T) {
	i := open(t, "")
	g := login(t, i.one, "user1", secret)
	g.say("NOOP", "200 ")
	eventually(t, "the log", func() bool {
		i.expect("POST", "/api/ftp/logging/flush", "", 200)
		files, err := filepath.Glob(filepath.Join(i.home.Dir, "logs", "FTPSVC1", "*.log"))
		if err != nil || len(files) != 1 {
			return false
		}
		data, err := os.ReadFile(files[0])
		return err == nil && strings.Contains(string(data), " NOOP ")
	})
	i.expect("POST", "/api/ftp/credentials-cache/flush", "", 200)
	login(t, i.one, "user1", secret)
}

func TestHealth(t *testing.T) {
	i := open(t, "")
	i.rewrite("</sites>", strings.NewReplacer("CONTENT", filepath.Join(i.content, "none"), "PORT", fmt.Sprint(freePort(t))).Replace(
		`<site name="three" id="3"><application path="/"><virtualDirectory path="/" physicalPath="CONTENT" /></application>
<bindings><binding protocol="ftp" bindingInformation="127.0.0.1:PORT:" /></bindings></site></sites>`))
	i.reload(api.Applied)
	i.expect("GET", "/health/ready", "", 503, "site three is stopped: ", "there is no folder")
	i.expect("GET", "/health/live", "", 200, "alive")
	i.expect("PATCH", "/api/ftp/sites/three", `{"state":"Stopped"}`, 200)
	i.expect("GET", "/health/ready", "", 200, "ready")

	// Whoever still fetches something does so to the end, and nobody new comes.
	g := login(t, i.one, "anonymous", "x")
	data := g.transfer("RETR big.bin")
	i.leave()
	eventually(t, "the stop to be seen", func() bool { status, _ := i.ask("GET", "/health/ready", ""); return status == 503 })
	i.expect("GET", "/health/ready", "", 503, "the server is stopping")
	i.expect("GET", "/health/live", "", 200, "alive")
	i.expect("GET", "/api/status", "", 200, `"stopping":true`, `"sessions":1`)
	eventually(t, "reloads to be refused", func() bool { status, _ := i.ask("POST", "/api/reload", ""); return status == 503 })
	i.expect("POST", "/api/plan", "", 503, "the server is stopping")
	data.Close()
}
