package ftpserver_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/ftptest"
	"github.com/ftphost/ftphost/pkg/reversedns"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// addressElement is ipSecurity at the server or in a location.
type addressElement struct {
	Unlisted string    `xml:"allowUnlisted,attr"`
	Reverse  bool      `xml:"enableReverseDns,attr"`
	Clear    *struct{} `xml:"clear"`
	Adds     []struct {
		Address string `xml:"ipAddress,attr"`
		Mask    string `xml:"subnetMask,attr"`
		Domain  string `xml:"domainName,attr"`
		Allowed bool   `xml:"allowed,attr"`
	} `xml:"add"`
}

// rules are those of e below the server's, which may be nil; locations of a
// conversation inherit nothing from each other.
func (e *addressElement) rules(at vpath.Path, server *addressElement) *access.AddressRules {
	if e == nil {
		return nil
	}
	settings := access.AddressSettings{AllowUnlisted: boolean(e.Unlisted, server == nil || boolean(server.Unlisted, true)), ReverseDNS: e.Reverse, Origin: string(at)}
	for _, one := range []*addressElement{server, e} {
		if one == nil || one == server && e.Clear != nil {
			continue
		}
		for _, a := range one.Adds {
			entry := access.AddressEntry{Domain: a.Domain, Allowed: a.Allowed, Origin: string(at)}
			if a.Domain == "" {
				network, err := access.ParseNetwork(a.Address, a.Mask)
				if err != nil {
					panic(err)
				}
				entry.Network = network.Prefix
			}
			settings.Entries = append(settings.Entries, entry)
		}
	}
	return access.NewAddressRules(settings)
}

// restricted is a site that the client's name decides about, or the rules of
// the test.
const restricted = `
-- applicationHost.config --
<configuration>
  <system.applicationHost><sites>
    <site name="main" id="1">
      <application path="/"><virtualDirectory path="/" physicalPath="$HOME/content" /></application>
      <bindings><binding protocol="ftp" bindingInformation="127.0.0.1:21:" /></bindings>
      <ftpServer><security>
        <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
        <authentication><anonymousAuthentication enabled="true" /></authentication>
      </security><messages allowLocalDetailedErrors="false" /></ftpServer>
    </site>
  </sites></system.applicationHost>
  <system.ftpServer><security>
    <authorization><add accessType="Allow" users="*" permissions="Read" /></authorization>
    RULES
  </security></system.ftpServer>
</configuration>
-- content/a.txt --
a
-- session --
`

// play plays one dialogue with a site of the rules and returns the operational
// log and the lines of the site's.
func play(t *testing.T, rules string, names access.Names, dialogue string, amid func(*running)) (log, lines string) {
	t.Helper()
	a, err := ftptest.Parse("restricted", []byte(strings.Replace(restricted, "RULES", rules, 1)+dialogue))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, a, func(c *ftpserver.Config) { c.Names = names })
	if amid != nil {
		amid(r)
	}
	ftptest.Run(t, a, r.target)
	r.stop(t)
	files, err := filepath.Glob(filepath.Join(r.logDir, "*", "*.log"))
	if err != nil || len(files) != 1 {
		t.Fatalf("logs: %q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return r.log.String(), string(text)
}

func TestRefusedAddressIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := play(t, `<ipSecurity><add ipAddress="127.0.0.1" /></ipSecurity>`, nil,
			"S: 421 Service not available, closing control connection.\nCLOSED\n", nil)
		if want := `"site":"main","substatus":4,"reason":"an entry denies 127.0.0.1","origin":"/","message":"client address refused"`; !strings.Contains(log, want) {
			t.Errorf("operational log:\n%s", log)
		}
		if want := " 127.0.0.1 21 ControlChannelClosed - - 5 4 "; !strings.Contains(lines, want) {
			t.Errorf("log:\n%s", lines)
		}
	})
}

// TestRefusalsDoNotFillTheLog: who comes often is named five times a second.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once := "S: 421 *\nCLOSED\n"
		log, lines := play(t, `<ipSecurity allowUnlisted="false" />`, nil, strings.Repeat(once+"-- session --\n", 19)+once, nil)
		if n := strings.Count(log, "client address refused"); n != 5 {
			t.Errorf("%d lines in the operational log", n)
		}
		if n := strings.Count(lines, "ControlChannelClosed"); n != 20 {
			t.Errorf("%d lines in the site's log", n)
		}
	})
}

// answers are names by the number of the question.
type answers struct {
	mu    sync.Mutex
	after int // questions that are answered with a name
	takes time.Duration
}

func (a *answers) Names(netip.Addr) reversedns.Names {
	time.Sleep(a.takes)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.after--; a.after < 0 {
		return reversedns.Names{}
	}
	return reversedns.Names{Known: true, Claimed: []string{"pc.example.com"}, Confirmed: []string{"pc.example.com"}}
}

const byName = `<ipSecurity allowUnlisted="false" enableReverseDns="true"><add domainName="*.example.com" allowed="true" /></ipSecurity>`

// TestNamesByTheMoment: the rules are asked when a client connects, at the
// login and at every path.
func TestNamesByTheMoment(t *testing.T) {
	const (
		login   = "S: 220 *\nC: USER anonymous\nS: 331 *\nC: PASS x\n"
		refused = "S: 421 *\nCLOSED\n"
		noHome  = "S: 530 User cannot log in, home directory inaccessible.\n"
		denied  = "S: 230 *\nC: SIZE a.txt\nS: 550 Access is denied.␠\n"
		served  = "S: 230 *\nC: SIZE a.txt\nS: 213 2\n"
	)
	for after, dialogue := range []string{refused, login + noHome, login + denied, login + served} {
		synctest.Test(t, func(t *testing.T) {
			_, lines := play(t, byName, &answers{after: after, takes: 5 * time.Second}, dialogue, nil)
			if got := strings.Contains(lines, " 5 4 "); got != (after < 3) {
				t.Errorf("%d answers: sub-status 4 is %v\n%s", after, got, lines)
			}
		})
	}
}

// TestAcceptGoesOn: one client's name does not keep the next waiting.
func TestAcceptGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		play(t, byName, &answers{after: 3, takes: 5 * time.Second}, "S: 220 *\n", func(r *running) {
			for range 2 {
				conn, err := r.target.Dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
			}
		})
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("three clients waited %v", took)
		}
	})
}

// TestNewRulesCountAtOnce: a session follows its site to rules that refuse it.
func TestNewRulesCountAtOnce(t *testing.T) {
	for name, first := range map[string]string{"stranger": "", "logged in": "C: USER anonymous\nS: 331 *\nC: PASS x\nS: 230 *\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, lines := play(t, "", nil, "S: 220 *\n"+first+"T+2s\nC: SYST\nS: 421 *\nCLOSED\n", func(r *running) {
					time.AfterFunc(time.Second, func() {
						closed := *r.sites[0]
						w := *r.world
						w.config.FTP.Addresses = &addressElement{Unlisted: "false"}
						closed.Root = w.namespace(t, &w.config.Sites[0])
						endpoints, _ := site.Endpoints([]*site.Site{&closed})
						r.replace(endpoints[0])
					})
				})
				if !strings.Contains(lines, " SYST - 421 5 4 ") {
					t.Errorf("log:\n%s", lines)
				}
			})
		})
	}
}
