package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/durable"
)

// Errors of edits.
var (
	// ErrExists means that a name is taken.
	ErrExists = errors.New("the name is taken already")
	// ErrNotFound means that there is no user, group or member of that name.
	ErrNotFound = errors.New("there is no such name")
)

// newFileMode keeps the hashes from everybody but the owner.
const newFileMode = 0o600

// newFile is the text of a file that does not exist yet.
const newFile = `<?xml version="1.0" encoding="UTF-8"?>
<!--
    Local users and groups of ftphost. Change them with "ftphost user" and
    "ftphost group", or by hand; a running server follows at the next login.
    Passwords are argon2id hashes: ftphost user passwd NAME makes one.
-->
<configuration>
    <localAccounts>
        <users>
        </users>
        <groups>
        </groups>
    </localAccounts>
</configuration>
`

// AddUser adds an enabled account with the password, as a member of groups
// that exist. It returns an ErrName, ErrPassword, ErrExists or ErrNotFound, or
// an error of the file, and then changes nothing.
func (f *File) AddUser(name, password string, groups ...string) error {
	if err := CheckUserName(name); err != nil {
		return err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return f.edit(func(d *draft) error {
		if err := d.free("user", name); err != nil {
			return err
		}
		d.append("users", element("add", "name", name, "password", hash, "enabled", "true", "description", ""))
		for _, group := range groups {
			if err := d.join(group, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetPassword replaces the password of an account.
func (f *File) SetPassword(name, password string) error {
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return f.setAttr(name, "password", hash)
}

// SetEnabled lets an account log in, or not.
func (f *File) SetEnabled(name string, enabled bool) error {
	return f.setAttr(name, "enabled", fmt.Sprint(enabled))
}

// SetHome sets the home attribute of an account; "" takes it away.
func (f *File) SetHome(name, home string) error {
	return f.setAttr(name, "home", home)
}

func (f *File) setAttr(user, key, value string) error {
	return f.edit(func(d *draft) error {
		e, err := d.user(user)
		if err != nil {
			return err
		}
		d.edit.SetAttr(e, key, value)
		return nil
	})
}

// RemoveUser removes an account and its memberships.
func (f *File) RemoveUser(name string) error {
	return f.edit(func(d *draft) error {
		e, err := d.user(name)
		if err != nil {
			return err
		}
		d.remove(e)
		if groups := d.list("groups"); groups != nil {
			for _, group := range groups.SelectElements("group") {
				d.leave(group, name)
			}
		}
		return nil
	})
}

// AddGroup adds a group without members.
func (f *File) AddGroup(name string) error {
	if err := CheckGroupName(name); err != nil {
		return err
	}
	return f.edit(func(d *draft) error {
		if err := d.free("group", name); err != nil {
			return err
		}
		d.append("groups", element("group", "name", name))
		return nil
	})
}

// RemoveGroup removes a group; its members stay accounts.
func (f *File) RemoveGroup(name string) error {
	return f.edit(func(d *draft) error {
		e, err := d.group(name)
		if err != nil {
			return err
		}
		d.remove(e)
		return nil
	})
}

// Join makes accounts members of a group: all of them, or none and an
// ErrNotFound. One who is a member stays one.
func (f *File) Join(group string, users ...string) error {
	return f.edit(func(d *draft) error {
		for _, user := range users {
			if _, err := d.user(user); err != nil {
				return err
			}
			if err := d.join(group, user); err != nil {
				return err
			}
		}
		return nil
	})
}

// Leave takes accounts out of a group: all of them, or none and an ErrNotFound.
func (f *File) Leave(group string, users ...string) error {
	return f.edit(func(d *draft) error {
		e, err := d.group(group)
		if err != nil {
			return err
		}
		for _, user := range users {
			if !d.leave(e, user) {
				return fmt.Errorf("member %q of group %q: %w", user, group, ErrNotFound)
			}
		}
		return nil
	})
}

// edit changes the file: no other process can at the same time, what somebody
// else wrote before is kept, and a result that could not be read back is not
// written.
func (f *File) edit(change func(*draft) error) (err error) {
	unlock, err := durable.Lock(f.path)
	if err != nil {
		return fmt.Errorf("changing the accounts: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	data, err := os.ReadFile(f.path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if isNew {
		data, err = []byte(newFile), nil
	}
	if err != nil {
		return fmt.Errorf("changing the accounts: %w", err)
	}
	data, err = changed(f.path, data, change)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(f.path, data, newFileMode); err != nil {
		return fmt.Errorf("changing the accounts: %w", err)
	}
	f.lookAgain()
	if isNew {
		return durable.Adopt(f.path)
	}
	return nil
}

// changed returns the text after the change, read back and found good.
func changed(path string, data []byte, change func(*draft) error) ([]byte, error) {
	before := parse(path, data)
	if before.directory == nil {
		return nil, fmt.Errorf("the accounts have errors and are not changed; correct them first: %w", before.problems)
	}
	d := &draft{content: before, edit: before.doc.Edit(), removed: map[*etree.Element]bool{}, joined: map[string]bool{}}
	if err := change(d); err != nil {
		return nil, err
	}
	data, err := d.edit.Apply()
	if err != nil {
		return nil, fmt.Errorf("changing %s: %w", path, err)
	}
	if after := parse(path, data); after.directory == nil {
		return nil, fmt.Errorf("the change would leave %s with errors and is not made: %w", path, after.problems)
	}
	return data, nil
}
