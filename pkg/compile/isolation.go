package compile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	localfiles "github.com/ftphost/ftphost/pkg/content/local"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// isolation reads userIsolation; nil shows the whole site to everybody.
func (c *compiler) isolation(f *ftpServerSettings) *vfs.Isolation {
	mode := vfs.IsolationMode(f.UserIsolation.Mode)
	if mode == vfs.Unisolated {
		return nil
	}
	return &vfs.Isolation{
		Mode: mode, Computer: c.parts.ComputerName, Basic: f.Security.Authentication.Basic.Enabled,
		Open: c.paths.store,
	}
}

// store returns the store of a home attribute. A folder of the very name may be
// a link to anywhere, as that of a virtual directory; otherwise the folder is
// found in any case, as its name was written for Windows.
func (m *pathMap) store(home string) (content.Store, error) {
	base, rest, err := m.split(home)
	if err != nil {
		return nil, err
	}
	exact := localfiles.New(filepath.Join(append([]string{base}, rest...)...))
	if len(rest) == 0 || !errors.Is(exact.Check(), fs.ErrNotExist) {
		return exact, nil
	}
	return localfiles.New(base).Sub(path.Join(rest...)), nil
}

// isolationDoubts warns of users that could log in but for their homes.
func (c *compiler) isolationDoubts(s *site.Site, ftp *apphost.Element, f *ftpServerSettings) {
	v := ftp.Child("userIsolation").Attr("mode")
	switch mode := vfs.IsolationMode(f.UserIsolation.Mode); {
	case mode == vfs.Unisolated, mode == vfs.StartInUsersDirectory:
		return
	case mode == vfs.ActiveDirectory && !f.Security.Authentication.Basic.Enabled:
		c.warnf(v.Pos(), sectionSites, "site %q: userIsolation ActiveDirectory needs basicAuthentication, which is off, so nobody can log in", s.Name)
		return
	case mode != vfs.IsolateAllDirectories:
		c.unseenLocations(s, v.Text)
	}
	var without homeless
	if s.Login.AllowAnonymous {
		without.ask(s, "anonymous users", auth.Anonymous())
	}
	if len(s.Login.Providers) > 0 && c.localAsked && c.parts.Accounts != nil {
		if directory := c.parts.Accounts(); directory != nil {
			for _, u := range directory.Users() {
				if u.Enabled {
					p, err := c.osUsers.Of(auth.NewPrincipal(c.parts.ComputerName, u.Name, directory.GroupsOf(u.Name)).WithHome(u.Home))
					if err == nil { // else told already
						without.ask(s, u.Name, p)
					}
				}
			}
		}
	}
	for _, line := range without.lines() {
		c.warnf(v.Pos(), sectionSites, "site %q: with userIsolation %s %s", s.Name, v.Text, line)
	}
}

// unseenLocations warns of rules for paths that no user can name: written for
// the folders of homes, they are meant for IsolateAllDirectories.
func (c *compiler) unseenLocations(s *site.Site, mode string) {
	for _, section := range [...]string{sectionAuthorization, sectionRequestFiltering, sectionIPSecurity} {
		for _, l := range c.cfg.Locations(section, s.Name) {
			if _, below := vpath.Clean(l.Path).Under(vfs.LocalUsers); below {
				c.warnf(l.Element.Pos(), section, "site %q: the location %s%s has no effect: with userIsolation %s paths are those that users see, without the way to their homes",
					s.Name, s.Name, l.Path, mode)
			}
		}
	}
}

// mostHomeless is how many users without a home are named; a warning for each
// of thousands would hide all others.
const mostHomeless = 10

// homeless are users that the rules let in and that have no home.
type homeless struct {
	said  []string
	total int
}

// ask logs in as the server would, without a password.
func (h *homeless) ask(s *site.Site, name string, p *auth.Principal) {
	_, err := s.Root.View(p, access.Anywhere()).Start()
	var none *vfs.HomeError
	if !errors.As(err, &none) {
		return
	}
	h.total++
	if h.total > mostHomeless {
		return
	}
	line := fmt.Sprintf("%s cannot log in: %s", name, none.Reason)
	if none.Folder != "" {
		line = fmt.Sprintf("%s cannot log in: there is no folder %s; create it", name, none.Folder)
	}
	h.said = append(h.said, line)
}

func (h *homeless) lines() []string {
	if more := h.total - len(h.said); more > 0 {
		return append(h.said, fmt.Sprintf("%d more users cannot log in, for want of a home", more))
	}
	return h.said
}
