package migrate

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

const keptAsIs = "kept byte for byte"

// checkFile tells what is peculiar about the file itself.
func (p *Plan) checkFile() {
	pos := xmldoc.Pos{File: p.source.Config}
	p.checkBytes(pos)
	for _, path := range p.source.Unknown {
		p.maps("file", "", xmldoc.Pos{File: path}, "not used: it is none of the files that a migration reads")
	}
	for _, path := range p.source.Webs {
		p.checkWeb(path)
	}
	if p.doc == nil {
		return
	}
	p.nameSites()
	p.checkComments(pos)
	p.checkOtherSections()
	p.checkMarks()
	p.checkRedirection()
}

// nameSites finds the sites, also of a file that has errors.
func (p *Plan) nameSites() {
	p.each(func(e *etree.Element) {
		if e.Tag != "site" || e.Parent() == nil || e.Parent().Tag != "sites" {
			return
		}
		name := e.SelectAttrValue("name", "")
		for _, b := range e.FindElements("bindings/binding") {
			if protocol := b.SelectAttrValue("protocol", ""); strings.EqualFold(protocol, "ftp") || strings.EqualFold(protocol, "ftps") {
				p.Report.Sites = append(p.Report.Sites, name)
				p.ftpSites[auth.Fold(name)] = true
				return
			}
		}
		p.Report.Others = append(p.Report.Others, name)
	})
}

func (p *Plan) checkBytes(pos xmldoc.Pos) {
	text := p.text
	switch {
	case bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")):
		p.maps("file", "", pos, "UTF-8 with a byte order mark, as scripts save it; %s", keptAsIs)
	case bytes.HasPrefix(text, []byte("\xFF\xFE")), bytes.HasPrefix(text, []byte("\xFE\xFF")):
		p.maps("file", "", pos, "UTF-16, as Out-File writes it; read like UTF-8, and %s", keptAsIs)
	}
	both := bytes.Count(text, []byte("\r\n"))
	if lf := bytes.Count(text, []byte("\n")); both > 0 && lf > both {
		p.maps("file", "", pos, "line ends of Windows and of Unix are mixed (%d and %d); %s", both, lf-both, keptAsIs)
	}
	const long = 600
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(line) > long {
			pos.Line, pos.Col = i+1, 1
			p.maps("file", "", pos, "a line of %d characters; there is no limit", len(line))
			return
		}
	}
}

// checkWeb tells of rules that never counted.
func (p *Plan) checkWeb(path string) {
	data, err := readText(path)
	if err != nil || !strings.Contains(data, "system.ftpServer") {
		p.maps("file", "", xmldoc.Pos{File: path}, "not used: a web.config says nothing about FTP")
		return
	}
	p.add(Finding{
		Severity: Decide, Kind: "rule", Pos: xmldoc.Pos{File: path},
		Windows: "IIS never applied the system.ftpServer section of this web.config: FTP has its rules in applicationHost.config",
		Here:    "it is not read either",
		Edit:    `if the rules are wanted, move them into a <location path="SITE"> of applicationHost.config; otherwise leave the file out`,
	})
}

// checkComments tells of configuration that is commented out, which a search for
// words would find.
func (p *Plan) checkComments(pos xmldoc.Pos) {
	n := 0
	p.each(func(e *etree.Element) {
		for _, t := range e.Child {
			c, ok := t.(*etree.Comment)
			if ok && strings.Contains(c.Data, "<") {
				n++
				if n == 1 {
					pos = p.doc.Pos(e)
				}
			}
		}
	})
	if n > 0 {
		p.maps("file", "", pos, "what stands in comments does not count, such as the sample <location> that IIS ships; comments with elements: %d, the first in this element", n)
	}
}

// checkOtherSections tells what of the file is not about FTP.
func (p *Plan) checkOtherSections() {
	var others []string
	ftp, webs := false, false
	var first xmldoc.Pos
	note := func(e *etree.Element, name string) {
		if !slices.Contains(others, name) {
			others = append(others, name)
			if len(others) == 1 {
				first = p.doc.Pos(e)
			}
		}
	}
	for _, top := range p.doc.Root().ChildElements() {
		for _, e := range append([]*etree.Element{top}, top.ChildElements()...) {
			switch {
			case strings.EqualFold(e.Tag, "system.ftpServer"):
				ftp = true
			case strings.EqualFold(e.Tag, "system.webServer"):
				webs = true
				for _, c := range e.ChildElements() {
					note(c, c.Tag)
				}
			case e == top && !slices.Contains([]string{"configSections", "location", "system.applicationHost", "configProtectedData"}, e.Tag):
				note(e, e.Tag)
			case strings.EqualFold(e.Tag, "applicationPools"):
				note(e, e.Tag)
			}
		}
	}
	if webs || len(others) > 0 {
		p.maps("web", "", first, "sections that are not about FTP stay in the file and have no effect: %s", named(others))
	}
	if !ftp {
		p.maps("file", "", p.doc.Pos(p.doc.Root()), "there is no system.ftpServer section, so the FTP role was not set up on that server, or nobody changed anything but sites")
	}
}

// lockMarks are attributes of IIS that guard sections against lower files.
func lockMarks() []string {
	return []string{"lockItem", "lockAttributes", "lockAllAttributesExcept", "lockElements", "lockAllElementsExcept"}
}

// checkMarks tells of attributes and elements that need no thought, but that
// people ask about.
func (p *Plan) checkMarks() {
	seen := map[string]bool{}
	once := func(what, kind string, e *etree.Element, key, here string) {
		if !seen[what] {
			seen[what] = true
			p.maps(kind, siteOf(e), p.doc.AttrPos(e, key), "%s", here)
		}
	}
	p.each(func(e *etree.Element) {
		for _, a := range e.Attr {
			switch {
			case slices.Contains(lockMarks(), a.Key):
				once("lock", "setting", e, a.Key, "locks such as "+a.Key+" guard against web.config files, which FTP has not; "+keptAsIs)
			case a.Key == "overrideMode" || a.Key == "overrideModeDefault" && a.Value == "Allow" && registersFTP(e):
				once(a.Key, "setting", e, a.Key, a.Key+" says what a web.config may change; FTP reads none, so it has no effect")
			case a.Key == "sessionKey":
				once("sessionKey", "secret", e, a.Key, "sessionKey is of no use without the keys of the Windows machine, but a secret still: do not publish the file")
			case (a.Key == "state" || a.Key == "lastStartupStatus") && within(e, "ftpServer"):
				once("state", "setting", e, a.Key, a.Key+" is what IIS observed, and is not read")
			case a.Key == "configBuilders":
				once(a.Key, "setting", e, a.Key, "configBuilders are of .NET and have no effect")
			case strings.ContainsAny(a.Value, "\n\r") && (within(e, "ftpServer") || within(e, "system.ftpServer")):
				once("entity", "setting", e, a.Key, "the value has line breaks, written as &#xA; or the like; they are kept")
			}
		}
		if within(e, "system.ftpServer") && len(e.Attr)+len(e.ChildElements()) == 0 && slices.Contains([]string{"log", "firewallSupport", "caching", "ipSecurity", "providerDefinitions", "serverRuntime"}, e.Tag) {
			once("empty", "setting", e, "", "<"+e.Tag+"> is empty, as after an installation: everything in it is default")
		}
		if e.Tag == "providers" && len(e.ChildElements()) == 0 && within(e, "customAuthentication", "customFeatures") {
			once("providers", "provider", e, "", "an empty <providers> adds none and takes none away; <clear /> would")
		}
	})
}

// registersFTP reports whether a registration is of a section of FTP.
func registersFTP(e *etree.Element) bool {
	for ; e != nil; e = e.Parent() {
		if e.SelectAttrValue("name", "") == "system.ftpServer" {
			return true
		}
	}
	return false
}

// checkRedirection tells of a configuration that several servers share.
func (p *Plan) checkRedirection() {
	if p.source.Redirection == "" {
		return
	}
	data, err := readText(p.source.Redirection)
	if err != nil {
		return
	}
	doc, err := xmldoc.Parse(p.source.Redirection, []byte(data))
	if err != nil {
		p.add(Finding{Severity: Decide, Kind: "shared configuration", Pos: xmldoc.Pos{File: p.source.Redirection}, Here: "it cannot be read and is not used: " + err.Error()})
		return
	}
	e := doc.Root().SelectElement("configurationRedirection")
	if e == nil || !strings.EqualFold(e.SelectAttrValue("enabled", "false"), "true") {
		p.maps("shared configuration", "", doc.Pos(doc.Root()), "redirection is off, so the server had its own configuration; the file is not needed")
		return
	}
	path := e.SelectAttrValue("path", "")
	p.add(Finding{
		Severity: Decide, Kind: "shared configuration", Pos: doc.Pos(e),
		Windows: fmt.Sprintf("IIS read the configuration from %s, which several servers may share", path),
		Here:    fmt.Sprintf("run copies %s once and follows it no further; make sure that it came from %s", filepath.Base(p.source.Config), path),
		Edit:    "leave redirection.config out of the files; or, to go on sharing, mount the share, map it in ftpHost/pathMap and copy redirection.config into the home (docs/configuration-sources.md)",
	})
}

// checkServer tells what concerns all sites.
func (p *Plan) checkServer() {
	if len(p.Report.Sites) == 0 {
		p.add(Finding{
			Severity: Decide, Kind: "site", Pos: p.at(p.cfg.Section(sectionSites, "").Pos()),
			Windows: "no site of this file answered FTP", Here: "nothing would be served",
			Edit: `make sure that it is the file of a 64-bit program (System32, not SysWOW64), or add a site with <binding protocol="ftp" bindingInformation="*:21:" />`,
		})
	}
	p.checkPassive()
	p.checkProviders()
	p.checkSecrets()
	p.checkSpelling(p.cfg.Section(sectionFirewall, ""), "")
}

func (p *Plan) checkPassive() {
	e := p.cfg.Section(sectionFirewall, "")
	low, high := e.Attr("lowDataChannelPort"), e.Attr("highDataChannelPort")
	if low.Int() > 0 {
		p.maps("passive range", "", low.Pos(), "data connections use the ports %d to %d; open them in the firewall with the ports of the sites: ftphost firewall", low.Int(), high.Int())
		return
	}
	if len(p.Report.Sites) == 0 {
		return
	}
	p.add(Finding{
		Severity: Decide, Kind: "passive range", Pos: p.at(e.Pos()),
		Windows: "the range 0-0 means any port from 49152 to 65535, which the Windows firewall opened by itself",
		Here:    "any free port is used, and no firewall of Linux opens it by itself for FTPS",
		Edit:    `in applicationHost.config: <system.ftpServer><firewallSupport lowDataChannelPort="50000" highDataChannelPort="50099" /></system.ftpServer>`,
	})
}

// at is a place, or the file when nothing is written there.
func (p *Plan) at(pos xmldoc.Pos) xmldoc.Pos {
	if pos.File == "" {
		pos.File = p.source.Config
	}
	return pos
}

// checkProviders tells of programs that are registered.
func (p *Plan) checkProviders() {
	section := p.cfg.Section(sectionProviders, "")
	for _, e := range section.Entries() {
		name, class := e.Attr("name").Text, e.Attr("type").Text
		if class == "" {
			class = e.Attr("clsid").Text
		}
		switch short, _, _ := strings.Cut(class, ","); {
		case strings.HasSuffix(short, ".IisManagerAuthenticationProvider"):
			p.maps("provider", "", e.Pos(), "%s is built in: it asks the IIS Manager users of administration.config", name)
			p.needAdministration(e)
		default:
			p.maps("provider", "", e.Pos(), "%s (%s) is registered and cannot run here; sites that use it are told of below", name, short)
		}
	}
	for _, data := range section.Child("activation").Entries() {
		var keys []string
		for _, setting := range data.Entries() {
			keys = append(keys, setting.Attr("key").Text)
		}
		p.maps("provider", "", data.Pos(), "settings of %s (%s) may name where its users are, and may be secrets in clear text", data.Attr("name").Text, named(keys))
	}
}

func (p *Plan) needAdministration(e *apphost.Element) {
	if p.source.Administration != "" || !p.managersAsked() {
		return
	}
	p.add(Finding{
		Severity: Blocks, Kind: "account", Pos: e.Pos(), covers: true,
		Windows: "the IIS Manager users of administration.config could log in",
		Here:    "there is no administration.config among the files, so none of them can",
		Edit:    `copy %windir%\System32\inetsrv\config\administration.config and give it to assess and run`,
	})
}

// managersAsked reports whether a site asks the IIS Manager users.
func (p *Plan) managersAsked() bool {
	for _, site := range p.sites() {
		for _, e := range site.Child("ftpServer").Child("security").Child("authentication").Child("customAuthentication").Child("providers").Entries() {
			if e.Attr("enabled").Bool() && strings.EqualFold(e.Attr("name").Text, "IisManagerAuth") {
				return true
			}
		}
	}
	return false
}
