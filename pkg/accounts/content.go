package accounts

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// Names in the file, as the schema declares them.
const (
	section    = "localAccounts"
	schemaFile = "FTPHOST_schema.xml"
)

// content is one state of the file, read and judged.
type content struct {
	doc       *xmldoc.Document
	directory *local.Directory // nil when problems has errors
	problems  apphost.ErrorList

	names map[string]string // folded name → what has it
}

// parse reads the text of an accounts file.
func parse(path string, data []byte) *content {
	c := &content{names: map[string]string{}}
	doc, err := xmldoc.Parse(path, data)
	if err != nil {
		c.problems = fileError(path, err)
		return c
	}
	c.doc = doc
	definitions, err := definitionsOf(schema.FS, schemaFile)
	if err != nil {
		c.problems = fileError(path, err)
		return c
	}
	cfg, problems := apphost.Load(definitions, doc)
	c.problems = problems
	if cfg == nil {
		return c
	}
	root := cfg.Section(section, "")
	users := c.users(root.Child("users").Entries())
	groups := c.groups(root.Child("groups").Entries(), users)
	c.problems.Sort()
	if c.problems.Errors() == 0 {
		c.directory = local.NewDirectory(users, groups)
	}
	return c
}

// definitionsOf is the schema that one document declares.
func definitionsOf(files fs.FS, name string) (*apphost.Schema, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	doc, err := xmldoc.Parse(name, data)
	if err != nil {
		return nil, err
	}
	return apphost.ParseSchema(doc)
}

func (c *content) users(entries []*apphost.Element) []local.User {
	var users []local.User
	for _, e := range entries {
		name, hash := e.Attr("name"), e.Attr("password")
		if err := CheckUserName(name.Text); err != nil {
			c.add(name.Pos(), false, err)
		}
		c.claim(name, "user")
		switch err := local.CheckHash(hash.Text); {
		case hash.Text == "":
			c.add(e.Pos(), true, fmt.Errorf("user %q has no password and cannot log in; give one with: ftphost user passwd %s", name.Text, name.Text))
		case err != nil:
			c.add(hash.Pos(), false, fmt.Errorf("the password of user %q is %w; give one with: ftphost user passwd %s", name.Text, err, name.Text))
		}
		users = append(users, local.User{
			Name: name.Text, Hash: hash.Text, Enabled: e.Attr("enabled").Bool(), Description: e.Attr("description").Text,
			Home: e.Attr("home").Text,
		})
	}
	return users
}

func (c *content) groups(entries []*apphost.Element, users []local.User) []local.Group {
	known := map[string]bool{}
	for _, u := range users {
		known[auth.Fold(u.Name)] = true
	}
	var groups []local.Group
	for _, e := range entries {
		name := e.Attr("name")
		if err := CheckGroupName(name.Text); err != nil {
			c.add(name.Pos(), false, err)
		}
		c.claim(name, "group")
		g := local.Group{Name: name.Text}
		for _, member := range e.Entries() {
			user := member.Attr("user")
			if !known[auth.Fold(user.Text)] {
				c.add(user.Pos(), true, fmt.Errorf("group %q names %q, and there is no such user", name.Text, user.Text))
			}
			g.Members = append(g.Members, user.Text)
		}
		groups = append(groups, g)
	}
	return groups
}

// claim notes that a name is taken; as on Windows it is so for users and
// groups alike, in any case.
func (c *content) claim(name apphost.Value, what string) {
	key := auth.Fold(name.Text)
	if holder, taken := c.names[key]; taken {
		c.add(name.Pos(), false, fmt.Errorf("%s %q: %w by a %s", what, name.Text, ErrExists, holder))
		return
	}
	c.names[key] = what
}

func (c *content) add(pos xmldoc.Pos, warning bool, err error) {
	c.problems = append(c.problems, &apphost.Error{Pos: pos, Section: section, Msg: err.Error(), Warning: warning, Err: err})
}

// fileError puts an error of reading or parsing the file into the list form.
func fileError(path string, err error) apphost.ErrorList {
	var list apphost.ErrorList
	if errors.As(err, &list) {
		return list
	}
	var syntax *xmldoc.Error
	if errors.As(err, &syntax) {
		return apphost.ErrorList{{Pos: syntax.Pos, Msg: syntax.Msg, Err: err}}
	}
	return apphost.ErrorList{{Pos: xmldoc.Pos{File: path}, Msg: "cannot be read: " + err.Error(), Err: err}}
}
