package appcmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

func stock(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/stock.config")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Output, to the byte.
func TestOutput(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		out  string
	}{
		"sites":            {[]string{"list", "SITES"}, 0, "SITE \"Default Web Site\" (id:1,bindings:http/*:80:,state:Unknown)\nSITE \"ftp.example.com\" (id:2,bindings:ftp/*:21:,state:Unknown)\n"},
		"a site":           {[]string{"list", "site", "FTP.example.com"}, 0, "SITE \"ftp.example.com\" (id:2,bindings:ftp/*:21:,state:Unknown)\n"},
		"by option":        {[]string{"list", "site", "/site.name:ftp.example.com", "/text:id"}, 0, "2\n"},
		"by number":        {[]string{"list", "site", "-site.id:2", "-text:site.name"}, 0, "ftp.example.com\n"},
		"by URL":           {[]string{"list", "site", "ftp://localhost/", "/text:name"}, 0, "ftp.example.com\n"},
		"no site":          {[]string{"list", "site", "none"}, 1, ""},
		"filter":           {[]string{"list", "site", "/bindings:$=*ftp*", "/text:name"}, 0, "ftp.example.com\n"},
		"filter nested":    {[]string{"list", "site", "/ftpServer.security.ssl.controlChannelPolicy:SslRequire", "/id:$>1", "/text:name"}, 0, "ftp.example.com\n"},
		"filter nothing":   {[]string{"list", "site", "/id:$<1"}, 1, ""},
		"property":         {[]string{"list", "site", "ftp.example.com", "/text:ftpServer.logFile.period"}, 0, "Daily\n"},
		"by indexers":      {[]string{"list", "site", "ftp.example.com", "/text:[path='/'].[path='/'].physicalPath"}, 0, "%SystemDrive%\\inetpub\\ftproot\n"},
		"apps":             {[]string{"list", "app", "ftp.example.com/"}, 0, "APP \"ftp.example.com/\" (applicationPool:DefaultAppPool)\n"},
		"vdirs":            {[]string{"list", "vdir", "/app.name:ftp.example.com/"}, 0, "VDIR \"ftp.example.com/\" (physicalPath:%SystemDrive%\\inetpub\\ftproot)\n"},
		"xml":              {[]string{"list", "site", "ftp.example.com", "/xml"}, 0, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<appcmd>\n  <SITE SITE.NAME=\"ftp.example.com\" SITE.ID=\"2\" bindings=\"ftp/*:21:\" state=\"Unknown\" />\n</appcmd>\n"},
		"section":          {[]string{"list", "config", "/section:requestFiltering"}, 0, "<system.ftpServer>\n  <security>\n    <requestFiltering>\n      <hiddenSegments>\n        <add segment=\"_vti_bin\" />\n      </hiddenSegments>\n    </requestFiltering>\n  </security>\n</system.ftpServer>\n"},
		"section property": {[]string{"list", "config", "/section:system.ftpServer/firewallSupport", "/text:lowDataChannelPort"}, 0, "0\n"},
		"section all":      {[]string{"list", "config", "/section:system.ftpServer/firewallSupport", "/config:*"}, 0, "<system.ftpServer>\n  <firewallSupport lowDataChannelPort=\"0\" highDataChannelPort=\"0\" />\n</system.ftpServer>\n"},
		"sections":         {[]string{"list", "config", "/section:?system.ftpServer/sec*"}, 0, "system.ftpServer/security/authentication\nsystem.ftpServer/security/authorization\nsystem.ftpServer/security/ipSecurity\nsystem.ftpServer/security/requestFiltering\n"},
		"search":           {[]string{"search", "config", "/section:requestFiltering"}, 0, "CONFIGSEARCH \"MACHINE/WEBROOT/APPHOST\"\n"},
		"start elsewhere":  {[]string{"start", "site", "ftp.example.com"}, 87, "ERROR ( message:A site of another file cannot be started or stopped. )\n"},
		"no object":        {[]string{"list", "foo"}, 87, "Object 'FOO' is not supported.  Run 'appcmd.exe /?' to display supported objects.\n"},
		"pools":            {[]string{"add", "apppool", "/name:x"}, 87, "Object 'APPPOOL' is not supported.  Run 'appcmd.exe /?' to display supported objects.\n"},
		"no verb":          {[]string{"foo", "site"}, 87, "Command 'FOO' is not supported on object 'SITE'. Run 'appcmd.exe SITE /?'\nto display supported commands.\n"},
		"no identifier":    {[]string{"delete", "site"}, 87, "ERROR ( message:Must specify the SITE object with identifier. )\n"},
		"not there":        {[]string{"delete", "site", "x"}, 1168, "ERROR ( message:Cannot find SITE object with identifier \"x\". )\n"},
		"app not there":    {[]string{"set", "app", "x/", "/applicationPool:a"}, 1168, "ERROR ( message:Cannot find APP object with identifier \"x/\". )\n"},
		"unknown":          {[]string{"set", "site", "ftp.example.com", "/x:1"}, 87, "ERROR ( message:Unknown attribute \"x\".  Replace with -? for help. )\n"},
		"unknown section":  {[]string{"set", "config", "/section:x", "/y:1"}, 87, "ERROR ( message:Unknown config section \"x\".  Replace with ? for help. )\n"},
		"duplicate":        {[]string{"add", "site", "/name:FTP.EXAMPLE.COM", "/id:9"}, 183, "ERROR ( message:Failed to add duplicate collection element \"FTP.EXAMPLE.COM\". )\n"},
		"no element":       {[]string{"set", "config", "/section:sites", "/[name='x'].id:4"}, 4312, "ERROR ( message:Cannot find requested collection element. )\n"},
		"server only":      {[]string{"set", "config", "x", "/section:system.ftpServer/log", "/logInUTF8:true"}, 33, "ERROR ( hresult:80070021, message:This configuration section cannot be used at this path. This happens when the section is locked at a parent level. )\n"},
		"delete":           {[]string{"delete", "site", "/site.name:ftp.example.com"}, 0, "SITE object \"ftp.example.com\" deleted\n"},
		"chef set":         {[]string{"set", "site", "/site.name:ftp.example.com", "/[path='/'].applicationPool:Pool"}, 0, "SITE object \"ftp.example.com\" changed\n"},
		"set vdir":         {[]string{"set", "vdir", "ftp.example.com/", `/physicalPath:D:\x`}, 0, "VDIR object \"ftp.example.com/\" changed\n"},
		"lock":             {[]string{"lock", "config", "/section:authorization"}, 0, "Locked section \"system.ftpServer/security/authorization\" at configuration path \"MACHINE/WEBROOT/APPHOST\".\n"},
		"unlock":           {[]string{"unlock", "config", "ftp.example.com", "/section:authorization"}, 0, "Unlocked section \"system.ftpServer/security/authorization\" at configuration path \"MACHINE/WEBROOT/APPHOST/ftp.example.com\".\n"},
		"bad number":       {[]string{"set", "config", "/section:system.ftpServer/firewallSupport", "/lowDataChannelPort:70000"}, 87, "ERROR ( message:Invalid value for attribute \"lowDataChannelPort\": 70000 is not between 0 and 65535. )\n"},
		"clear sites":      {[]string{"clear", "config", "/section:sites"}, 87, "ERROR ( message:All sites would be deleted. )\n"},
	} {
		if after, code, out, errs := on(t, stock(t), test.args...); code != test.code || out != test.out {
			t.Errorf("%s: %d, want %d\ngot  %q\nwant %q\n%s", name, code, test.code, out, test.out, errs)
		} else if code != 0 && !bytes.Equal(after, stock(t)) {
			t.Errorf("%s changed the file", name)
		}
	}
}

// What people copy from pages that have it wrong, and what is said to them.
func TestTraps(t *testing.T) {
	set := func(args ...string) []string { return append([]string{"set", "config"}, args...) }
	const sites = "-section:system.applicationHost/sites"
	for name, test := range map[string]struct {
		args      []string
		code      int
		out, hint string
	}{
		"1 spaces without quotes": {
			set(sites, "/+[name='Default", "FTP", "Site'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']", "/commit:apphost"),
			87, "Failed to process input: The parameter 'Site'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']' must begin with a / or - (HRESULT=80070057).", "double quotes",
		},
		"1 one space": {set(sites, "/[name='FTP", "Site'].ftpServer.x:1"), 1168, "Cannot find SITE object with identifier", "double quotes"},
		"1 commas in PowerShell": {
			set("Site", sites, "/+[accessType=Allow", "users=*", "permissions=Read]"),
			87, "Failed to process input: The parameter 'users=*' must begin", "double quotes",
		},
		"2 glued lines": {
			set(sites, "/siteDefaults.ftpServer.logFile.period:Daily", "/commit:apphostappcmd.exe", "/commit:apphost"),
			87, "Invalid configuration commit path", "glued together",
		},
		"2 commit twice":             {set(sites, "/siteDefaults.ftpServer.logFile.period:Daily", "/commit:apphost", "/commit:apphost"), 87, "given twice", "glued together"},
		"3 ssl beside security":      {set(sites, "/siteDefaults.ftpServer.ssl.controlChannelPolicy:SslAllow"), 87, "Unknown attribute", "ftpServer.security.ssl"},
		"8 sytem":                    {set("-section:sytem.ftpServer/security/authorization", "/+[users='*']"), 87, "Unknown config section", "system.ftpServer"}, //nolint:misspell // the slip itself
		"9 custom logging":           {set("-section:system.ftpServer/log/customLogging", "/x:1"), 87, "Unknown config section", "FTP 7.0"},
		"range of a site":            {set(sites, "/[name='ftp.example.com'].ftpServer.firewallSupport.lowDataChannelPort:1"), 87, "Unknown attribute", "whole server"},
		"pasvPortRange":              {set("-section:system.ftpServer/firewallSupport", "/pasvPortRange:1-2"), 87, "Unknown attribute", "lowDataChannelPort"},
		"authentication as section":  {set("-section:system.ftpServer/security/authentication/basicAuthentication", "/enabled:true"), 87, "Unknown config section", "per site"},
		"ssl as section":             {set("Site", "-section:system.ftpServer/security/ssl", "/x:1"), 87, "Unknown config section", "each site"},
		"isolation word":             {set(sites, "/siteDefaults.ftpServer.userIsolation.mode:Isolated"), 87, "Invalid value", "IsolateAllDirectories"},
		"log flag":                   {set(sites, "/siteDefaults.ftpServer.logFile.logExtFileFlags:Date, HttpStatus"), 87, "Invalid value", "FtpStatus"},
		"welcomeMessage":             {set(sites, "/siteDefaults.ftpServer.messages.welcomeMessage:hi"), 87, "Unknown attribute", "greetingMessage"},
		"content length":             {set("-section:requestFiltering", "/maxAllowedContentLength:1"), 87, "Unknown attribute", "requestLimits"},
		"physicalPath of a site":     {[]string{"set", "site", "ftp.example.com", "/physicalPath:x"}, 87, "Unknown attribute", "set vdir"},
		"machine.config":             {set(sites, "/siteDefaults.ftpServer.logFile.period:Daily", "/commit:machine"), 87, "Cannot commit", "apphost"},
		"no commit writes and tells": {set("ftp.example.com", "-section:authorization", "/+[accessType='Allow',users='?',permissions='Read']"), 0, "commit path", "FTP reads no web.config: written to <location path=\"ftp.example.com\">"},
		"rule for everybody":         {set("-section:authorization", "/+[accessType='Allow',users='a',permissions='Read']", "/commit:apphost"), 0, "Applied", "every FTP site"},
		"unlock does nothing":        {[]string{"unlock", "config", "-section:authorization"}, 0, "Unlocked", "no web.config"},
	} {
		after, code, out, errs := on(t, stock(t), test.args...)
		if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errs, test.hint) {
			t.Errorf("%s: %d %q %q\nwant %d %q %q", name, code, out, errs, test.code, test.out, test.hint)
		}
		if code != 0 && !bytes.Equal(after, stock(t)) {
			t.Errorf("%s changed the file", name)
		}
	}
}

// A site that is deleted comes back from its own description.
func TestRoundTrip(t *testing.T) {
	text, err := os.ReadFile("testdata/mixed.config")
	if err != nil {
		t.Fatal(err)
	}
	_, _, want, _ := on(t, text, "list", "site", "Default Web Site", "/config")
	_, _, all, _ := on(t, text, "list", "site", "Default Web Site", "/config:*", "/xml")
	_, _, result, _ := on(t, text, "list", "site", "Default Web Site", "/config", "/xml")
	text, code, out, _ := on(t, text, "delete", "site", "Default Web Site")
	if code != 0 {
		t.Fatal(out)
	}
	path := filepath.Join(t.TempDir(), "applicationHost.config")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = Run(t.Context(), []string{"add", "site", "/in", "/apphostconfig:" + path}, Env{In: strings.NewReader(result), Out: &o, Err: &e})
	if code != 0 || o.String() != "SITE object \"Default Web Site\" added\n" {
		t.Fatalf("%d %s %s", code, o.String(), e.String())
	}
	if text, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if _, _, got, _ := on(t, text, "list", "site", "Default Web Site", "/config"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, _, got, _ := on(t, text, "list", "site", "Default Web Site", "/config:*", "/xml"); got != all {
		t.Errorf("got\n%s\nwant\n%s", got, all)
	}
	// The result also names the objects of another command.
	_, _, sites, _ := on(t, text, "list", "sites", "/xml")
	o.Reset()
	code = Run(t.Context(), []string{"set", "site", "-", "/serverAutoStart:false", "/apphostconfig:" + path}, Env{In: strings.NewReader(sites), Out: &o, Err: &e})
	if code != 0 || strings.Count(o.String(), "changed") != 2 {
		t.Errorf("%d %s %s", code, o.String(), e.String())
	}
}

// home is a home whose only site can be served.
func home(t *testing.T) Env {
	t.Helper()
	h := compile.NewHome(t.TempDir())
	text := `<configuration><system.applicationHost><sites>
	<site name="one" id="1"><application path="/"><virtualDirectory path="/" physicalPath="` + t.TempDir() + `" /></application>
		<bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings></site>
</sites></system.applicationHost></configuration>`
	if err := os.WriteFile(h.Config, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return Env{Home: h, Now: func() time.Time { return time.Date(2026, 5, 19, 17, 25, 30, 0, time.UTC) }}
}

func (e Env) run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, r bytes.Buffer
	e.Out, e.Err = &o, &r
	return Run(t.Context(), args, e), strings.ReplaceAll(o.String(), "\r\n", "\n"), r.String()
}

// Nobody's change is lost.
func TestAtOnce(t *testing.T) {
	e := home(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := string(rune('a' + i))
			if code, out, errs := e.run(t, "add", "site", "/name:"+name, "/bindings:ftp/*:21:"+name); code != 0 {
				t.Errorf("%d %s %s", code, out, errs)
			}
		})
	}
	all.Wait()
	if _, out, _ := e.run(t, "list", "sites"); strings.Count(out, "\n") != 9 || !strings.Contains(out, "id:9") {
		t.Error(out)
	}
	if info, err := os.Stat(e.Home.Config); err != nil || info.Mode().Perm() != 0o640 && info.Mode().Perm() != 0o666 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// A change that a reload would refuse is not written; one that mends is.
func TestBrokenFiles(t *testing.T) {
	e := home(t)
	good, err := os.ReadFile(e.Home.Config)
	if err != nil {
		t.Fatal(err)
	}
	code, out, _ := e.run(t, "set", "site", "one", "/name:a/b")
	if code != 87 || !strings.Contains(out, "is not a site name") {
		t.Errorf("%d %s", code, out)
	}
	code, out, _ = e.run(t, "set", "site", "one", "/-id", "/-name")
	if code != 13 || !strings.Contains(out, "Line Number: 2\n") || !strings.Contains(out, "applicationHost.config:2:2: ") {
		t.Errorf("%d %s", code, out)
	}
	if now, err := os.ReadFile(e.Home.Config); err != nil || !bytes.Equal(now, good) {
		t.Error("the file was changed")
	}
	broken := strings.Replace(string(good), "<bindings>", `<ftpServer><security><ssl controlChannelPolicy="Sometimes" dataChannelPolicy="Never" /></security></ftpServer><bindings>`, 1)
	if err := os.WriteFile(e.Home.Config, []byte(broken), 0o640); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := e.run(t, "list", "sites"); code != 13 || !strings.Contains(out, "Sometimes") {
		t.Errorf("%d %s", code, out)
	}
	for _, args := range [][]string{{"/ftpServer.security.ssl.controlChannelPolicy:SslAllow"}, {"/-ftpServer.security.ssl.dataChannelPolicy"}} {
		if code, out, errs := e.run(t, append([]string{"set", "site", "one"}, args...)...); code != 0 {
			t.Errorf("%d %s %s", code, out, errs)
		}
	}
	if code, out, _ := e.run(t, "list", "site", "/text:ftpServer.security.ssl.controlChannelPolicy"); code != 0 || out != "SslAllow\n" {
		t.Errorf("%d %s", code, out)
	}
}

// A site that cannot run is its own problem, and is told.
func TestSiteThatCannotRun(t *testing.T) {
	e := home(t)
	code, out, errs := e.run(t, "add", "site", "/name:two", "/bindings:ftp://*:2121", "/physicalPath:"+filepath.Join(e.Home.Dir, "none"))
	if code != 0 || !strings.Contains(out, "VDIR object \"two/\" added") || !strings.Contains(errs, "there is no folder") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	code, out, errs = e.run(t, "stop", "site", "two")
	if code != 0 || out != "" || !strings.Contains(errs, "no server runs here") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if _, out, _ := e.run(t, "list", "site", "two", "/text:ftpServer.serverAutoStart"); out != "false\n" {
		t.Error(out)
	}
}

// A certificate that is missing where TLS is required is told when it is asked
// for, not at the next login.
func TestPolicyWithoutCertificate(t *testing.T) {
	e := home(t)
	if code, out, errs := e.run(t, "set", "site", "one", "/ftpServer.security.ssl.controlChannelPolicy:SslAllow", "/ftpServer.security.ssl.dataChannelPolicy:SslAllow"); code != 0 || errs != "" {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	code, _, errs := e.run(t, "set", "site", "one", "/ftpServer.security.ssl.controlChannelPolicy:1", "/ftpServer.security.ssl.serverCertHash:")
	if code != 0 || !strings.Contains(errs, "the site has no certificate that can be used, so nobody can log in") {
		t.Errorf("%d %s", code, errs)
	}
}

// Applications and virtual directories, one in another.
func TestFolders(t *testing.T) {
	e := home(t)
	for _, s := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"add", "app", "/site.name:ONE", "/path:/docs", "/physicalPath:/srv/docs"}, 0, "APP object \"one/docs\" added\nVDIR object \"one/docs/\" added\n"},
		{[]string{"add", "app", "/site.name:one", "/path:/DOCS"}, 183, "ERROR ( message:Failed to add duplicate collection element \"/DOCS\". )\n"},
		{[]string{"add", "app", "/path:/x"}, 87, "ERROR ( message:Must specify the \"site.name\" and \"path\" attributes of the APP object. )\n"},
		{[]string{"add", "vdir", "/app.name:one/docs", "/path:/old", "/physicalPath:/srv/old", "/userName:x"}, 0, "VDIR object \"one/docs/old\" added\n"},
		{[]string{"add", "vdir", "/app.name:two/", "/path:/old"}, 1168, "ERROR ( message:Cannot find APP object with identifier \"two/\". )\n"},
		{[]string{"list", "vdirs", "/app.name:one/docs", "/text:physicalPath"}, 0, "/srv/docs\n/srv/old\n"},
		{[]string{"set", "vdir", "one/docs/old", "/path:/older"}, 0, "VDIR object \"one/docs/old\" changed\n"},
		{[]string{"list", "vdir", "one/docs/older", "/text:userName"}, 0, "x\n"},
		{[]string{"delete", "vdir", "one/docs/older"}, 0, "VDIR object \"one/docs/older\" deleted\n"},
		{[]string{"delete", "app", "one/docs"}, 0, "APP object \"one/docs\" deleted\n"},
		{[]string{"list", "apps", "/text:path"}, 0, "/\n"},
	} {
		if code, out, errs := e.run(t, s.args...); code != s.code || out != s.out {
			t.Errorf("%q: %d %q %q", s.args, code, out, errs)
		}
	}
}

// Folders go through /in as sites do.
func TestFoldersIn(t *testing.T) {
	e := home(t)
	e.run(t, "add", "app", "/site.name:one", "/path:/docs", "/physicalPath:/srv/docs")
	e.run(t, "add", "vdir", "/app.name:one/docs", "/path:/old", "/physicalPath:/srv/old", "/logonMethod:Network")
	_, want, _ := e.run(t, "list", "site", "one", "/config")
	_, apps, _ := e.run(t, "list", "app", "one/docs", "/xml")
	_, vdirs, _ := e.run(t, "list", "vdirs", "/app.name:one/docs", "/config", "/xml")
	e.run(t, "delete", "app", "one/docs")
	for _, in := range []struct{ object, text string }{{"app", apps}, {"vdir", vdirs}} {
		e.In = strings.NewReader(in.text)
		if code, out, errs := e.run(t, "add", in.object, "/in"); code != 0 {
			t.Fatalf("%d %s %s", code, out, errs)
		}
	}
	if _, got, _ := e.run(t, "list", "site", "one", "/config"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, text := range []string{"", "<x/>", "<appcmd>"} {
		e.In = strings.NewReader(text)
		if code, out, _ := e.run(t, "add", "site", "/in"); code != 13 {
			t.Errorf("%q: %d %s", text, code, out)
		}
	}
}

func TestBackups(t *testing.T) {
	e := home(t)
	want, err := os.ReadFile(e.Home.Config)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"list", "backups"}, 1, ""},
		{[]string{"add", "backup"}, 0, "BACKUP object \"20260519T172530\" added\n"},
		{[]string{"add", "backup", "My Backup"}, 0, "BACKUP object \"My Backup\" added\n"},
		{[]string{"add", "backup", "/name:my backup"}, 0, "BACKUP object \"my backup\" added\n"},
		{[]string{"add", "backup", "My Backup"}, 183, "ERROR ( message:Failed to add duplicate collection element \"My Backup\". )\n"},
		{[]string{"add", "backup", "../x"}, 87, "ERROR ( message:The name of the backup \"../x\" is not valid. )\n"},
		{[]string{"delete", "backup", ".."}, 1168, "ERROR ( message:Cannot find BACKUP object with identifier \"..\". )\n"},
		{[]string{"delete", "backup", "my backup"}, 0, "BACKUP object \"My Backup\" deleted\n"},
		{[]string{"delete", "backup", "my backup"}, 0, "BACKUP object \"my backup\" deleted\n"},
		{[]string{"delete", "site", "one"}, 0, "SITE object \"one\" deleted\n"},
		{[]string{"restore", "backup", "20260519t172530"}, 0, "Restored configuration from backup \"20260519T172530\"\n"},
		{[]string{"list", "backups"}, 0, "BACKUP \"20260519T172530\"\nBACKUP \"CFGHISTORY_0000000001\"\n"},
		{[]string{"restore", "backup", "CFGHISTORY_0000000001"}, 0, "Restored configuration from backup \"CFGHISTORY_0000000001\"\n"},
		{[]string{"restore", "backup"}, 87, "ERROR ( message:Must specify the BACKUP object with identifier. )\n"},
	}
	for i, s := range steps {
		if code, out, errs := e.run(t, s.args...); code != s.code || out != s.out {
			t.Fatalf("%q: %d %q %q", s.args, code, out, errs)
		}
		if got, err := os.ReadFile(e.Home.Config); i == 10 && (err != nil || !bytes.Equal(got, want)) {
			t.Error("restore did not bring the file back")
		}
	}
}

func TestFileFailures(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/x/redirection.config", Err: fs.ErrPermission}
	for name, test := range map[string]struct {
		err  error
		line string
		code int
	}{
		"read":    {apphost.ErrorList{{Msg: "cannot be read", Err: denied}}, "ERROR ( hresult:80070005, message:Cannot read configuration file due to insufficient permissions )", 5},
		"written": {fmt.Errorf("changing: %w", &fs.PathError{Op: "open", Path: "/x/applicationHost.config.lock", Err: fs.ErrPermission}), "ERROR ( hresult:80070005, message:Failed to commit configuration changes. Access is denied. )", 5},
		"missing": {&fs.PathError{Op: "open", Path: "/x/applicationHost.config", Err: fs.ErrNotExist}, "ERROR ( hresult:80070002, message:Cannot read configuration file. open /x/applicationHost.config: file does not exist )", 2},
		"other":   {errors.New("so it is"), "ERROR ( message:so it is )", 1},
	} {
		if f := failureOf(test.err); f.line() != test.line || f.code != test.code {
			t.Errorf("%s: %d %s", name, f.code, f.line())
		}
	}
	if code := ExitStatus(512); runtime.GOOS != "windows" && code != 1 {
		t.Errorf("512 is %d", code)
	}
	e := Env{Home: compile.NewHome(filepath.Join(t.TempDir(), "none"))}
	for _, args := range [][]string{{"list", "sites"}, {"set", "site", "x", "/id:1"}, {"list", "config"}} {
		if code, out, _ := e.run(t, args...); code == 0 || !strings.HasPrefix(out, "ERROR ( ") {
			t.Errorf("%q: %d %q", args, code, out)
		}
	}
}

func TestHomeOf(t *testing.T) {
	none := func(string) string { return "" }
	variable := func(string) string { return "/v" }
	for name, test := range map[string]struct {
		args   []string
		getenv func(string) string
		want   string
		rest   []string
	}{
		"nothing":  {[]string{"list"}, none, "/etc/ftphost", []string{"list"}},
		"variable": {[]string{"list"}, variable, "/v", []string{"list"}},
		"home":     {[]string{"--home", "/h", "list"}, variable, "/h", []string{"list"}},
		"behind":   {[]string{"list", "--home=/h"}, variable, "/h", []string{"list"}},
		"config":   {[]string{"--config", "/c/x.config", "list"}, none, "/c", []string{"list"}},
	} {
		h, rest, err := homeOf(test.args, test.getenv)
		if err != nil || h.Dir != filepath.FromSlash(test.want) || !slices.Equal(rest, test.rest) {
			t.Errorf("%s: %+v %q %v", name, h, rest, err)
		}
	}
	for _, args := range [][]string{{"--home"}, {"--home=a", "--config=b"}} {
		if _, _, err := homeOf(args, none); err == nil {
			t.Errorf("%q passes", args)
		}
	}
}
