package compile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

const needy = `<configuration>
    <system.applicationHost>
        <configHistory enabled="true" path="/srv/history" />
        <sites>
            <site name="one" id="1">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="C:\sites\one" />
                    <virtualDirectory path="/more" physicalPath="/srv/more of it" />
                    <virtualDirectory path="/lost" physicalPath="E:\lost" />
                </application>
                <bindings>
                    <binding protocol="ftp" bindingInformation="*:21:" />
                    <binding protocol="ftp" bindingInformation="192.0.2.1:990:" />
                    <binding protocol="http" bindingInformation="*:80:" />
                </bindings>
                <ftpServer><logFile directory="/var/log/ftp" /></ftpServer>
            </site>
            <site name="two" id="2">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="/srv/two" />
                </application>
                <bindings>
                    <binding protocol="ftp" bindingInformation="*:21:two" />
                </bindings>
                <ftpServer serverAutoStart="false"><logFile enabled="false" directory="/var/log/none" /></ftpServer>
            </site>
            <site name="web" id="3">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="/srv/web" />
                </application>
                <bindings>
                    <binding protocol="http" bindingInformation="*:80:" />
                </bindings>
            </site>
        </sites>
    </system.applicationHost>
    <system.ftpServer>
        <firewallSupport lowDataChannelPort="5000" highDataChannelPort="5009" />
    </system.ftpServer>
</configuration>
`

func needyHome(t *testing.T, files map[string]string) compile.Home {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this test are those of UNIX")
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return compile.NewHome(dir)
}

// TestSurvey: folders that are missing and sites that do not run count, web
// sites and folders that cannot be found do not.
func TestSurvey(t *testing.T) {
	home := needyHome(t, map[string]string{
		compile.ConfigFile: needy,
		compile.OwnFile:    `<configuration><ftpHost><admin socket="/run/x/s" /><pathMap><add from="C:\" to="drives/c" /><add from="D:\" to="/mnt/d" /></pathMap></ftpHost></configuration>`,
		compile.AccountFile: `<configuration><localAccounts><users><add name="jo" password="" home="/home/jo" /><add name="al" password="" home="D:\al" />` +
			`</users></localAccounts></configuration>`,
	})
	got, problems := compile.Survey(home)
	if got == nil {
		t.Fatal(problems)
	}
	want := []string{
		filepath.Join(home.Dir, "drives/c"), filepath.Join(home.Dir, "drives/c/sites/one"), "/home/jo", "/mnt/d", "/mnt/d/al", "/run/x", "/srv/history", "/srv/more of it", "/srv/two", "/var/log/ftp",
	}
	slices.Sort(want)
	if !slices.Equal(got.Folders, want) {
		t.Errorf("folders\n  %s\nwant\n  %s", strings.Join(got.Folders, "\n  "), strings.Join(want, "\n  "))
	}
	if !slices.Equal(got.Ports, []uint16{21, 990}) || got.Passive != (compile.PortRange{Low: 5000, High: 5009}) {
		t.Errorf("ports %v, passive %v", got.Ports, got.Passive)
	}
	var bindings []string
	for _, b := range got.Bindings {
		bindings = append(bindings, b.Site+" "+b.String())
	}
	if list := strings.Join(bindings, ", "); list != "one *:21:, one 192.0.2.1:990:, two *:21:two" || !strings.HasSuffix(got.PassiveOrigin, "applicationHost.config:38:26") {
		t.Errorf("bindings %s, passive ports at %s", list, got.PassiveOrigin)
	}
}

func TestSurveyOfACentralLog(t *testing.T) {
	home := needyHome(t, map[string]string{compile.ConfigFile: strings.Replace(needy, "<system.ftpServer>",
		`<system.ftpServer><log centralLogFileMode="Central"><centralLogFile enabled="true" directory="/var/log/all" /></log>`, 1)})
	got, problems := compile.Survey(home)
	if got == nil {
		t.Fatal(problems)
	}
	if slices.Contains(got.Folders, "/var/log/ftp") || !slices.Contains(got.Folders, "/var/log/all") {
		t.Errorf("folders %q", got.Folders)
	}
}

func TestSurveyOfOSUsers(t *testing.T) {
	for own, want := range map[string]bool{
		"": false,
		`<clientCertificates><add account="jo" name="jo@harbour.example" /></clientCertificates>`: false,
		`<osUsers><add account="jo" osUser="1001:1001" /></osUsers>`:                              true,
	} {
		if want && runtime.GOOS != "linux" {
			continue // nobody can be another user there, which check says
		}
		home := needyHome(t, map[string]string{compile.ConfigFile: needy, compile.OwnFile: "<configuration><ftpHost><accounts>" + own + "</accounts></ftpHost></configuration>"})
		got, problems := compile.Survey(home)
		if got == nil {
			t.Fatal(problems)
		}
		if got.OSUsers != want {
			t.Errorf("%s: users of the operating system %v", own, got.OSUsers)
		}
	}
}

func TestSurveyOfABadFile(t *testing.T) {
	home := needyHome(t, map[string]string{compile.ConfigFile: strings.Replace(needy, `lowDataChannelPort="5000"`, `lowDataChannelPort="6000"`, 1)})
	got, problems := compile.Survey(home)
	if got != nil || problems.Errors() == 0 || !strings.Contains(problems[0].Error(), "are not a range") {
		t.Errorf("%v, %v", got, problems)
	}
}
