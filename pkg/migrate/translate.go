package migrate

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// spot is what stands at a place of the file: an element, and an attribute of it
// unless that is "".
type spot struct {
	e    *etree.Element
	attr string
}

// makeIndex finds out what stands where.
func (p *Plan) makeIndex() {
	p.index = map[[2]int]spot{}
	p.each(func(e *etree.Element) {
		pos := p.doc.Pos(e)
		p.index[[2]int{pos.Line, pos.Col}] = spot{e, ""}
		for _, a := range e.Attr {
			pos := p.doc.AttrPos(e, a.FullKey())
			p.index[[2]int{pos.Line, pos.Col}] = spot{e, a.Key}
		}
	})
}

// each calls f with every element of the file.
func (p *Plan) each(f func(*etree.Element)) {
	var walk func(*etree.Element)
	walk = func(e *etree.Element) {
		f(e)
		for _, c := range e.ChildElements() {
			walk(c)
		}
	}
	if p.doc != nil {
		walk(p.doc.Root())
	}
}

// siteOf is the site that an element belongs to, "" for the whole server.
func siteOf(e *etree.Element) string {
	for ; e != nil; e = e.Parent() {
		switch strings.ToLower(e.Tag) {
		case "site":
			return e.SelectAttrValue("name", "")
		case "location":
			name, _, _ := strings.Cut(strings.Trim(e.SelectAttrValue("path", ""), "/"), "/")
			return name
		}
	}
	return ""
}

// within reports whether an element is in one with a tag.
func within(e *etree.Element, tags ...string) bool {
	for ; e != nil; e = e.Parent() {
		for _, tag := range tags {
			if strings.EqualFold(e.Tag, tag) {
				return true
			}
		}
	}
	return false
}

// translate turns what the compiler says of the home into findings, unless one
// of ours says the same better. What it says of files that are made here
// concerns us, but for accounts that have no password yet.
func (p *Plan) translate(problems apphost.ErrorList) {
	covered := map[xmldoc.Pos]bool{}
	for i := range p.Report.Findings {
		if f := &p.Report.Findings[i]; f.covers {
			covered[f.Pos] = true
		}
	}
	for _, e := range problems {
		if covered[e.Pos] || e.Warning && filepath.Base(e.Pos.File) == compile.AccountFile {
			continue
		}
		f := p.finding(e)
		if f.Kind == "encryption" && p.uncertified[f.Site] {
			continue // the missing certificate is told, and what comes of it
		}
		p.add(f)
	}
}

// finding is one problem of the compiler.
func (p *Plan) finding(e *apphost.Error) Finding {
	f := Finding{Severity: Blocks, Kind: "setting", Pos: e.Pos, Here: e.Msg}
	if e.Warning {
		f.Severity = Decide
	}
	if below, ok := strings.CutPrefix(e.Pos.File, p.place+string(filepath.Separator)); ok {
		f.Pos.File = "HOME/" + filepath.ToSlash(below)
		if below == compile.AdministrationFile {
			f.Pos.File, f.Kind = p.source.Administration, "account"
		}
	}
	f.Here = strings.ReplaceAll(f.Here, p.place+string(filepath.Separator), "HOME/")
	f.Here = strings.ReplaceAll(f.Here, p.source.Config+":", filepath.Base(p.source.Config)+":")
	where := spot{}
	if e.Pos.File == p.source.Config {
		where = p.index[[2]int{e.Pos.Line, e.Pos.Col}]
	}
	if where.e != nil {
		f.Site = siteOf(where.e)
		f.Kind = kindOf(where)
	}
	// Which other order it would be is for those who look at the sources.
	for _, order := range []string{"first-match", "specific-first"} {
		f.Here = strings.Replace(f.Here, "; by "+order+" order it would not", "; in another order it would not", 1)
	}
	if f.Site != "" { // it stands above the finding
		f.Here = strings.TrimPrefix(f.Here, fmt.Sprintf("site %q: ", f.Site))
	}
	if e.Pos.Line == 0 && e.Pos.File == "" {
		f.Kind = "certificate" // the compiler says so of files in stores
	}
	for _, hopeless := range []string{"nobody can log in", "nothing can be listed", "nobody can connect"} {
		if strings.Contains(f.Here, hopeless) {
			f.Severity = Blocks
		}
	}
	switch {
	case p.doc == nil, where.e == nil && f.Severity == Blocks, where.e != nil && where.e == p.doc.Root():
		f.Kind, f.Site = "file", ""
	case strings.HasPrefix(f.Here, "controlChannelPolicy is "), strings.HasPrefix(f.Here, "dataChannelPolicy is "):
		f.Kind = "encryption"
	}
	f.Windows, f.Edit = advice(&f, !e.Warning)
	return f
}

// kindOf is the matter of a place in the file.
func kindOf(where spot) string {
	attrs := map[string]string{
		"servercerthash": "certificate", "servercertstorename": "certificate", "physicalpath": "path", "directory": "log",
		"password": "secret", "adpassword": "secret", "encryptedvalue": "secret", "bindinginformation": "binding",
		"externalip4address": "passive range", "lowdatachannelport": "passive range", "highdatachannelport": "passive range",
		"clientcertificatepolicy": "client certificate", "useactivedirectorymapping": "client certificate",
	}
	if kind := attrs[strings.ToLower(where.attr)]; kind != "" {
		return kind
	}
	for _, k := range []struct{ tag, kind string }{
		{"authorization", "rule"},
		{"ipSecurity", "rule"},
		{"requestFiltering", "rule"},
		{"commandFiltering", "rule"},
		{"customAuthentication", "provider"},
		{"customAuthorization", "provider"},
		{"customFeatures", "provider"},
		{"providerDefinitions", "provider"},
		{"userIsolation", "isolation"},
		{"ssl", "encryption"},
		{"clientCertAuthentication", "client certificate"},
		{"sslClientCertificates", "client certificate"},
		{"logFile", "log"},
		{"log", "log"},
		{"binding", "binding"},
		{"bindings", "binding"},
		{"virtualDirectory", "path"},
		{"configProtectedData", "secret"},
		{"configurationRedirection", "shared configuration"},
		{"location", "rule"},
		{"site", "site"},
	} {
		if within(where.e, k.tag) {
			return k.kind
		}
	}
	return "setting"
}

// advice says what IIS does with such a thing, and what to do, where the
// compiler's words are not enough.
func advice(f *Finding, wrong bool) (windows, edit string) {
	place := f.place()
	change := "change " + place + " in the copy of the file and run again"
	switch {
	case f.Kind == "file":
		return "IIS refuses such a file as a whole, or it never came from IIS", "copy the file again, or correct it at " + place
	case f.Kind == "rule" && strings.Contains(f.Here, "Deny wins"):
		return "what is known of the order in which IIS looks at rules does not agree here", "let one rule say what is meant; or leave it, when the Deny is"
	case f.Kind == "binding" && wrong:
		return "of two sites with one binding, one did not start; another binding it could not read", change
	case wrong && f.Kind != "path" && f.Kind != "certificate":
		return "IIS reads its own sections as strictly, and refuses the file", change
	}
	switch f.Kind {
	case "provider":
		return "a program of its own answered here", "change enabled at " + place + ", when the accounts have another source"
	case "certificate":
		return "the certificate came from the stores of the machine", "export it as PFX, give the file to assess and run, or change serverCertHash at " + place
	case "secret":
		return "the secret was kept with keys of the Windows machine", change
	case "encryption":
		return "a site that says nothing requires TLS, and without a certificate nobody could log in", change
	case "isolation":
		return "each user was led to a folder of their own", "copy the folders with the rest of the content, or create them in the home after run"
	case "path":
		return "the folder was there", "copy the content, name it with --content or --map, or change " + place
	}
	return "", change
}
