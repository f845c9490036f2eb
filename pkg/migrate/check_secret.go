package migrate

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// secretAttrs are the attributes that IIS encrypts.
func isSecret(e *etree.Element, key string) bool {
	switch strings.ToLower(key) {
	case "adpassword", "encryptedvalue":
		return true
	case "password":
		return within(e, "virtualDirectory", "virtualDirectoryDefaults", "anonymousAuthentication")
	}
	return false
}

// checkSecrets tells of passwords, without showing any.
func (p *Plan) checkSecrets() {
	p.each(func(e *etree.Element) {
		for _, a := range e.Attr {
			if a.Value == "" || !isSecret(e, a.Key) {
				continue
			}
			f := Finding{Kind: "secret", Site: siteOf(e), Pos: p.doc.AttrPos(e, a.FullKey()), covers: true}
			provider, payload, sealed := sealedBy(a.Value)
			switch {
			case sealed && payload == "":
				f.Severity, f.Here = Maps, a.Key+" is the encrypted empty text, which means none"
			case sealed:
				f.Severity = Decide
				f.Windows = fmt.Sprintf("%s was decrypted by %s with a key of the Windows machine", a.Key, provider)
				f.Here = "nobody can decrypt it; everything that does not need it works"
				f.Edit = "on the Windows server: " + reveal(e, f.Site) + "\n" + useOf(e)
			default:
				f.Severity = Decide
				f.Windows = a.Key + " is written in clear text"
				f.Here = "nobody but the service should read the file"
				f.Edit = "chmod 600 HOME/applicationHost.config; " + useOf(e)
			}
			p.add(f)
		}
	})
}

func sealedBy(value string) (provider, payload string, sealed bool) {
	inner, ok := strings.CutPrefix(value, "[enc:")
	inner, end := strings.CutSuffix(inner, ":enc]")
	if !ok || !end {
		return "", "", false
	}
	provider, payload, _ = strings.Cut(inner, ":")
	return provider, payload, true
}

// reveal is the command that shows a secret on the Windows server.
func reveal(e *etree.Element, site string) string {
	switch {
	case within(e, "virtualDirectory"):
		path := "/"
		for v := e; v != nil; v = v.Parent() {
			if v.Tag == "virtualDirectory" {
				path = v.SelectAttrValue("path", "/")
			}
		}
		return fmt.Sprintf(`%%windir%%\System32\inetsrv\appcmd list vdir "%s%s" /text:password`, site, path)
	case within(e, "activeDirectory"):
		return fmt.Sprintf(`%%windir%%\System32\inetsrv\appcmd list site "%s" /text:ftpServer.userIsolation.activeDirectory.adPassword`, site)
	case within(e, "anonymousAuthentication"):
		return fmt.Sprintf(`%%windir%%\System32\inetsrv\appcmd list site "%s" /text:ftpServer.security.authentication.anonymousAuthentication.password`, site)
	}
	return `%windir%\System32\inetsrv\appcmd list config /section:system.ftpServer/providerDefinitions`
}

// useOf says what a secret is needed for here.
func useOf(e *etree.Element) string {
	switch {
	case within(e, "virtualDirectory", "virtualDirectoryDefaults"):
		return "the mount of the share needs it, not ftphost; the attribute can go"
	case within(e, "activeDirectory"):
		return `ftpHost/accounts needs it, as bindPasswordFile of a source of type ActiveDirectory; the attribute can go`
	case within(e, "anonymousAuthentication"):
		return "anonymous users need no password here; the attribute can go"
	}
	return "it was for a provider that cannot run here; the attribute can go"
}
