package migrate

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

// checkSites tells what is peculiar about each site.
func (p *Plan) checkSites() {
	p.checkDefaults()
	for _, e := range p.sites() {
		name := e.Attr("name").Text
		if strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
			p.maps("site", name, e.Pos(), "the name has letters beyond ASCII; locations find it all the same")
		}
		p.checkStart(e, name)
		p.checkBindings(e, name)
		p.checkFolders(e, name)
		p.checkLogins(e, name)
		p.checkEncryption(e, name)
		p.checkClients(e, name)
		p.checkIsolation(e, name)
		p.checkConnections(e, name)
		p.checkLog(e, name)
		p.checkSpelling(e, name)
	}
}

func (p *Plan) checkDefaults() {
	e := p.cfg.Section(sectionSites, "").Child("siteDefaults").Child("ftpServer")
	if e.Present() && len(p.Report.Sites) > 0 {
		p.maps("setting", "", e.Pos(), "siteDefaults count for every site that does not say otherwise, as on Windows")
		p.checkSpelling(e, "")
	}
}

func (p *Plan) checkStart(e *apphost.Element, name string) {
	web, ftp := e.Attr("serverAutoStart"), e.Child("ftpServer").Attr("serverAutoStart")
	switch {
	case !ftp.Bool():
		p.maps("site", name, ftp.Pos(), "the site is stopped, and stays so; start it with: ftphost site start %q", name)
	case web.Set && !web.Bool():
		p.maps("site", name, web.Pos(), "serverAutoStart of <site> is for HTTP; the FTP site starts, as on Windows. <ftpServer serverAutoStart=\"false\"> would stop it")
	}
	if e.Attr("id").Set {
		p.maps("log", name, e.Attr("id").Pos(), "its log is in the folder FTPSVC%d, by its id", e.Attr("id").Int())
	}
}

func (p *Plan) checkBindings(e *apphost.Element, name string) {
	ports := map[string]bool{}
	var others []string
	var other *apphost.Element
	for _, b := range e.Child("bindings").Entries() {
		protocol, info := strings.ToLower(b.Attr("protocol").Text), b.Attr("bindingInformation").Text
		if protocol != "ftp" {
			if protocol != "ftps" { // that is told with how to write it
				others, other = append(others, protocol+" "+info), b
			}
			if strings.HasPrefix(protocol, "http") && strings.Contains(info, ":21:") {
				p.add(Finding{
					Severity: Decide, Kind: "binding", Site: name, Pos: b.Pos(),
					Windows: "HTTP answered on port 21", Here: "nothing answers there",
					Edit: `if FTP was meant, write protocol="ftp"`,
				})
			}
			continue
		}
		p.checkBinding(b, name, ports)
	}
	if other != nil {
		p.maps("web", name, other.Pos(), "bindings that are not FTP stay in the file and are not served: %s", named(others))
	}
}

// checkBinding looks at one ftp binding.
func (p *Plan) checkBinding(b *apphost.Element, name string, ports map[string]bool) {
	v := b.Attr("bindingInformation")
	parts := strings.Split(v.Text, ":")
	if len(parts) < 2 {
		return // told as an error
	}
	i := len(parts) - 2
	if len(parts) == 2 {
		i = 1
	}
	address, port := strings.Join(parts[:i], ":"), parts[i]
	switch address {
	case "*":
	case "":
		p.maps("binding", name, v.Pos(), "no address before the port means all addresses")
	default:
		if isHere(address) {
			p.maps("binding", name, v.Pos(), "this machine has the address %s", address)
			break
		}
		p.add(Finding{
			Severity: Decide, Kind: "binding", Site: name, Pos: v.Pos(),
			Windows: "the site answered at the address " + address,
			Here:    "this machine has no such address, so the site cannot answer",
			Edit:    fmt.Sprintf(`give this machine the address, or write bindingInformation="*:%s"`, strings.Join(parts[i:], ":")),
		})
	}
	if ports[port] {
		return
	}
	ports[port] = true
	switch port {
	case "21":
	case "990":
		p.maps("binding", name, v.Pos(), "port 990 is implicit FTPS, as on Windows")
	case "22":
		p.add(Finding{
			Severity: Decide, Kind: "binding", Site: name, Pos: v.Pos(),
			Windows: "FTP answered on port 22", Here: "so it does here, unless the SSH server of this machine has the port, as usual",
			Edit: "choose another port, or move the SSH server",
		})
	default:
		p.maps("binding", name, v.Pos(), "port %s is kept; open it in the firewall", port)
	}
}

// isHere reports whether an address is one of this machine.
func isHere(address string) bool {
	addresses, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addresses, func(a net.Addr) bool {
		network, ok := a.(*net.IPNet)
		return ok && network.IP.Equal(net.ParseIP(strings.Trim(address, "[]")))
	})
}

// checkFolders maps every folder of a site.
func (p *Plan) checkFolders(e *apphost.Element, name string) {
	for _, app := range e.Entries() {
		for _, dir := range app.Entries() {
			p.checkFolder(dir.Attr("physicalPath"), name)
			p.checkVirtual(app, dir, name)
		}
	}
}

func (p *Plan) checkFolder(v apphost.Value, name string) {
	f := Finding{Kind: "path", Site: name, Pos: v.Pos(), Windows: "the folder was " + v.Text}
	expanded, err := compile.ExpandVariables(v.Text, p.settings.Variables)
	if err != nil {
		f.Severity, f.covers = Blocks, true
		f.Here = "the variable in it is unknown here, so the site cannot start: " + err.Error()
		_, name, _ := strings.Cut(v.Text, "%")
		name, _, _ = strings.Cut(name, "%")
		f.Edit = fmt.Sprintf("run again with --variable %s=VALUE; on Windows, echo %%%s%% says the value", name, name)
		p.add(f)
		return
	}
	top, _, _ := compile.WindowsPath(expanded)
	path, ok := p.resolve(v.Text)
	if !ok {
		return // told as an error
	}
	if !slices.Contains(p.folders, path) {
		p.folders = append(p.folders, path)
	}
	shown := path
	if !filepath.IsAbs(path) {
		shown = "HOME/" + filepath.ToSlash(path)
	}
	f.Severity, f.Here = Maps, "the folder is "+shown
	if shown != path {
		f.Here += "; copy the content there after run, or name the copy with --content"
	}
	if strings.Contains(strings.TrimPrefix(v.Text, `\\`), `\\`) {
		f.Here += "; doubled backslashes count once"
	}
	if strings.HasPrefix(top, `\\`) && !p.given(top) {
		f.Severity = Decide
		f.Windows = "the folder was on a share, " + v.Text
		f.Edit = fmt.Sprintf(`mount %s where you like and run again with --map '%s=FOLDER', or copy its content into %s`, top, top, shown)
	}
	if info, err := os.Stat(path); filepath.IsAbs(path) && (err != nil || !info.IsDir()) {
		f.Severity, f.covers = Decide, true
		f.Here += ", which is not there; run creates it, empty"
		if f.Edit == "" {
			f.Edit = "copy the content of " + v.Text + " there"
		}
	}
	p.add(f)
}

// given reports whether somebody said where a drive or share is.
func (p *Plan) given(top string) bool {
	return slices.ContainsFunc(p.roots, func(r root) bool { return r.given && strings.EqualFold(rootOf(r.from), top) })
}

// checkVirtual tells of accounts for folders, and of homes that are virtual
// directories.
func (p *Plan) checkVirtual(app, dir *apphost.Element, name string) {
	if user := dir.Attr("userName"); user.Text != "" {
		top, _, _ := compile.WindowsPath(dir.Attr("physicalPath").Text)
		f := Finding{
			Severity: Decide, Kind: "virtual directory", Site: name, Pos: user.Pos(),
			Windows: fmt.Sprintf("files were read and written with the account %s", user.Text),
			Here:    "the account is not used: files are accessed with the rights of ftphost, or of an osUser",
			Edit:    "give the user that ftphost runs as the rights on the folder, and take userName and password out",
		}
		if strings.HasPrefix(top, `\\`) {
			f.Edit = fmt.Sprintf("mount %s with that account (mount -t cifs -o credentials=FILE), and take userName and password out", top)
		}
		p.add(f)
	}
	path := strings.TrimSuffix(app.Attr("path").Text, "/") + dir.Attr("path").Text
	if first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); strings.EqualFold(first, "LocalUser") && rest != "" {
		p.maps("isolation", name, dir.Pos(), "the virtual directory %s is the home of %s, or below it", path, rest)
	}
}

func (p *Plan) checkConnections(e *apphost.Element, name string) {
	ftp := e.Child("ftpServer")
	c := ftp.Child("connections")
	if v := c.Attr("maxBandwidth"); v.Set {
		p.maps("setting", name, v.Pos(), "maxBandwidth has no effect, as IIS itself never used it for FTP")
	}
	for _, attr := range []string{"disableSocketPooling", "serverListenBacklog"} {
		if v := c.Attr(attr); v.Set {
			p.maps("setting", name, v.Pos(), "%s %s is taken; the limits of this system count too", attr, v.Text)
		}
	}
	if v := ftp.Child("firewallSupport").Attr("externalIp4Address"); v.Text != "" {
		p.add(Finding{
			Severity: Decide, Kind: "passive range", Site: name, Pos: v.Pos(),
			Windows: "clients were sent to the address " + v.Text + " for data connections",
			Here:    "they are sent there, too",
			Edit:    "when this machine is reached at another address, write that into externalIp4Address",
		})
	}
}

// mappedLogs says where a folder of logs is.
func (p *Plan) checkLog(e *apphost.Element, name string) {
	log := e.Child("ftpServer").Child("logFile")
	if v := log.Attr("directory"); v.Set {
		if path, ok := p.resolve(v.Text); ok {
			if !filepath.IsAbs(path) {
				path = "HOME/" + filepath.ToSlash(path)
			}
			p.maps("log", name, v.Pos(), "logs that went to %s go to %s, in files of the same names", v.Text, path)
		}
	}
	if v := log.Attr("localTimeRollover"); v.Bool() {
		p.maps("log", name, v.Pos(), "files change at midnight of this machine's time zone; give it that of the Windows server")
	}
	if http := e.Child("logFile"); http != nil && http.Present() && !log.Present() {
		p.maps("log", name, http.Pos(), "<logFile> of the site is for HTTP; FTP logs as <ftpServer><logFile> says, which is default")
	}
	if v := p.cfg.Section(sectionLog, "").Attr("logInUTF8"); v.Set && !v.Bool() {
		p.add(Finding{
			Severity: Decide, Kind: "log", Pos: v.Pos(),
			Windows: "logs were in the code page of the server", Here: "they are in that of legacyCodePage, or ASCII",
			Edit: `logInUTF8="true", unless the programs that read the logs cannot`,
		})
	}
}

// checkSpelling tells of values that are written as numbers.
func (p *Plan) checkSpelling(e *apphost.Element, name string) {
	for _, a := range e.Schema().Attributes {
		v := e.Attr(a.Name)
		if !v.Set || v.Pos().File != p.source.Config {
			continue
		}
		if a.Type != apphost.Enum && a.Type != apphost.Flags {
			continue
		}
		if _, err := strconv.Atoi(strings.TrimSpace(v.Text)); err == nil {
			p.maps("setting", name, v.Pos(), "%s is written as the number %s, which is %s", a.Name, v.Text, words(a, v.Int()))
		}
	}
	for _, child := range e.Schema().Elements {
		if c := e.Child(child.Name); c != nil && c.Present() && child.Name != "siteDefaults" {
			p.checkSpelling(c, name)
		}
	}
}

// words are the names of an enum or of flags.
func words(a *apphost.AttributeSchema, n int64) string {
	var all []string
	for _, w := range a.Words {
		if a.Type == apphost.Enum && w.Value == n || a.Type == apphost.Flags && w.Value != 0 && n&w.Value == w.Value {
			all = append(all, w.Name)
		}
	}
	if len(all) == 0 {
		return "nothing at all"
	}
	return strings.Join(all, ", ")
}
