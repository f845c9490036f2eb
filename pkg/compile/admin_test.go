package compile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

const keyHash = "sha256:0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDEF"

func TestAdminFindings(t *testing.T) {
	const key = `<keys><add name="monitoring" hash="` + keyHash + `" /></keys>`
	for name, test := range map[string]struct {
		own  string // what ftpHost has
		want []string
	}{
		"none":               {``, nil},
		"as it should be":    {`<admin address="127.0.0.1:8021">` + key + `</admin><metrics address="[::1]:9021" users="10" />`, nil},
		"by name":            {`<admin address="localhost:8021">` + key + `</admin>`, nil},
		"metrics for others": {`<metrics address="0.0.0.0:9021" />`, nil},
		"no port": {
			`<admin address="127.0.0.1">` + key + `</admin>`,
			[]string{`warning: ftphost.config:1:32: ftpHost/admin: address "127.0.0.1" is not an address and a port, such as 127.0.0.1:8021; nothing listens there`},
		},
		"port 0":         {`<metrics address="127.0.0.1:0" />`, []string{`"127.0.0.1:0" is not an address and a port`}},
		"port too high":  {`<metrics address="127.0.0.1:65536" />`, []string{`"127.0.0.1:65536" is not an address and a port`}},
		"name of a port": {`<metrics address="127.0.0.1:http" />`, []string{`"127.0.0.1:http" is not an address and a port`}},
		"IPv6 as it is":  {`<metrics address="::1:9021" />`, []string{`"::1:9021" is not an address and a port`}},
		"another name":   {`<metrics address="ftp.example.com:9021" />`, []string{`ftpHost/metrics: address "ftp.example.com:9021" does not begin with an address of this machine, such as 127.0.0.1; nothing listens there`}},
		"nobody has a key": {
			`<admin address="127.0.0.1:8021" />`,
			[]string{`warning: ftphost.config:1:32: ftpHost/admin: nobody can use address 127.0.0.1:8021, since there is no key; make one with: ftphost admin key NAME`},
		},
		"for other machines":    {`<admin address="192.0.2.1:8021">` + key + `</admin>`, []string{`address 192.0.2.1:8021 is open to other machines, and HTTP shows keys to everybody on the way; listen on 127.0.0.1 and put a server with TLS in front`}},
		"for all machines":      {`<admin address=":8021">` + key + `</admin>`, []string{`address :8021 is open to other machines`}},
		"the same address":      {`<admin address="127.0.0.1:8021">` + key + `</admin><metrics address="127.0.0.1:8021" />`, []string{`ftpHost/metrics: address 127.0.0.1:8021 is that of ftpHost/admin, which has /metrics too, for those with a key; give another one`}},
		"the same, differently": {`<admin address="127.0.0.1:8021">` + key + `</admin><metrics address="localhost:8021" />`, []string{`address localhost:8021 is that of ftpHost/admin`}},
		"the same, wider":       {`<admin address="127.0.0.1:8021">` + key + `</admin><metrics address=":8021" />`, []string{`address :8021 is that of ftpHost/admin`}},
		"bad hash": {
			`<admin address="127.0.0.1:8021"><keys><add name="good" hash="` + keyHash + `" /><add name="bad one" hash="sha256:0123" /></keys></admin>`,
			[]string{`warning: ftphost.config:1:`, `key "bad one": hash is not sha256: and 64 hexadecimal digits, so nobody has this key; make one with: ftphost admin key "bad one"`},
		},
		"the key itself is not repeated": {`<admin address="127.0.0.1:8021"><keys><add name="x" hash="THE-KEY" /></keys></admin>`, []string{`key "x": hash is not`, `nobody can use address`}},
		"two keys of one name":           {`<admin><keys><add name="x" hash="` + keyHash + `" /><add name="X" hash="` + keyHash + `" /></keys></admin>`, []string{`error: ftphost.config:1:`, `"X"`}},
		"users":                          {`<metrics users="-1" />`, []string{`error: ftphost.config:1:`, `users`}},
	} {
		t.Run(name, func(t *testing.T) {
			found, sites := check(t, plainSite, "<configuration><ftpHost>"+test.own+"</ftpHost></configuration>")
			found = slices.DeleteFunc(found, func(f string) bool { return !strings.Contains(f, "ftpHost/") && !strings.Contains(f, "ftphost.config") })
			all := strings.Join(found, "\n")
			if (len(test.want) == 0) != (len(found) == 0) {
				t.Errorf("%q", found)
			}
			for _, w := range test.want {
				if !strings.Contains(all, w) {
					t.Errorf("%s\nhas no %s", all, w)
				}
			}
			if strings.Contains(all, "THE-KEY") {
				t.Error("a key is told")
			}
			// Warnings keep no site from running.
			if !strings.Contains(all, "error: ") && sites != 1 {
				t.Errorf("%d sites are served", sites)
			}
		})
	}
}

func TestSocketOfFile(t *testing.T) {
	home := compile.NewHome(t.TempDir())
	for own, want := range map[string]string{
		"":                          "",
		`<admin />`:                 "",
		`<admin socket="a/b" />`:    filepath.Join(home.Dir, "a", "b"),
		`<admin socket="/run/x" />`: "/run/x",
	} {
		// What is wrong with the other file does not matter.
		for path, text := range map[string]string{home.Config: "<configuration", home.Own(): "<configuration><ftpHost>" + own + "</ftpHost></configuration>"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, problems := home.LoadOwn()
		if cfg == nil || compile.AdminSocket(cfg, home) != want {
			t.Errorf("%s: %v", own, problems)
		}
	}
	if err := os.Remove(home.Own()); err != nil {
		t.Fatal(err)
	}
	if cfg, problems := home.LoadOwn(); cfg == nil || len(problems) > 0 {
		t.Errorf("there need not be a file: %v", problems)
	}
}
