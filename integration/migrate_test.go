//go:build integration

package integration_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMigration goes the way of docs/migrate.md with other people's tools: a
// certificate that openssl exports as PFX, lists of accounts as PowerShell writes
// them, a content folder, and curl as the client.
func TestMigration(t *testing.T) {
	from, content := t.TempDir(), t.TempDir()
	thumbprint := exportPFX(t, from)
	writeFile(t, filepath.Join(from, "applicationHost.config"), []byte(strings.ReplaceAll(migrated, "THUMBPRINT", thumbprint)))
	writeFile(t, filepath.Join(from, "administration.config"), []byte(migratedManagers))
	writeFile(t, filepath.Join(from, "users.csv"), []byte("\xEF\xBB\xBF\"Name\",\"Enabled\",\"Description\"\r\n\"Administrator\",\"True\",\"\"\r\n\"ann\",\"True\",\"Ann, of sales\"\r\n"))
	writeFile(t, filepath.Join(from, "members.csv"), []byte("\"Group\",\"Name\"\r\n\"Partners\",\"WINSRV\\ann\"\r\n"))
	folder := filepath.Join(content, "D", "Partners")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(folder, "price list.txt"), []byte("1\r\n"))

	home := filepath.Join(t.TempDir(), "home")
	passwords := filepath.Join(t.TempDir(), "passwords.csv")
	files := []string{from, "--content", content}
	out, talk, code := command(t, "", append([]string{"migrate", "assess"}, files...)...)
	if code != 0 {
		t.Fatalf("assess: exit status %d\n%s%s", code, out, talk)
	}
	ftphost(t, "", append([]string{"migrate", "run", "--home", home, "--passwords", passwords}, files...)...)
	ftphost(t, "", append([]string{"migrate", "run", "--home", home}, files...)...)
	ftphost(t, "", "check", "--home", home)
	password := madePassword(t, passwords, "ann")

	s := serve(t, home)
	address := fmt.Sprintf("localhost:%d", s.port)
	issuer := filepath.Join(from, "issuer.pem")
	for name, args := range map[string][]string{
		"plain":                  {"--user", "ann:" + password, "ftp://" + address + "/"},
		"encrypted":              {"--ssl-reqd", "--cacert", issuer, "--user", "ann:" + password, "ftp://" + address + "/"},
		"as IIS Manager user":    {"--ssl-reqd", "--cacert", issuer, "--user", "ftpmanager:P@ssw0rd", "ftp://" + address + "/"},
		"in the case of Windows": {"--user", "ANN:" + password, "ftp://" + address + "/PRICE%20LIST.TXT"},
	} {
		want := "price list.txt"
		if strings.HasSuffix(args[len(args)-1], "TXT") {
			want = "1\r\n"
		}
		out, talk, code := program(t, "", "curl", append([]string{"-sS", "--max-time", "30"}, args...)...)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: curl exit status %d\n%s%s", name, code, out, talk)
		}
	}
}

// TestMigrationOfQuirks: a file with what is seen in real ones, and keeps nothing
// from working, is served as it is, byte order mark and mixed line ends and all.
func TestMigrationOfQuirks(t *testing.T) {
	from := t.TempDir()
	config, err := os.ReadFile("testdata/quirks.config")
	if err != nil {
		t.Fatal(err)
	}
	text := "\xEF\xBB\xBF" + strings.Replace(string(config), "\n", "\r\n", 20)
	writeFile(t, filepath.Join(from, "applicationHost.config"), []byte(text))
	home, passwords := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "passwords.csv")
	out, talk, code := command(t, "", "migrate", "assess", from)
	if code != 0 {
		t.Fatalf("assess: exit status %d\n%s%s", code, out, talk)
	}
	ftphost(t, "", "migrate", "run", from, "--home", home, "--passwords", passwords)
	ftphost(t, "", "check", "--home", home)
	if kept, err := os.ReadFile(filepath.Join(home, "applicationHost.config")); err != nil || string(kept) != text {
		t.Errorf("the file was changed: %v", err)
	}
	for _, name := range []string{"c/inetpub/ftproot/root.txt", "unc/files/ftp/share/shared.txt", "e/Ann/mine.txt"} {
		writeFile(t, filepath.Join(home, "drives", filepath.FromSlash(name)), []byte(name))
	}
	s := serve(t, home)
	password := madePassword(t, passwords, "ann")
	for url, want := range map[string]string{
		fmt.Sprintf("ftp://localhost:%d/", s.port):         "root.txt",
		fmt.Sprintf("ftp://localhost:%d/share/", s.port):   "shared.txt",
		fmt.Sprintf("ftp://localhost:%d/", s.port-21+2121): "mine.txt",
		fmt.Sprintf("ftp://localhost:%d/ROOT.TXT", s.port): "c/inetpub/ftproot/root.txt",
	} {
		out, talk, code := program(t, "", "curl", "-sS", "--max-time", "30", "--user", "ann:"+password, url)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: curl exit status %d\n%s%s", url, code, out, talk)
		}
	}
}

// exportPFX makes a certificate and exports it as PFX, and returns its
// thumbprint.
func exportPFX(t *testing.T, dir string) string {
	t.Helper()
	openssl := func(args ...string) string {
		t.Helper()
		out, talk, code := program(t, "", "openssl", args...)
		if code != 0 {
			t.Fatalf("openssl %s: %s", strings.Join(args, " "), talk)
		}
		return out
	}
	key, issuer := filepath.Join(t.TempDir(), "key.pem"), filepath.Join(dir, "issuer.pem")
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", issuer)
	openssl("pkcs12", "-export", "-inkey", key, "-in", issuer, "-out", filepath.Join(dir, "ftp.pfx"), "-passout", "pass:secret of the PFX")
	writeFile(t, filepath.Join(dir, "ftp.pfx.password"), []byte("secret of the PFX\r\n"))
	_, print, found := strings.Cut(strings.TrimSpace(openssl("x509", "-in", issuer, "-noout", "-fingerprint", "-sha1")), "=")
	if !found {
		t.Fatal("openssl prints no fingerprint")
	}
	return strings.ReplaceAll(print, ":", "")
}

// madePassword is the password that run made up for an account.
func madePassword(t *testing.T, path, user string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the passwords have mode %v", info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row[0] == user {
			return row[1]
		}
	}
	t.Fatalf("no password was made for %s", user)
	return ""
}

// migrated is a server file as IIS writes it, with web sites beside.
const migrated = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
    <system.applicationHost>
        <sites>
            <site name="Default Web Site" id="1">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="%SystemDrive%\inetpub\wwwroot" />
                </application>
                <bindings>
                    <binding protocol="http" bindingInformation="*:80:" />
                </bindings>
            </site>
            <site name="Partners" id="2" serverAutoStart="true">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="D:\Partners" />
                </application>
                <bindings>
                    <binding protocol="ftp" bindingInformation="*:21:" />
                </bindings>
                <ftpServer>
                    <security>
                        <ssl serverCertHash="THUMBPRINT" serverCertStoreName="WebHosting" controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
                        <authentication>
                            <basicAuthentication enabled="true" />
                            <customAuthentication>
                                <providers>
                                    <add name="IisManagerAuth" enabled="true" />
                                </providers>
                            </customAuthentication>
                        </authentication>
                    </security>
                </ftpServer>
            </site>
        </sites>
    </system.applicationHost>
    <system.ftpServer>
        <firewallSupport />
        <providerDefinitions>
            <add name="IisManagerAuth" type="Microsoft.Web.FtpServer.Security.IisManagerAuthenticationProvider,Microsoft.Web.FtpServer,version=7.5.0.0,Culture=neutral,PublicKeyToken=31bf3856ad364e35" />
        </providerDefinitions>
    </system.ftpServer>
    <location path="Partners">
        <system.ftpServer>
            <security>
                <authorization>
                    <add accessType="Allow" roles="Partners" permissions="Read, Write" />
                    <add accessType="Allow" users="ftpmanager" permissions="Read" />
                </authorization>
            </security>
        </system.ftpServer>
    </location>
</configuration>
`

// migratedManagers has one user; the hash is of P@ssw0rd.
const migratedManagers = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
    <system.webServer>
        <management>
            <authentication defaultProvider="ConfigurationAuthenticationProvider">
                <credentials>
                    <add name="ftpmanager" password="B03DDF3CA2E714A6548E7495E2A03F5E824EAAC9837CD7F159C67B90FB4B7342" enabled="true" />
                </credentials>
            </authentication>
            <authorization defaultProvider="ConfigurationAuthorizationProvider">
                <authorizationRules>
                    <scope path="/Partners">
                        <add name="ftpmanager" />
                    </scope>
                </authorizationRules>
            </authorization>
        </management>
    </system.webServer>
</configuration>
`
