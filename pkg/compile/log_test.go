package compile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// logging compiles two sites, each with the logFile element, a server level and
// a ftphost.config, and returns their logs; HOME in what is said about them is
// the home.
func logging(t *testing.T, logFile, server, own string) (logs []*w3clog.Log, home, problems string) {
	t.Helper()
	h, _ := manySites(t, 2)
	data, err := os.ReadFile(h.Config)
	if err != nil {
		t.Fatal(err)
	}
	config := strings.ReplaceAll(string(data), "</ftpServer>", strings.ReplaceAll(logFile, "HOME", h.Dir)+"</ftpServer>")
	config = strings.Replace(config, "</configuration>", strings.ReplaceAll(server, "HOME", h.Dir)+"</configuration>", 1)
	for name, text := range map[string]string{h.Config: config, filepath.Join(h.Dir, "ftphost.config"): "<configuration>" + own + "</configuration>"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, list := h.Load()
	if cfg == nil {
		return nil, h.Dir, findings(list)
	}
	result, more := compile.Snapshot(cfg, compile.Parts{
		Home: h, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(),
		Accounts: func() *local.Directory { return nil },
	})
	list = append(list, more...)
	if result == nil {
		return nil, h.Dir, findings(list)
	}
	for _, s := range result.Snapshot.Sites {
		logs = append(logs, s.Log)
	}
	return logs, h.Dir, strings.ReplaceAll(findings(list), h.Dir, "HOME")
}

// findings are all problems, a line each.
func findings(list apphost.ErrorList) string {
	var b strings.Builder
	for _, e := range list {
		kind := "error"
		if e.Warning {
			kind = "warning"
		}
		fmt.Fprintf(&b, "%s: %v\n", kind, e)
	}
	return b.String()
}

func TestLogSettings(t *testing.T) {
	standard := w3clog.Settings{
		Enabled: true, Directory: "HOME/logs/FTPSVC1", Period: w3clog.Daily, TruncateSize: 20971520, Fields: w3clog.DefaultFields,
		Selective: w3clog.LogSuccessful | w3clog.LogError | w3clog.LogInfrastructure, UTF8: true, FlushInterval: time.Second,
	}
	with := func(change func(*w3clog.Settings)) w3clog.Settings {
		s := standard
		change(&s)
		return s
	}
	all := w3clog.Fields(0)
	for i := range 27 {
		all |= 1 << i
	}
	all &^= 512 | 65536 | 131072 | 262144 | 524288 // not used for FTP
	for name, c := range map[string]struct {
		logFile, server, own string
		want                 w3clog.Settings // of the first site
	}{
		"nothing said": {"", "", "", standard},
		"a folder":     {`<logFile directory="HOME/elsewhere" />`, "", "", with(func(s *w3clog.Settings) { s.Directory = "HOME/elsewhere/FTPSVC1" })},
		"the folder of IIS": {"", "", `<ftpHost><pathMap><add from="C:\" to="c" /></pathMap></ftpHost>`, with(func(s *w3clog.Settings) {
			s.Directory = "HOME/c/inetpub/logs/LogFiles/FTPSVC1"
		})},
		"a share": {`<logFile directory="\\files\logs\ftp" />`, "", `<ftpHost><pathMap><add from="\\files\logs" to="share" /></pathMap></ftpHost>`, with(func(s *w3clog.Settings) {
			s.Directory = "HOME/share/ftp/FTPSVC1"
		})},
		"size": {`<logFile period="MaxSize" truncateSize="1048576" />`, "", "", with(func(s *w3clog.Settings) {
			s.Period, s.TruncateSize = w3clog.MaxSize, w3clog.MinTruncateSize
		})},
		"no new files": {`<logFile period="MaxSize" truncateSize="4294967295" />`, "", "", with(func(s *w3clog.Settings) {
			s.Period, s.TruncateSize = w3clog.MaxSize, w3clog.Unlimited
		})},
		"every flag": {
			`<logFile logExtFileFlags="PhysicalPath, ClientPort, Info, FullPath, Session, FtpSubStatus, Host, ServerPort, TimeTaken, BytesRecv, BytesSent, Win32Status, FtpStatus, UriStem, Method, ServerIP, ComputerName, SiteName, UserName, ClientIP, Time, Date" />`,
			"", "", with(func(s *w3clog.Settings) { s.Fields = all }),
		},
		"some events": {
			`<logFile localTimeRollover="true" selectiveLogging="LogError, LogInfrastructure" period="Hourly" />`, "", "",
			with(func(s *w3clog.Settings) {
				s.LocalTimeRollover, s.Selective, s.Period = true, w3clog.LogError|w3clog.LogInfrastructure, w3clog.Hourly
			}),
		},
		"code page": {"", `<system.ftpServer><log logInUTF8="false" /></system.ftpServer>`, "", with(func(s *w3clog.Settings) { s.UTF8 = false })},
		"central": {
			`<logFile enabled="false" period="Hourly" />`,
			`<system.ftpServer><log centralLogFileMode="Central"><centralLogFile directory="HOME/all" period="Weekly" /></log></system.ftpServer>`,
			`<ftpHost><log json="true" /></ftpHost>`,
			with(func(s *w3clog.Settings) { s.Directory, s.Period, s.JSON = "HOME/all/FTPSVC", w3clog.Weekly, true }),
		},
		"JSON": {"", "", `<ftpHost><log json="true" flushInterval="00:05:00" /></ftpHost>`, with(func(s *w3clog.Settings) {
			s.JSON, s.FlushInterval = true, 5*time.Minute
		})},
		"JSON of one": {
			"", "", `<ftpHost><log flushInterval="00:00:02" /></ftpHost><location path="Site0.example.com"><ftpHost><log json="true" /></ftpHost></location>`,
			with(func(s *w3clog.Settings) { s.JSON, s.FlushInterval = true, 2*time.Second }),
		},
		"JSON of the other": {"", "", `<location path="site1.example.com"><ftpHost><log json="true" /></ftpHost></location>`, standard},
	} {
		t.Run(name, func(t *testing.T) {
			logs, home, problems := logging(t, c.logFile, c.server, c.own)
			if len(logs) != 2 || logs[0] == nil || logs[1] == nil {
				t.Fatalf("logs %v\n%s", logs, problems)
			}
			c.want.Directory = strings.Replace(c.want.Directory, "HOME", home, 1)
			if got := logs[0].Settings(); got != c.want {
				t.Errorf("got  %+v\nwant %+v\n%s", got, c.want, problems)
			}
			if shared := logs[0].Settings().Directory == logs[1].Settings().Directory; shared != (name == "central") {
				t.Errorf("both in %s", logs[1].Settings().Directory)
			}
		})
	}
}

// TestCentralLogStays: sites that are taken over as they are do not take the
// log of clients without a site away.
func TestCentralLogStays(t *testing.T) {
	home, _ := manySites(t, 2)
	data, err := os.ReadFile(home.Config)
	if err != nil {
		t.Fatal(err)
	}
	central := `<system.ftpServer><log centralLogFileMode="Central" /></system.ftpServer></configuration>`
	if err := os.WriteFile(home.Config, []byte(strings.Replace(string(data), "</configuration>", central, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	parts := compile.Parts{
		Home: home, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(), Accounts: func() *local.Directory { return nil },
	}
	for range 2 {
		cfg, problems := home.Load()
		if cfg == nil {
			t.Fatal(problems)
		}
		result, problems := compile.Snapshot(cfg, parts)
		if result == nil || len(result.Snapshot.Endpoints) != 1 {
			t.Fatal(problems)
		}
		log, siteLog := result.Snapshot.Endpoints[0].Log, result.Snapshot.Sites[0].Log
		if log == nil || siteLog == nil || log.Settings() != siteLog.Settings() {
			t.Errorf("log of the endpoint %v, of a site %v", log, siteLog)
		}
		parts.Previous = result
	}
}

func TestNoLog(t *testing.T) {
	logs, _, problems := logging(t, `<logFile enabled="false" />`, "", "")
	if len(logs) != 2 || logs[0] != nil || logs[1] != nil {
		t.Errorf("logs %v\n%s", logs, problems)
	}
	logs, _, problems = logging(t, "", `<system.ftpServer><log centralLogFileMode="Central"><centralLogFile enabled="false" /></log></system.ftpServer>`, "")
	if len(logs) != 2 || logs[0] != nil {
		t.Errorf("central: logs %v\n%s", logs, problems)
	}
}

func TestLogFindings(t *testing.T) {
	for name, c := range map[string]struct {
		logFile, server, own string
		want                 []string
	}{
		"a flag without a column": {
			`<logFile logExtFileFlags="Date, PhysicalPath" />`, "", "",
			[]string{
				"warning: HOME/applicationHost.config:18:26: system.applicationHost/sites: logExtFileFlags: PhysicalPath adds no column, as IIS documents none for it; FullPath is the path that clients see",
				"warning: HOME/applicationHost.config:34:26: system.applicationHost/sites: logExtFileFlags: PhysicalPath adds no column, as IIS documents none for it; FullPath is the path that clients see",
			},
		},
		"as a number, for all": {
			"", `<system.ftpServer><log centralLogFileMode="Central"><centralLogFile logExtFileFlags="67108867" /></log></system.ftpServer>`, "",
			[]string{"warning: HOME/applicationHost.config:56:69: system.ftpServer/log: logExtFileFlags: PhysicalPath adds no column, as IIS documents none for it; FullPath is the path that clients see"},
		},
		"an unknown flag": {
			`<logFile logExtFileFlags="Date, Referer" />`, "", "",
			[]string{`applicationHost.config:18:26: system.applicationHost/sites: logExtFileFlags "Date, Referer" has "Referer"`},
		},
		"too small": {
			`<logFile period="MaxSize" truncateSize="1000" />`, "", "",
			[]string{`applicationHost.config:18:43: system.applicationHost/sites: truncateSize 1000 is not between 1048576 and 4294967295`},
		},
		"too slow": {
			"", "", `<ftpHost><log flushInterval="01:00:00" /></ftpHost>`,
			[]string{`ftphost.config:1:30: ftpHost/log: flushInterval 01:00:00 is not between`},
		},
		"seconds": {
			"", "", `<ftpHost><log flushInterval="5" /></ftpHost>`,
			[]string{`ftphost.config:1:30: ftpHost/log: flushInterval "5" is not a time span like 00:02:00`},
		},
		"below a site": {
			"", "", `<location path="site0.example.com/in"><ftpHost><log json="true" /></ftpHost></location>`,
			[]string{`warning: HOME/ftphost.config:1:63: ftpHost/log: below a site it changes nothing; move it to <location path="site0.example.com">`},
		},
		"a site of a central log": {
			"", `<system.ftpServer><log centralLogFileMode="Central" /></system.ftpServer>`,
			`<location path="site0.example.com"><ftpHost><log json="true" /></ftpHost></location>`,
			[]string{`warning: HOME/ftphost.config:1:60: ftpHost/log: all sites share the central log; in a location it changes nothing, so say it for the server`},
		},
		"a drive that is nowhere": {
			`<logFile directory="L:\logs" />`, "", "",
			[]string{`site "site0.example.com": log directory: `, `the log goes to HOME/logs`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, problems := logging(t, c.logFile, c.server, c.own)
			for _, want := range c.want {
				if !strings.Contains(problems, want) {
					t.Errorf("%s\nhas no %s", problems, want)
				}
			}
		})
	}
}
