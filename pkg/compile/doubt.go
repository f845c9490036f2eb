package compile

import (
	"path/filepath"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vpath"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// unserved keeps a site stopped that asks for a protection this version does
// not give: serving it without would open what was meant to be closed.
func (c *compiler) unserved(s *site.Site, ftp *apphost.Element, f *ftpServerSettings) {
	if p := f.Security.CustomAuthorization.Provider; p.Enabled && p.Name != "" {
		v := ftp.Child("security").Child("customAuthorization").Child("provider").Attr("name")
		c.errorf(v.Pos(), sectionSites, "site %q: on Windows the custom authorization provider %q decides instead of the authorization rules; it cannot run here, so the site does not start. Write enabled=\"false\" to let the rules decide", s.Name, p.Name)
	}
}

// doubts warns of what is allowed and hardly meant.
func (c *compiler) doubts(s *site.Site, e *apphost.Element) {
	if v := e.Child("ftpServer").Attr("allowUTF8"); !s.AllowUTF8 && s.Protocol.LegacyCodePage == codepage.UTF8 {
		c.warnf(v.Pos(), sectionSites, "site %q: allowUTF8 is false, but names are UTF-8 as long as ftpHost/protocol names no legacyCodePage, which on Windows was the system's", s.Name)
	}
	if !s.Login.AllowAnonymous && !anyProvider(s.Login.Providers) && s.Login.Certificates == nil {
		c.warnf(e.Pos(), sectionSites, "site %q: no authentication method is enabled, so nobody can log in", s.Name)
	}
}

// folder is a virtual directory and where it is.
type folder struct {
	path     vpath.Path
	physical string
}

// circle warns when a virtual directory shows the folder of one above it, or
// a folder around it: clients that walk the tree would go round.
func (c *compiler) circle(siteName string, above []folder, f folder, pos xmldoc.Pos) {
	for _, a := range above {
		if f.physical == "" || a.physical == "" {
			continue
		}
		if _, under := f.path.Under(a.path); !under || f.path == a.path {
			continue
		}
		if a.physical == f.physical || strings.HasPrefix(a.physical, f.physical+string(filepath.Separator)) {
			c.warnf(pos, sectionSites, "site %q: virtual directory %s shows the folder of %s again; programs that walk the tree go round in a circle",
				siteName, f.path, a.path)
			return
		}
	}
}
