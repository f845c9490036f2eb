package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// Sections of administration.config, and where they are declared.
const (
	sectionUsers         = "system.webServer/management/authentication"
	sectionPermissions   = "system.webServer/management/authorization"
	administrationSchema = "administration/ADMINISTRATION_schema.xml"
)

// Administration is a file with IIS Manager users as IIS writes it. It is only
// read. It is safe for concurrent use, and other processes may change the file
// at any time.
type Administration struct {
	// OnError, if set before the first use, is told that the file cannot be
	// used, once for each state of the file. The users stay as they were.
	OnError func(error)

	follower[iismanager.Directory]
}

// OpenAdministration returns the file at path, which need not exist. Nothing is
// read before the users are asked for.
func OpenAdministration(path string) *Administration {
	return &Administration{follower: follow(path, iismanager.NewDirectory(nil, nil), LoadAdministration)}
}

// Directory returns the users and permissions as the file has them now, or had
// them some milliseconds ago, in the way of File.
func (a *Administration) Directory() *iismanager.Directory { return a.now(a.OnError) }

// LoadAdministration reads the file at path and tells everything that is wrong
// or doubtful in it. The directory is nil when anything is wrong, and empty
// when there is no file.
func LoadAdministration(path string) (*iismanager.Directory, apphost.ErrorList) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return iismanager.NewDirectory(nil, nil), nil
	case err != nil:
		return nil, fileError(path, err)
	}
	return ParseAdministration(path, data)
}

// ParseAdministration is LoadAdministration for a file that was read; path is
// for messages.
func ParseAdministration(path string, data []byte) (*iismanager.Directory, apphost.ErrorList) {
	doc, err := xmldoc.Parse(path, data)
	if err != nil {
		return nil, fileError(path, err)
	}
	definitions, err := definitionsOf(schema.FS, administrationSchema)
	if err != nil {
		return nil, fileError(path, err)
	}
	cfg, problems := apphost.Load(definitions, doc)
	if cfg == nil {
		return nil, problems
	}
	m := &managers{problems: problems, known: map[string]bool{}}
	m.readUsers(cfg.Section(sectionUsers, "").Child("credentials").Entries())
	m.readScopes(cfg.Section(sectionPermissions, "").Child("authorizationRules").Entries())
	m.problems.Sort()
	return iismanager.NewDirectory(m.users, m.scopes), m.problems
}

// managers is one state of the file as far as it is read.
type managers struct {
	users    []iismanager.User
	scopes   []iismanager.Scope
	known    map[string]bool // folded names
	problems apphost.ErrorList
}

// readUsers reads the users. One with a password that is of no use is not a
// reason to keep all others out.
func (m *managers) readUsers(entries []*apphost.Element) {
	for _, e := range entries {
		name, hash := e.Attr("name").Text, e.Attr("password")
		if err := iismanager.CheckHash(hash.Text); err != nil {
			m.warn(hash.Pos(), sectionUsers, "the password of user %q is %v; the user cannot log in", name, err)
		}
		m.known[auth.Fold(name)] = true
		m.users = append(m.users, iismanager.User{Name: name, Hash: hash.Text, Enabled: e.Attr("enabled").Bool()})
	}
}

// readScopes reads the permissions. Those of roles and of Windows accounts are
// about logins to IIS Manager that are none here.
func (m *managers) readScopes(entries []*apphost.Element) {
	for _, e := range entries {
		s := iismanager.Scope{Path: e.Attr("path").Text}
		if !strings.HasPrefix(s.Path, "/") {
			m.warn(e.Attr("path").Pos(), sectionPermissions, `path %q does not begin with "/", so that it is no site's; write "/%s"`, s.Path, s.Path)
		}
		for _, member := range e.Entries() {
			name := member.Attr("name")
			if member.Attr("isRole").Bool() || strings.Contains(name.Text, `\`) {
				continue
			}
			if !m.known[auth.Fold(name.Text)] {
				m.warn(name.Pos(), sectionPermissions, "%q has permission for %s and is no IIS Manager user of this file", name.Text, s.Path)
			}
			s.Users = append(s.Users, name.Text)
		}
		m.scopes = append(m.scopes, s)
	}
}

func (m *managers) warn(pos xmldoc.Pos, section, format string, args ...any) {
	m.problems = append(m.problems, &apphost.Error{Pos: pos, Section: section, Msg: fmt.Sprintf(format, args...), Warning: true})
}
