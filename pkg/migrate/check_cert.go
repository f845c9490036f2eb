package migrate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// placed is a certificate and the store it goes into.
type placed struct{ file, store, thumbprint string }

// use is a certificate that the configuration names.
type use struct {
	thumbprint, store, site string
	value                   apphost.Value
	required                bool
}

const usualStore = "MY"

// dataRequire is dataChannelPolicy SslRequire.
const dataRequire = 1

// chooseCertificates finds out which file has which certificate, and tells of
// those that no file has.
func (p *Plan) chooseCertificates() error {
	inbox := filepath.Join(p.place, "inbox") // it goes with the place
	if err := os.Mkdir(inbox, 0o700); err != nil {
		return err
	}
	stores := cert.Open(filepath.Join(inbox, "certificates"))
	uses := p.certificateUses()
	files := map[string]string{} // by thumbprint
	for _, path := range p.source.Certificates {
		c, err := stores.Import(usualStore, path, nil)
		if err != nil {
			p.unreadable(path, err)
			continue
		}
		files[c.Thumbprint] = path
		p.tellCertificate(path, c, uses)
	}
	seen := map[string]bool{}
	for _, u := range uses {
		file := files[u.thumbprint]
		switch key := strings.ToUpper(u.store) + u.thumbprint; {
		case file == "":
			p.missingCertificate(u)
		case !seen[key]:
			seen[key] = true
			p.placeCertificate(u, file)
		}
	}
	return nil
}

// placeCertificate puts a certificate where run will, as far as it can.
func (p *Plan) placeCertificate(u use, file string) {
	stores := cert.Open(compile.NewHome(p.place).Certificates())
	if _, err := stores.Import(u.store, file, nil); err != nil {
		p.add(Finding{
			Severity: Decide, Kind: "certificate", Site: u.site, Pos: u.value.Pos(), covers: true,
			Windows: "the certificate was in the store " + u.store,
			Here:    "it cannot be put into a folder of that name: " + err.Error(), Edit: `serverCertStoreName="MY"`,
		})
		return
	}
	p.certificates = append(p.certificates, placed{file, u.store, u.thumbprint})
}

// certificateUses are the certificates that sites and siteDefaults name.
func (p *Plan) certificateUses() (uses []use) {
	seen := map[xmldoc.Pos]bool{}
	take := func(ftp *apphost.Element, site string) {
		ssl := ftp.Child("security").Child("ssl")
		v := ssl.Attr("serverCertHash")
		thumbprint, _, err := cert.ParseThumbprint(v.Text)
		if strings.TrimSpace(v.Text) == "" || err != nil || seen[v.Pos()] {
			return // an empty one is none, another is told as an error
		}
		seen[v.Pos()] = true
		store := strings.TrimSpace(ssl.Attr("serverCertStoreName").Text)
		if store == "" {
			store = usualStore
		}
		uses = append(uses, use{thumbprint, store, site, v, (ssl.Attr("controlChannelPolicy").Int() != 0 || ssl.Attr("dataChannelPolicy").Int() == dataRequire) && site != ""})
	}
	take(p.cfg.Section(sectionSites, "").Child("siteDefaults").Child("ftpServer"), "")
	for _, e := range p.sites() {
		take(e.Child("ftpServer"), e.Attr("name").Text)
	}
	return uses
}

func (p *Plan) tellCertificate(path string, c *cert.Certificate, uses []use) {
	pos := xmldoc.Pos{File: path}
	names := named(c.Names())
	if days := c.DaysLeft(time.Now()); days < 0 {
		p.add(Finding{
			Severity: Decide, Kind: "certificate", Pos: pos, Here: fmt.Sprintf("the certificate %s for %s has expired", c.Thumbprint, names),
			Edit: "issue it again, and change serverCertHash",
		})
	}
	for _, u := range uses {
		if u.thumbprint == c.Thumbprint {
			p.maps("certificate", u.site, u.value.Pos(), "the certificate %s for %s is in %s; run puts it into the store %s", c.Thumbprint, names, filepath.Base(path), u.store)
			return
		}
	}
	p.maps("certificate", "", pos, "the certificate %s for %s is named by no site and is not placed; if it is wanted: ftphost cert import %s", c.Thumbprint, names, path)
}

func (p *Plan) unreadable(path string, err error) {
	f := Finding{
		Severity: Decide, Kind: "certificate", Pos: xmldoc.Pos{File: path},
		Here: "the file cannot be used: " + strings.TrimPrefix(err.Error(), path+": "),
		Edit: "export it again, with its private key; if Windows says that the key is not exportable, have the certificate issued anew",
	}
	if strings.Contains(err.Error(), "password") {
		f.Edit = fmt.Sprintf("put the password into the first line of %s.password, or into the variable %s, and run again", filepath.Base(path), cert.PFXPassword)
	}
	if errors.Is(err, cert.ErrNoKey) {
		f.Here = "there is no private key in it"
		f.Edit = "export it with its private key, as PFX; an issuer of client certificates is copied into HOME/certificates/Root as it is"
	}
	p.add(f)
}

// sampleThumbprint stands in the documentation of IIS.
const sampleThumbprint = "57686F6120447564652C2049495320526F636B73"

func (p *Plan) missingCertificate(u use) {
	f := Finding{
		Severity: Decide, Kind: "certificate", Site: u.site, Pos: u.value.Pos(), covers: true,
		Windows: fmt.Sprintf("TLS had the certificate %s of the store %s", u.thumbprint, u.store),
		Here:    "none of the files has it, so clients that ask for TLS are refused",
		Edit: fmt.Sprintf("on the Windows server: certutil -exportPFX -p PASSWORD %s %s ftp.pfx\nthen give ftp.pfx, with PASSWORD in ftp.pfx.password, to assess and run; or: ftphost cert new --dns NAME, and write its thumbprint",
			u.store, u.thumbprint),
	}
	if u.required {
		p.uncertified[u.site] = true
		f.Severity = Blocks
		f.Here = "none of the files has it, and TLS is required, so nobody can log in, or list and transfer anything"
	}
	if u.thumbprint == sampleThumbprint {
		f.Windows = "serverCertHash is the sample of Microsoft's documentation, which no certificate has"
		f.Edit = "write the thumbprint of a certificate: ftphost cert new --dns NAME prints that of a new one"
	}
	p.add(f)
}
