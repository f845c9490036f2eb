package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// ownAccounts are those that Windows has for itself.
func ownAccounts() []string {
	return []string{"Administrator", "Guest", "DefaultAccount", "WDAGUtilityAccount", "IUSR", "defaultuser0", "krbtgt", "ASPNET", "HomeGroupUser$"}
}

// builtinGroups are groups that Windows fills by itself or that mean rights
// there, in the languages of many servers.
func builtinGroups() []string {
	return []string{
		"Administrators", "Administratoren", "Administrateurs", "Administradores", "Users", "Benutzer", "Utilisateurs", "Usuarios",
		"Guests", "Gäste", "Invités", "Invitados", "Power Users", "Hauptbenutzer", "Backup Operators", "Remote Desktop Users",
		"Everyone", "Jeder", "Authenticated Users", "Authentifizierte Benutzer", "IIS_IUSRS", "Domain Users", "Domain Admins",
	}
}

// choosePeople decides which accounts and groups are made, and tells of names in
// rules that will be nobody's.
func (p *Plan) choosePeople() error {
	claims := p.claims()
	managers, err := p.managers()
	if err != nil {
		return err
	}
	if len(p.source.Accounts) > 0 {
		p.listedPeople(claims)
	}
	// Groups last: none can have the name of an account.
	for _, c := range claims {
		if !c.group {
			p.checkUser(c, managers)
		}
	}
	for _, c := range claims {
		if c.group {
			p.checkGroup(c)
		}
	}
	return nil
}

// managers are the names of the IIS Manager users.
func (p *Plan) managers() ([]string, error) {
	if p.source.Administration == "" {
		return nil, nil
	}
	data, err := readText(p.source.Administration)
	if err != nil {
		return nil, err
	}
	doc, err := xmldoc.Parse(p.source.Administration, []byte(data))
	if err != nil {
		return nil, nil // told with its place
	}
	var names []string
	for _, e := range doc.Root().FindElements("//credentials/add") {
		names = append(names, e.SelectAttrValue("name", ""))
	}
	return names, nil
}

// listedPeople takes the accounts of the lists but those that Windows has for
// itself, unless a rule names them, and the groups that rules name.
func (p *Plan) listedPeople(claims []claim) {
	claimed := map[string]bool{}
	for _, c := range claims {
		claimed[fmt.Sprint(c.group)+auth.Fold(p.local(c.name))] = true
	}
	var left []string
	for _, u := range p.people.Users {
		switch own := slices.ContainsFunc(ownAccounts(), func(o string) bool { return auth.Fold(o) == auth.Fold(u.Name) }); {
		case own && !claimed["false"+auth.Fold(u.Name)]:
			left = append(left, u.Name)
		case accounts.CheckUserName(u.Name) != nil:
			p.add(Finding{
				Severity: Decide, Kind: "account", Pos: xmldoc.Pos{File: p.source.Accounts[0]},
				Windows: fmt.Sprintf("there was an account %q", u.Name), Here: "it is not made: " + accounts.CheckUserName(u.Name).Error(),
				Edit: "take it out of the list, or give it another name",
			})
		default:
			p.willMake(u)
		}
	}
	for _, g := range p.people.Groups {
		if claimed["true"+auth.Fold(g.Group)] && !p.isMade(g.Group) && accounts.CheckGroupName(g.Group) == nil {
			p.groups = append(p.groups, g)
			p.checkMembers(g)
		}
	}
	pos := xmldoc.Pos{File: p.source.Accounts[0]}
	p.maps("account", "", pos, "accounts of the lists that run makes: %d, with groups that rules name: %d; passwords cannot be read from Windows", len(p.accounts), len(p.groups))
	if len(left) > 0 {
		p.maps("account", "", pos, "accounts that Windows has for itself are not made: %s", named(left))
	}
}

func (p *Plan) checkMembers(g Membership) {
	var strangers []string
	for _, m := range g.Members {
		if !p.isMade(m) {
			strangers = append(strangers, m)
		}
	}
	if len(strangers) == 0 {
		return
	}
	p.add(Finding{
		Severity: Decide, Kind: "account", Pos: xmldoc.Pos{File: p.source.Accounts[0]},
		Windows: fmt.Sprintf("the group %s had these members too: %s", g.Group, named(strangers)),
		Here:    "they are none of the accounts that run makes, and so not members",
		Edit:    fmt.Sprintf("put groups of a domain into rules themselves, or add accounts with ftphost user add NAME --group %q", g.Group),
	})
}

// isMade reports whether run makes an account.
func (p *Plan) isMade(name string) bool { return p.made[auth.Fold(name)] }

func (p *Plan) willMake(u Person) {
	p.made[auth.Fold(u.Name)] = true
	p.accounts = append(p.accounts, u)
}

// local takes the name of the Windows server, or BUILTIN, off a name.
func (p *Plan) local(name string) string {
	domain, bare, qualified := strings.Cut(name, `\`)
	if qualified && (strings.EqualFold(domain, "BUILTIN") || p.people.Computer != "" && strings.EqualFold(domain, p.people.Computer)) {
		return bare
	}
	return name
}

// ofThisMachine takes the name of this machine off a name.
func (p *Plan) ofThisMachine(name string) string {
	domain, bare, qualified := strings.Cut(name, `\`)
	if computer, err := compile.ComputerName(); qualified && err == nil && strings.EqualFold(domain, computer) {
		return bare
	}
	return name
}

// checkUser looks for the account that a rule names.
func (p *Plan) checkUser(c claim, managers []string) {
	same := func(name string) bool { return auth.Fold(name) == auth.Fold(c.name) }
	if slices.ContainsFunc(managers, same) || p.isMade(c.name) || p.isMade(p.ofThisMachine(c.name)) {
		return
	}
	f := Finding{
		Severity: Decide, Kind: "account", Site: c.site, Pos: p.doc.AttrPos(c.at, c.attr),
		Windows: fmt.Sprintf("the rule was for the account %s", c.name),
	}
	switch bare := p.local(c.name); {
	case bare != c.name:
		f.Here = "nobody has that name: accounts of this machine are written with its own name in front, or without"
		f.Edit = fmt.Sprintf(`write %s without the name of the Windows server`, bare)
	case strings.ContainsAny(c.name, `\@`):
		p.foreign(&f, c)
	case auth.IsAnonymousName(c.name):
		return // told as a rule that is not meant so
	case accounts.CheckUserName(c.name) != nil:
		f.Here = "no account can have that name, so the rule concerns nobody: " + accounts.CheckUserName(c.name).Error()
		f.Edit = "take the name out of the rule"
	case len(p.source.Accounts) == 0:
		f.Severity = Maps
		f.Here = "there is no list of accounts, so run makes the accounts that rules name, and this one"
		p.willMake(Person{Name: c.name, Enabled: true, Description: "named in a rule"})
	default:
		f.Here = "the lists have no such account, so the rule concerns nobody"
		f.Edit = fmt.Sprintf("ftphost user add %s, or take the name out of the rule", c.name)
	}
	p.add(f)
}

// foreign tells of an account or group of a domain.
func (p *Plan) foreign(f *Finding, c claim) {
	domain, _, _ := strings.Cut(c.name, `\`)
	if _, suffix, upn := strings.Cut(c.name, "@"); upn {
		domain = suffix
	}
	f.Here = fmt.Sprintf("the domain %s is not known here, so the rule concerns nobody until a source of accounts has it", domain)
	f.Edit = fmt.Sprintf(`in ftpHost/accounts/sources of ftphost.config (docs/accounts.md): <add name="%s" type="ActiveDirectory" urls="ldaps://SERVER" domain="%s" baseDn="DC=..." bindDn="..." bindPasswordFile="..." />`+
		"\nif %s was the name of the Windows server itself, write the name without it", domain, domain, domain)
}

// checkGroup looks for the group that a rule names.
func (p *Plan) checkGroup(c claim) {
	bare := p.local(c.name)
	has := slices.ContainsFunc(p.groups, func(g Membership) bool { return auth.Fold(g.Group) == auth.Fold(c.name) })
	f := Finding{
		Severity: Decide, Kind: "account", Site: c.site, Pos: p.doc.AttrPos(c.at, c.attr),
		Windows: fmt.Sprintf("the rule was for the group %s", c.name),
	}
	builtin := slices.ContainsFunc(builtinGroups(), func(g string) bool { return auth.Fold(g) == auth.Fold(bare) })
	switch {
	case has:
		return
	case p.isMade(c.name):
		f.Here = "there is an account of that name, and no group, so the rule concerns nobody"
		f.Edit = "write the name into users instead of roles"
	case bare != c.name && !builtin:
		f.Here = "nobody is in a group of that name: groups of this machine have no name in front"
		f.Edit = "write " + bare
	case builtin:
		f.Here = fmt.Sprintf("%s has no members here, where Windows filled it by itself or by its setup", bare)
		f.Edit = fmt.Sprintf("ftphost group add %q and ftphost group join %q USER..., with roles=\"%s\" in the rule; users=\"*\" is everybody", bare, bare, bare)
	case strings.ContainsAny(c.name, `\@`):
		p.foreign(&f, c)
	case accounts.CheckGroupName(c.name) != nil:
		f.Here = "no group can have that name, so the rule concerns nobody: " + accounts.CheckGroupName(c.name).Error()
		f.Edit = "take the name out of the rule"
	case len(p.source.Accounts) == 0:
		f.Here = "run makes the group, without members, since there is no list of members"
		f.Edit = fmt.Sprintf("give a list of members (docs/migrate.md), or after run: ftphost group join %q USER...", c.name)
		p.groups = append(p.groups, Membership{Group: c.name})
	default:
		f.Here = "the lists have no such group, so the rule concerns nobody"
		f.Edit = fmt.Sprintf("ftphost group add %q and ftphost group join %q USER..., or take the name out of the rule", c.name, c.name)
	}
	p.add(f)
}
