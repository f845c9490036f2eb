package migrate

import (
	"fmt"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// checkLogins tells how people log in.
func (p *Plan) checkLogins(e *apphost.Element, name string) {
	security := e.Child("ftpServer").Child("security")
	methods := security.Child("authentication")
	p.checkInherited(methods, name)
	basic, anonymous := methods.Child("basicAuthentication"), methods.Child("anonymousAuthentication")
	if v := basic.Attr("logonMethod"); v.Set {
		p.maps("account", name, v.Pos(), "logonMethod %s is about Windows and has no effect", v.Text)
	}
	if v := basic.Attr("defaultLogonDomain"); v.Text != "" && !strings.EqualFold(v.Text, "NT AUTHORITY") {
		p.add(Finding{
			Severity: Decide, Kind: "account", Site: name, Pos: v.Pos(),
			Windows: fmt.Sprintf("a name without a domain meant one of %s", v.Text),
			Here:    "a name without a domain is asked of each source in turn",
			Edit:    fmt.Sprintf(`in ftpHost/accounts/sources of ftphost.config, a source of type ActiveDirectory with domain="%s" (docs/accounts.md)`, v.Text),
		})
	}
	if v := anonymous.Attr("userName"); anonymous.Attr("enabled").Bool() && v.Set && !strings.EqualFold(v.Text, "IUSR") {
		p.maps("account", name, v.Pos(), "anonymous users had the rights of %s; here they have those of ftphost, and need no account", v.Text)
	}
	for _, x := range methods.Child("customAuthentication").Child("providers").Entries() {
		if x.Attr("enabled").Bool() && strings.EqualFold(x.Attr("name").Text, "IisManagerAuth") && p.source.Administration != "" {
			p.maps("provider", name, x.Pos(), "IIS Manager users log in with the passwords they have, from administration.config")
		}
	}
	if x := security.Child("customAuthorization").Child("provider"); x != nil && x.Attr("enabled").Bool() && x.Attr("name").Text != "" {
		v := x.Attr("name")
		p.add(Finding{
			Severity: Blocks, Kind: "provider", Site: name, Pos: v.Pos(), covers: true,
			Windows: fmt.Sprintf("the program %q decided who may do what, and the rules of the file did not count", v.Text),
			Here:    "it cannot run, and the rules might allow what it refused, so the site does not start",
			Edit:    `write enabled="false" when the rules of the file are right`,
		})
	}
}

// checkInherited tells of logins that only siteDefaults switch on.
func (p *Plan) checkInherited(methods *apphost.Element, name string) {
	for _, method := range []string{"basicAuthentication", "anonymousAuthentication"} {
		if v := methods.Child(method).Attr("enabled"); v.Bool() && p.inDefaults(v.Pos()) {
			p.maps("account", name, v.Pos(), "%s is enabled by siteDefaults", method)
		}
	}
}

// inDefaults reports whether a place is in siteDefaults.
func (p *Plan) inDefaults(pos xmldoc.Pos) bool {
	where, ok := p.index[[2]int{pos.Line, pos.Col}]
	return ok && within(where.e, "siteDefaults")
}

// checkEncryption tells of logins in clear text.
func (p *Plan) checkEncryption(e *apphost.Element, name string) {
	ssl := e.Child("ftpServer").Child("security").Child("ssl")
	control := ssl.Attr("controlChannelPolicy")
	if control.Int() == 0 && control.Set && strings.TrimSpace(ssl.Attr("serverCertHash").Text) == "" {
		pos := control.Pos()
		p.add(Finding{
			Severity: Decide, Kind: "encryption", Site: name, Pos: pos,
			Windows: "clients logged in without encryption: TLS was allowed, and there was no certificate, so AUTH was answered with 534",
			Here:    "the same; passwords can be read on the way",
			Edit:    "ftphost cert new --dns NAME, and its thumbprint as serverCertHash; or leave it",
		})
	}
	if v := ssl.Attr("ssl128"); v.Bool() {
		p.maps("encryption", name, v.Pos(), "ssl128 is always fulfilled: no weaker cipher is spoken")
	}
}

// checkClients tells what certificates of clients need.
func (p *Plan) checkClients(e *apphost.Element, name string) {
	clients := e.Child("ftpServer").Child("security").Child("sslClientCertificates")
	policy, flags := clients.Attr("clientCertificatePolicy"), clients.Attr("validationFlags")
	if policy.Int() == 0 {
		return
	}
	if flags.Int()&1 != 0 {
		p.maps("client certificate", name, flags.Pos(), "NoRevocationCheck accepts certificates that were revoked, as on Windows")
		return
	}
	p.add(Finding{
		Severity: Decide, Kind: "client certificate", Site: name, Pos: policy.Pos(),
		Windows: "revocation lists were fetched from the issuers of client certificates, and the issuers were in the stores of the machine",
		Here:    "both are files; clients whose certificate nobody vouches for are refused",
		Edit:    `put the issuers into HOME/certificates/Root and CA, and their revocation lists beside them as .crl; or write validationFlags="NoRevocationCheck" (docs/certificates.md)`,
	})
}

// checkIsolation tells what homes need.
func (p *Plan) checkIsolation(e *apphost.Element, name string) {
	isolation := e.Child("ftpServer").Child("userIsolation")
	v := isolation.Attr("mode")
	if !v.Set {
		return
	}
	mode := words(attributeOf(isolation, "mode"), v.Int())
	f := Finding{Kind: "isolation", Site: name, Pos: v.Pos()}
	switch mode {
	case "ActiveDirectory":
		f.Severity = Decide
		f.Windows = "homes came from the attributes msIIS-FTPRoot and msIIS-FTPDir of Active Directory"
		f.Here = "so they do, with Active Directory as a source of accounts; a local account has a home attribute"
		f.Edit = "a source of type ActiveDirectory in ftpHost/accounts/sources of ftphost.config (docs/accounts.md), and maps for the shares that the attributes name"
		if user := isolation.Child("activeDirectory").Attr("adUserName"); user.Text != "" {
			f.Edit += fmt.Sprintf("; the account that searched was %s", user.Text)
		}
	case "Custom":
		f.Severity = Decide
		f.Windows = "a program said where each user's home is"
		f.Here = "the home attribute of the account says so; without one the user cannot log in"
		f.Edit = "ftphost user home NAME FOLDER for each user, or another mode"
	default:
		f.Severity = Maps
		f.Here = fmt.Sprintf("mode %s works with the folders LocalUser/NAME, LocalUser/Public and DOMAIN/NAME of the content", mode)
	}
	p.add(f)
}

func attributeOf(e *apphost.Element, name string) *apphost.AttributeSchema {
	return e.Schema().Attribute(name)
}
