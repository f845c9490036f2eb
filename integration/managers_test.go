//go:build integration

package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// managersFile is an administration.config; the password of both users is
// P@ssw0rd.
const managersFile = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <configSections>
    <sectionGroup name="system.webServer"><sectionGroup name="management">
      <section name="authentication" overrideModeDefault="Deny" allowDefinition="MachineOnly" />
      <section name="authorization" overrideModeDefault="Deny" allowDefinition="MachineOnly" />
    </sectionGroup></sectionGroup>
  </configSections>
  <system.webServer><management>
    <authentication defaultProvider="ConfigurationAuthenticationProvider"><credentials>
      <add name="ftpmanager" password="b03ddf3ca2e714a6548e7495e2a03f5e824eaac9837cd7f159c67b90fb4b7342" enabled="true" />
      <add name="second" password="6DA6F219DAC977DA75F2F2894F33ABAD5052AF2A60AE9219AF0E302EDDD5BBC4" enabled="true" />
    </credentials></authentication>
    <authorization defaultProvider="ConfigurationAuthorizationProvider"><authorizationRules>
      <scope path="/ftpsite01.com"><add name="ftpmanager" /></scope>
    </authorizationRules></authorization>
  </management></system.webServer>
</configuration>
`

// TestManagers: curl logs in as an IIS Manager user with the password from
// Windows, uploads and fetches; permissions count as the file has them at the
// moment; the accounts work beside; and the log says why others cannot.
func TestManagers(t *testing.T) {
	t.Parallel()
	home := newHome(t, "")
	configure(t, home, "scenario",
		`<logFile directory`,
		`<logFile logExtFileFlags="Date, Time, ClientIP, UserName, ServerIP, Method, UriStem, FtpStatus, Win32Status, FtpSubStatus, Info" directory`,
		`<basicAuthentication enabled="true" />`,
		`<basicAuthentication enabled="true" /><customAuthentication><providers><add name="IisManagerAuth" enabled="true" /><add name="AspNetAuth" enabled="false" /></providers></customAuthentication>`,
		`<add accessType="Allow" users="?" permissions="Read" />`,
		`<add accessType="Allow" users="?" permissions="Read" /><add accessType="Allow" users="ftpmanager, second" permissions="Read, Write" />`)
	file := filepath.Join(home, "administration.config")
	writeFile(t, file, []byte(managersFile))
	s := serve(t, home)
	local := randomFile(t, "up.bin", 100_000)
	const denied = 67
	status := func(login string, args ...string) int {
		t.Helper()
		return curlStatus(t, append(args, "--user", login, "--output", os.DevNull)...)
	}
	if code := status("ftpmanager:P@ssw0rd", "--upload-file", local, s.url("127.0.0.1", "/up.bin")); code != 0 {
		t.Fatalf("upload: exit status %d", code)
	}
	sameFile(t, filepath.Join(content(home), "up.bin"), local)
	back := filepath.Join(t.TempDir(), "back.bin")
	if code := curlStatus(t, "--user", "FTPManager:P@ssw0rd", "--output", back, s.url("127.0.0.1", "/up.bin")); code != 0 {
		t.Fatalf("download: exit status %d", code)
	}
	sameFile(t, back, local)
	list := s.url("127.0.0.1", "/")
	mustCurl(t, "user1", list)
	for _, login := range []string{"ftpmanager:wrong", "second:P@ssw0rd", "nobody:P@ssw0rd", "ftpmanager:"} {
		if code := status(login, list); code != denied {
			t.Errorf("%s: exit status %d, want login denied", login, code)
		}
	}
	writeFile(t, file, []byte(strings.Replace(managersFile, `<add name="ftpmanager" /></scope>`, `<add name="second" /></scope>`, 1)))
	time.Sleep(10 * time.Millisecond)
	if code := status("second:P@ssw0rd", list); code != 0 {
		t.Errorf("permission is given: exit status %d", code)
	}
	if code := status("ftpmanager:P@ssw0rd", list); code != denied {
		t.Errorf("permission is taken: exit status %d", code)
	}
	writeFile(t, file, []byte("<configuration>"))
	time.Sleep(10 * time.Millisecond)
	if code := status("second:P@ssw0rd", list); code != 0 {
		t.Errorf("a broken file: exit status %d, want the users as they were", code)
	}
	s.stop(t)
	want(t, "operational log", s.talk.String(), "the account has no permission for this site", "unknown user name or wrong password", "IIS Manager users not read; the previous ones stay")
	if talk := s.talk.String(); strings.Contains(talk, "P@ssw0rd") || strings.Contains(strings.ToLower(talk), "b03ddf3c") {
		t.Error("a password is in the log")
	}
	want(t, "site log", readLog(t, home), `\ftpmanager 127.0.0.1`, "PASS *** 530 1326 41",
		"PASS *** 530 1326 41 An+error+occurred+during+the+authentication+process.+the+account+has+no+permission+for+this+site")
}
