//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ftphost serves a home made for the purpose: one account, W3C log on, and
// as many sites on its one endpoint as asked for. With more than one, each
// has a host name and the account logs in as host|user.
func ftphost(binary, name string, sites int) kind {
	version := func() string {
		out, _ := exec.Command(binary, "version").Output()
		return strings.TrimSpace(strings.TrimPrefix(string(out), "ftphost "))
	}
	return kind{name, false, version, func(p place) (*exec.Cmd, error) {
		if _, err := p.write("applicationHost.config", configuration(p, sites), 0o600); err != nil {
			return nil, err
		}
		if err := p.ftphostCertificate(); err != nil {
			return nil, err
		}
		add := p.asOwner(exec.Command(binary, "user", "add", user, "--password-stdin", "--home", p.dir))
		add.Stdin = strings.NewReader(password + "\n")
		if out, err := add.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("user add: %w\n%s", err, out)
		}
		cmd := p.asOwner(exec.Command(binary, "serve", "--home", p.dir, "--grace", "1s"))
		cmd.Env = append(os.Environ(), "HOME="+p.dir)
		return cmd, nil
	}}
}

// oneSite is what ftphost with many sites is compared with: itself.
const oneSite = "one site"

// siteHost is the host name of one of many sites.
func siteHost(n int) string { return fmt.Sprintf("site%05d.example", n) }

// ftphostCertificate puts the certificate where ftphost looks for it.
func (p place) ftphostCertificate() error {
	if p.certificate == nil {
		return nil
	}
	var err error
	for _, dir := range []string{"certificates", filepath.Join("certificates", "MY")} {
		path := filepath.Join(p.dir, dir)
		err = errors.Join(err, os.Mkdir(path, 0o700), p.own(path))
	}
	if err == nil {
		_, err = p.write(filepath.Join("certificates", "MY", "bench.pem"), p.certificate.pem, 0o600)
	}
	return err
}

func configuration(p place, sites int) string {
	var b strings.Builder
	b.WriteString("<configuration>\n<system.applicationHost><sites>\n")
	for n := 1; n <= sites; n++ {
		host := ""
		if sites > 1 {
			host = siteHost(n)
		}
		fmt.Fprintf(&b, siteText, n, n, p.content, p.port, host)
	}
	hash := ""
	if p.certificate != nil {
		hash = fmt.Sprintf(` serverCertHash="%s"`, p.certificate.thumbprint)
	}
	fmt.Fprintf(&b, configEnd, hash, filepath.Join(p.dir, "logs"), user)
	return b.String()
}

const siteText = `<site name="bench%d" id="%d">
  <application path="/"><virtualDirectory path="/" physicalPath="%s" /></application>
  <bindings><binding protocol="ftp" bindingInformation="127.0.0.1:%d:%s" /></bindings>
</site>
`

const configEnd = `<siteDefaults><ftpServer>
  <connections controlChannelTimeout="600" />
  <security>
    <ssl%s controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
    <authentication><basicAuthentication enabled="true" /></authentication>
  </security>
  <logFile directory="%s" />
</ftpServer></siteDefaults>
</sites></system.applicationHost>
<system.ftpServer><security><authorization>
  <add accessType="Allow" users="%s" permissions="Read, Write" />
</authorization></security></system.ftpServer>
</configuration>
`
