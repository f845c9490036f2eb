package compile

import (
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// levels are the authorization rules, client addresses and request filters of
// one site: what the server level says, then each location of the site that says something.
func (c *compiler) levels(siteName string) []access.Level {
	levels := []access.Level{c.serverLevel}
	for _, l := range c.cfg.Locations(sectionAuthorization, siteName) {
		levels = append(levels, c.ruleLevel(siteName, l))
	}
	for _, l := range c.cfg.Locations(sectionRequestFiltering, siteName) {
		levels = append(levels, access.Level{
			Path:   vpath.Clean(l.Path),
			Filter: c.filter(c.cfg.Section(sectionRequestFiltering, siteName+l.Path)),
		})
	}
	for _, l := range c.cfg.Locations(sectionIPSecurity, siteName) {
		levels = append(levels, access.Level{
			Path:      vpath.Clean(l.Path),
			Addresses: c.addressRules(c.cfg.Section(sectionIPSecurity, siteName+l.Path)),
		})
	}
	return levels
}

// saidOf reports whether a section is written for a site itself. Below a site
// such a section changes nothing, of which this warns.
func (c *compiler) saidOf(siteName, section string) (said bool) {
	for _, l := range c.cfg.Locations(section, siteName) {
		if l.Path == "" || l.Path == "/" {
			said = true
			continue
		}
		c.warnf(l.Element.Pos(), section, `below a site it changes nothing; move it to <location path="%s">`, siteName)
	}
	return said
}

// readServerLevel is what all sites inherit; they share it.
func (c *compiler) readServerLevel() {
	c.serverLevel = access.Level{
		Path:   vpath.Root,
		Rules:  c.rules(c.cfg.Section(sectionAuthorization, "").Entries()),
		Filter: c.filter(c.cfg.Section(sectionRequestFiltering, "")),
	}
	// Most servers restrict nobody; then no path has to be looked at.
	if rules := c.addressRules(c.cfg.Section(sectionIPSecurity, "")); rules.Restrict() {
		c.serverLevel.Addresses = rules
	}
}

// ruleLevel is what one location adds. A location that removes inherited
// rules is given the whole merged list instead, so that evaluation need not
// know about removing.
func (c *compiler) ruleLevel(siteName string, l *apphost.LocationSection) access.Level {
	cleared, added, removed := l.Element.Own()
	level := access.Level{Path: vpath.Clean(l.Path), Clear: cleared}
	if len(removed) > 0 {
		level.Clear = true
		added = c.cfg.Section(sectionAuthorization, siteName+l.Path).Entries()
	}
	level.Rules = c.rules(added)
	return level
}

const accessDeny = 1

func (c *compiler) rules(entries []*apphost.Element) []access.Rule {
	rules := make([]access.Rule, 0, len(entries))
	for _, e := range entries {
		var r ruleSettings
		c.decode(e, &r)
		rules = append(rules, access.Rule{
			Deny: r.AccessType == accessDeny, Users: list(r.Users), Roles: list(r.Roles),
			Permissions: access.Permission(r.Permissions), Origin: e.Pos().String(),
		})
	}
	return rules
}

// list splits a comma list as IIS writes it; items may be padded.
func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (c *compiler) filter(e *apphost.Element) *access.RequestFilter {
	var r requestFilteringSettings
	c.decode(e, &r)
	settings := access.FilterSettings{
		AllowHighBit: r.AllowHighBitCharacters, MaxURL: r.Limits.MaxURL,
		MaxContentLength:        r.Limits.MaxAllowedContentLength,
		AllowUnlistedExtensions: r.FileExtensions.AllowUnlisted,
		Extensions:              map[string]bool{},
		Origins: access.FilterOrigins{
			HighBit:            e.Attr("allowHighBitCharacters").Origin(),
			MaxURL:             e.Child("requestLimits").Attr("maxUrl").Origin(),
			UnlistedExtensions: e.Child("fileExtensions").Attr("allowUnlisted").Origin(),
			HiddenSegments:     origins(e.Child("hiddenSegments"), "segment"),
			DeniedSequences:    origins(e.Child("denyUrlSequences"), "sequence"),
			Extensions:         origins(e.Child("fileExtensions"), "fileExtension"),
		},
	}
	for _, x := range r.FileExtensions.Extensions {
		settings.Extensions[x.Extension] = x.Allowed
	}
	for _, h := range r.HiddenSegments {
		settings.HiddenSegments = append(settings.HiddenSegments, h.Segment)
	}
	for _, d := range r.DenyURLSequences {
		settings.DeniedSequences = append(settings.DeniedSequences, d.Sequence)
	}
	return access.NewRequestFilter(settings)
}

// origins are the places of the entries of a collection, by their key.
func origins(e *apphost.Element, key string) map[string]string {
	places := map[string]string{}
	for _, entry := range e.Entries() {
		places[entry.Attr(key).Text] = entry.Pos().String()
	}
	return places
}

// disagreements warns where the order in which rules are evaluated matters:
// the sources do not agree on how IIS decides there, and this program denies.
func (c *compiler) disagreements(levels []access.Level) {
	for _, d := range access.Disagreements(levels) {
		c.warnf(position(d.Deny.Origin), sectionAuthorization,
			"at %s this Deny wins for %s over the Allow at %s, since Deny rules come first; by %s order it would not",
			d.Path, d.Who, d.Allow.Origin, d.Model)
	}
}
