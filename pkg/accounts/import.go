package accounts

import (
	"fmt"
	"slices"

	"github.com/ftphost/ftphost/pkg/auth"
)

// NewUser is an account to be made. Without a password it is made, and cannot
// log in.
type NewUser struct {
	Name, Password, Description string
	Enabled                     bool
}

// NewGroup is a group to be made, and its members.
type NewGroup struct {
	Name    string
	Members []string
}

// Import makes those of the accounts, groups and memberships that are not there
// yet, all of them or none, and returns the names of the accounts it made. What
// is there stays as it is. Members that are no accounts are left out.
func (f *File) Import(users []NewUser, groups []NewGroup) (made []string, err error) {
	there := f.Directory()
	has := map[string]bool{}
	for _, u := range there.Users() {
		has[auth.Fold(u.Name)] = true
	}
	hashes := make(map[string]string, len(users))
	for _, u := range users {
		if err := CheckUserName(u.Name); err != nil {
			return nil, err
		}
		if has[auth.Fold(u.Name)] || u.Password == "" {
			continue
		}
		if hashes[u.Name], err = hashPassword(u.Password); err != nil {
			return nil, fmt.Errorf("user %q: %w", u.Name, err)
		}
	}
	err = f.edit(func(d *draft) error {
		made = nil
		for _, u := range users {
			if _, taken := d.names[auth.Fold(u.Name)]; taken {
				continue
			}
			d.names[auth.Fold(u.Name)] = "user"
			d.append("users", element("add", "name", u.Name, "password", hashes[u.Name],
				"enabled", fmt.Sprint(u.Enabled), "description", u.Description))
			made = append(made, u.Name)
		}
		return d.addGroups(groups)
	})
	return made, err
}

// addGroups makes groups and memberships that are not there.
func (d *draft) addGroups(groups []NewGroup) error {
	for _, g := range groups {
		if err := CheckGroupName(g.Name); err != nil {
			return err
		}
		members := slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return d.names[auth.Fold(m)] != "user" })
		if err := d.addGroup(g.Name, members); err != nil {
			return err
		}
	}
	return nil
}

// addGroup makes one group, or has the members join the one that is there.
func (d *draft) addGroup(name string, members []string) error {
	if d.names[auth.Fold(name)] == "group" {
		for _, m := range members {
			if err := d.join(name, m); err != nil {
				return err
			}
		}
		return nil
	}
	if err := d.free("group", name); err != nil {
		return err
	}
	d.names[auth.Fold(name)] = "group"
	e := element("group", "name", name)
	for _, m := range members {
		e.AddChild(element("add", "user", m))
	}
	d.append("groups", e)
	return nil
}
