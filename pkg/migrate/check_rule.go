package migrate

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/auth"
)

// checkRules tells of rules that do not say what was meant, as they are written.
func (p *Plan) checkRules() {
	gone := map[string]bool{}
	p.each(func(e *etree.Element) {
		if !within(e, "system.ftpServer") {
			return
		}
		site := siteOf(e)
		if site != "" && e.Tag == "system.ftpServer" && !p.isSite(site) && !gone[site] {
			gone[site] = true
			p.maps("rule", "", p.doc.Pos(e.Parent()), "the location is for %s, and there is no such FTP site; it has no effect", site)
		}
		parent := e.Parent().Tag
		switch {
		case strings.EqualFold(e.Tag, "authorization") && site == "" && len(e.ChildElements()) > 0:
			p.maps("rule", "", p.doc.Pos(e), "these rules count for every FTP site, before those of the sites")
		case parent == "authorization" && e.Tag == "add":
			p.checkRule(e, site)
		case parent == "authorization" && e.Tag == "remove":
			p.maps("rule", site, p.doc.Pos(e), "remove takes away the inherited rule with the same users, roles and permissions, an empty one included")
		case parent == "ipSecurity" && e.Tag == "add":
			p.checkAddress(e, site)
		case parent == "fileExtensions" && e.Tag == "add":
			p.checkExtension(e, site)
		}
	})
	if v := p.cfg.Section(sectionIPSecurity, "").Attr("enableReverseDns"); v.Bool() {
		p.maps("rule", "", v.Pos(), "names of clients are looked up for every connection, which takes its time, as on Windows")
	}
}

func (p *Plan) isSite(name string) bool { return p.ftpSites[auth.Fold(name)] }

// checkRule finds what was probably meant by a rule.
func (p *Plan) checkRule(e *etree.Element, site string) {
	users, roles := e.SelectAttr("users"), e.SelectAttr("roles")
	value := func(a *etree.Attr) string {
		if a == nil {
			return ""
		}
		return strings.TrimSpace(a.Value)
	}
	f := Finding{Severity: Decide, Kind: "rule", Site: site, Pos: p.doc.Pos(e), Here: "the same"}
	if users != nil {
		f.Pos = p.doc.AttrPos(e, users.FullKey())
	}
	switch u := value(users); {
	case u == "" && value(roles) == "":
		f.Windows, f.Edit = "a rule without users and roles matched nobody", `users="?" for anonymous users, users="*" for everybody, or take the rule out`
	case strings.EqualFold(u, "anonymous"):
		f.Windows, f.Edit = "the rule was for an account named anonymous, and not for anonymous users", `users="?" when those are meant`
	case meansEverybody(u):
		f.Windows, f.Edit = fmt.Sprintf("the rule was for an account named %s", u), `users="*" when everybody is meant`
	case strings.ContainsAny(u+value(roles), ";"):
		f.Windows, f.Edit = "semicolons separate nothing: all of it was one name", "separate the names with commas"
	default:
		return
	}
	p.add(f)
}

// meansEverybody tells names that people write for everybody.
func meansEverybody(name string) bool {
	return strings.EqualFold(name, "All Users") || strings.EqualFold(name, "Everyone")
}

func (p *Plan) checkAddress(e *etree.Element, site string) {
	if e.SelectAttr("allowed") == nil {
		p.maps("rule", site, p.doc.Pos(e), "an entry without allowed refuses, as on Windows")
	}
	if mask := e.SelectAttr("subnetMask"); mask != nil && mask.Value != "" && !strings.Contains(mask.Value, ".") {
		p.maps("rule", site, p.doc.AttrPos(e, mask.FullKey()), "subnetMask %s is a length of the prefix", mask.Value)
	}
}

func (p *Plan) checkExtension(e *etree.Element, site string) {
	v := e.SelectAttr("fileExtension")
	if v != nil && v.Value != "" && !strings.HasPrefix(v.Value, ".") {
		p.maps("rule", site, p.doc.AttrPos(e, v.FullKey()), "%s matches the same files as .%s, and is another entry when sites inherit it", v.Value, v.Value)
	}
}

// claim is a name in a rule, and the first place of it.
type claim struct {
	name, site string
	group      bool
	at         *etree.Element
	attr       string
}

// claims are the names of accounts and groups in all rules that count.
func (p *Plan) claims() (all []claim) {
	seen := map[string]bool{}
	p.each(func(e *etree.Element) {
		if e.Tag != "add" || !strings.EqualFold(e.Parent().Tag, "authorization") || !within(e, "system.ftpServer") {
			return
		}
		site := siteOf(e)
		if site != "" && !p.isSite(site) {
			return
		}
		for _, c := range claimsOf(e, site) {
			if key := fmt.Sprint(c.group) + auth.Fold(c.name); !seen[key] {
				seen[key] = true
				all = append(all, c)
			}
		}
	})
	return all
}

// claimsOf are the names in one rule.
func claimsOf(e *etree.Element, site string) (all []claim) {
	for _, a := range e.Attr {
		group := strings.EqualFold(a.Key, "roles")
		if !group && !strings.EqualFold(a.Key, "users") || strings.Contains(a.Value, ";") {
			continue
		}
		for name := range strings.SplitSeq(a.Value, ",") {
			name = strings.TrimSpace(name)
			if name != "" && name != "*" && name != "?" && (group || !meansEverybody(name)) {
				all = append(all, claim{name, site, group, e, a.FullKey()})
			}
		}
	}
	return all
}
