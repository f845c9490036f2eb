package compile

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// addressRules are the rules for client addresses in force at one location. The
// order of evaluation is that of the merged collection: entries of the server
// come first, then those of the site and of the path, each in file order, and
// the first that matches decides. That the first one decides is documented. That
// inherited ones come first is inferred from how IIS merges this collection; the
// one place to change it is mergeAppend in the schema.
func (c *compiler) addressRules(e *apphost.Element) *access.AddressRules {
	var settings ipSecuritySettings
	c.decode(e, &settings)
	rules := access.AddressSettings{AllowUnlisted: settings.AllowUnlisted, ReverseDNS: settings.EnableReverseDNS}
	if v := e.Attr("allowUnlisted"); v.Set {
		rules.Origin = v.Origin()
	}
	for i, x := range e.Entries() {
		entry, err := addressEntry(&settings.Entries[i])
		if err != nil {
			c.errorf(x.Pos(), sectionIPSecurity, "%v", err)
			continue
		}
		entry.Origin = x.Pos().String()
		rules.Entries = append(rules.Entries, entry)
	}
	return access.NewAddressRules(rules)
}

// addressEntry reads one entry. What cannot be understood must not be left out:
// it could be the entry that was to keep somebody away.
func addressEntry(s *ipEntrySettings) (access.AddressEntry, error) {
	entry := access.AddressEntry{Allowed: s.Allowed}
	address, domain := strings.TrimSpace(s.IPAddress), strings.TrimSpace(s.DomainName)
	switch {
	case address != "" && domain != "":
		return entry, fmt.Errorf("an entry names an address or a domain: make two of ipAddress %q and domainName %q", s.IPAddress, s.DomainName)
	case address != "":
		network, err := access.ParseNetwork(address, s.SubnetMask)
		entry.Network = network.Prefix
		if err != nil {
			err = fmt.Errorf("ipAddress %w", err)
		}
		return entry, err
	case domain != "":
		var err error
		entry.Domain, err = domainPattern(domain)
		return entry, err
	default:
		return entry, errors.New("an entry needs an ipAddress or a domainName")
	}
}

// domainPattern reads domainName: a name, *.name for all names below it, or *.
func domainPattern(written string) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(written, "."))
	plain := strings.TrimPrefix(name, "*.")
	if _, err := netip.ParseAddr(plain); err == nil {
		return "", fmt.Errorf("domainName %q is an address: it belongs in ipAddress", written)
	}
	if name != "*" && (plain == "" || strings.ContainsAny(plain, "*/ \t:") || strings.Contains("."+plain+".", "..")) {
		return "", fmt.Errorf("domainName %q is not a host name; * stands for all names, *.example.com for those below example.com", written)
	}
	return name, nil
}

// addressDoubts warns of rules for addresses that do what is hardly meant.
func (c *compiler) addressDoubts(siteName string) {
	ownRoot := false
	for _, l := range c.cfg.Locations(sectionIPSecurity, siteName) {
		path := vpath.Clean(l.Path)
		ownRoot = ownRoot || path.IsRoot()
		c.doubtAddresses(c.cfg.Section(sectionIPSecurity, siteName+l.Path), path)
	}
	if !ownRoot && !c.serverDoubted {
		c.serverDoubted = true
		c.doubtAddresses(c.cfg.Section(sectionIPSecurity, ""), vpath.Root)
	}
}

func (c *compiler) doubtAddresses(e *apphost.Element, path vpath.Path) {
	reverse, allows := e.Attr("enableReverseDns").Bool(), false
	for _, x := range e.Entries() {
		allows = allows || x.Attr("allowed").Bool()
		if x.Attr("domainName").Text == "" {
			c.doubtNetwork(x)
		} else if !reverse {
			c.warnOnce(x.Attr("domainName"), "domainName %q matches nobody, since enableReverseDns is false", x.Attr("domainName").Text)
		}
	}
	rules := c.addressRules(e)
	for _, s := range rules.Shadowed() {
		if pos := position(s.Entry.Origin); !c.said[pos] {
			c.said[pos] = true
			c.warnf(pos, sectionIPSecurity, "%s: this entry never decides: entries before it match all that it matches, such as that for %s at %s",
				s.Entry, s.By, s.By.Origin)
		}
	}
	c.doubtUnlisted(e.Attr("allowUnlisted"), rules, allows, path)
}

// doubtUnlisted warns of allowUnlisted false where it leaves out too many.
func (c *compiler) doubtUnlisted(v apphost.Value, rules *access.AddressRules, allows bool, path vpath.Path) {
	local := rules.Decide(access.Client{Addr: netip.AddrFrom4([4]byte{127, 0, 0, 1})})
	switch {
	case v.Bool():
	case !allows && path.IsRoot():
		c.warnOnce(v, "allowUnlisted is false and no entry has allowed=\"true\", so nobody can connect")
	case !allows:
		c.warnOnce(v, "allowUnlisted is false and no entry has allowed=\"true\", so nobody gets at %s", path)
	case path.IsRoot() && !local.Allowed && local.Entry == nil:
		c.warnOnce(v, "clients on this machine cannot connect, since allowUnlisted is false and no entry is for them; allow them with <add ipAddress=\"127.0.0.1\" allowed=\"true\" />")
	}
}

func (c *compiler) doubtNetwork(x *apphost.Element) {
	v := x.Attr("ipAddress")
	network, err := access.ParseNetwork(v.Text, x.Attr("subnetMask").Text)
	switch {
	case err != nil: // said where the rules were built
	case network.HostBits:
		c.warnOnce(v, "ipAddress %q is inside the network %s, which this entry is for; write the first address of the network, or leave the mask out for the one address",
			v.Text, network.Prefix)
	case network.Prefix.IsSingleIP() && network.Prefix.Addr().IsUnspecified():
		c.warnOnce(v, "no client has the address %s; all of them are ipAddress=\"0.0.0.0\" subnetMask=\"0.0.0.0\", for IPv6 ipAddress=\"::/0\"", v.Text)
	}
}

// warnOnce warns of a value unless its place was warned of already: of what
// sites inherit, one line is said once.
func (c *compiler) warnOnce(v apphost.Value, format string, args ...any) {
	if pos := v.Pos(); !c.said[pos] {
		c.said[pos] = true
		c.warnf(pos, sectionIPSecurity, format, args...)
	}
}
