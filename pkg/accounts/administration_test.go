package accounts_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
)

// windowsFile has the form of the file that IIS writes, with the other sections
// it has there.
const windowsFile = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <configSections>
    <sectionGroup name="system.webServer">
      <sectionGroup name="management">
        <section name="authentication" overrideModeDefault="Deny" allowDefinition="MachineOnly" />
        <section name="authorization" overrideModeDefault="Deny" allowDefinition="MachineOnly" />
        <section name="trustedProviders" overrideModeDefault="Deny" allowDefinition="MachineOnly" />
      </sectionGroup>
    </sectionGroup>
    <section name="moduleProviders" allowDefinition="MachineOnly" overrideModeDefault="Deny" />
    <section name="modules" allowDefinition="MachineToApplication" overrideModeDefault="Allow" />
  </configSections>
  <moduleProviders><add name="Modules" type="Microsoft.Web.Management.Iis.Modules.ModulesModuleProvider" /></moduleProviders>
  <system.webServer>
    <management>
      <authentication defaultProvider="ConfigurationAuthenticationProvider">
        <credentials>
          <add name="ftpmanager" password="b03ddf3ca2e714a6548e7495e2a03f5e824eaac9837cd7f159c67b90fb4b7342" />
          <add name="second" password="5" enabled="false" />
        </credentials>
        <providers>
          <add name="ConfigurationAuthenticationProvider" type="Microsoft.Web.Management.Server.ConfigurationAuthenticationProvider, Microsoft.Web.Management" />
        </providers>
      </authentication>
      <authorization defaultProvider="ConfigurationAuthorizationProvider">
        <authorizationRules>
          <scope path="/My FTP Site">
            <add name="ftpmanager" />
            <add name="COMPUTER01\Test Group" isRole="true" />
            <add name="gone" />
          </scope>
          <scope path="Slash" />
        </authorizationRules>
        <providers>
          <add name="ConfigurationAuthorizationProvider" type="Microsoft.Web.Management.Server.ConfigurationAuthorizationProvider, Microsoft.Web.Management" />
        </providers>
      </authorization>
      <trustedProviders allowUntrustedProviders="false" />
    </management>
  </system.webServer>
  <location path=".">
    <modules><add name="Modules" /></modules>
  </location>
</configuration>
`

func TestLoadAdministration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "administration.config")
	if d, problems := accounts.LoadAdministration(path); d == nil || d.Permits("My FTP Site") || len(problems) != 0 {
		t.Errorf("no file: %v, %v", d, problems)
	}
	write(t, path, windowsFile)
	d, problems := accounts.LoadAdministration(path)
	var lines []string
	for _, p := range problems {
		if !p.Warning {
			t.Errorf("error: %v", p)
		}
		lines = append(lines, strings.TrimPrefix(p.Error(), path))
	}
	const want = `:20:30: system.webServer/management/authentication: the password of user "second" is not a SHA-256 digest of 64 hexadecimal digits, nor one in base64; the user cannot log in
:31:18: system.webServer/management/authorization: "gone" has permission for /My FTP Site and is no IIS Manager user of this file
:33:18: system.webServer/management/authorization: path "Slash" does not begin with "/", so that it is no site's; write "/Slash"`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("findings\n%s\nwant\n%s", got, want)
	}
	if d == nil || !d.Permits("my ftp site") || d.Permits("Slash") {
		t.Errorf("permissions are not those of the file")
	}
	for what, text := range map[string]string{
		"not well-formed": "<configuration>", "an element that is unknown": strings.Replace(windowsFile, "<credentials>", "<credential>\n</credential><credentials>", 1),
		"two users of one name": strings.Replace(windowsFile, `"second"`, `"FTPManager"`, 1),
	} {
		write(t, path, text)
		if d, problems := accounts.LoadAdministration(path); d != nil || problems.Errors() == 0 || strings.Contains(problems.Error(), "b03ddf") {
			t.Errorf("%s: %v, %v", what, d, problems)
		}
	}
}

// The file counts as it is at a login, and one that cannot be used leaves what
// was read before.
func TestAdministrationIsFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "administration.config")
	file := accounts.OpenAdministration(path)
	told := 0
	file.OnError = func(error) { told++ }
	login := func() error {
		time.Sleep(5 * time.Millisecond) // one look at the file serves 2 ms
		p := &iismanager.Provider{Directory: file.Directory, Site: "My FTP Site"}
		_, err := p.Authenticate(t.Context(), auth.Credentials{User: "ftpmanager", Password: "P@ssw0rd"})
		return err
	}
	if err := login(); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("no file: %v", err)
	}
	write(t, path, windowsFile)
	if err := login(); err != nil {
		t.Error(err)
	}
	write(t, path, "<configuration>")
	for range 2 {
		if err := login(); err != nil || told != 1 {
			t.Errorf("a broken file: %v, told %d times", err, told)
		}
	}
	write(t, path, strings.Replace(windowsFile, `path="/My FTP Site"`, `path="/Another Site"`, 1))
	if err := login(); !errors.Is(err, auth.ErrNotPermitted) {
		t.Errorf("without permission: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := login(); !errors.Is(err, auth.ErrLogon) {
		t.Errorf("removed: %v", err)
	}
}
