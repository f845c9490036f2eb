package migrate

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/durable"
)

// Modes of what run makes: the configuration may have passwords in clear text,
// accounts have hashes.
const (
	secretMode = 0o600
	configMode = 0o640
	folderMode = 0o750
)

// Options say how Run works.
type Options struct {
	// Home is the folder to build.
	Home string
	// DryRun says what would be done and does nothing.
	DryRun bool
	// Passwords says that enabled accounts get passwords that are made up;
	// otherwise they are made disabled, without one.
	Passwords bool
}

// ErrForeign means that a home has another configuration than the one to be
// migrated.
var ErrForeign = errors.New("the home has a configuration that did not come from this migration")

// ErrRefused means that the applicationHost.config has errors for which IIS
// would refuse it as a whole.
var ErrRefused = errors.New("nothing is built, since the file has errors; correct the copy and run again")

// Password is what was made up for an account.
type Password struct{ Name, Password string }

// Run builds a home from the plan, and tells each step on talk. What is there
// already stays as it is, so that a second run changes nothing. The passwords it
// returns are nowhere else. The error is ErrForeign or ErrRefused, or says what failed; what
// was done before that stays, and another run goes on.
func (p *Plan) Run(o Options, talk io.Writer) ([]Password, error) {
	if p.cfg == nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, p.refused)
	}
	b := &builder{plan: p, options: o, home: compile.NewHome(o.Home), talk: talk}
	if err := b.foreign(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{b.folders, b.ownFile, b.copies, b.certificates, b.people} {
		if err := step(); err != nil {
			return b.passwords, err
		}
	}
	// Last, because a home counts as made when this file is there.
	return b.passwords, b.write(b.home.Config, p.text, configMode)
}

type builder struct {
	plan      *Plan
	options   Options
	home      compile.Home
	talk      io.Writer
	passwords []Password
}

// foreign refuses a home that is somebody else's.
func (b *builder) foreign() error {
	for _, file := range []struct {
		path string
		text []byte
	}{{b.home.Config, b.plan.text}, {b.home.Own(), b.plan.ownFile()}} {
		there, err := os.ReadFile(file.path)
		switch {
		case err == nil && bytes.Equal(there, file.text):
			if file.path == b.home.Config {
				return nil // ours; what was changed beside it since is kept
			}
		case err == nil:
			return fmt.Errorf("%w: %s differs; choose another --home, move that file away first, or continue there by hand", ErrForeign, file.path)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

func (b *builder) say(format string, args ...any) {
	if b.options.DryRun {
		format = "would " + format
	}
	fmt.Fprintf(b.talk, format+"\n", args...)
}

func (b *builder) folders() error {
	folders := []string{b.home.Dir}
	for _, r := range b.plan.roots {
		folders = append(folders, in(b.home.Dir, filepath.FromSlash(r.to)))
	}
	for _, f := range b.plan.folders {
		folders = append(folders, in(b.home.Dir, f))
	}
	for _, folder := range folders {
		if _, err := os.Stat(folder); err == nil {
			continue
		}
		b.say("make the folder %s", folder)
		if b.options.DryRun {
			continue
		}
		if err := makeFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes a folder and those above it, for the owner of the first that
// is there.
func makeFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := makeFolder(filepath.Dir(folder)); err != nil {
		return err
	}
	if err := os.Mkdir(folder, folderMode); err != nil {
		return err
	}
	return durable.Adopt(folder)
}

// ownFile writes ftphost.config, unless somebody changed it.
func (b *builder) ownFile() error {
	there, err := os.ReadFile(b.home.Own())
	if err == nil && !bytes.Equal(there, b.plan.ownFile()) {
		fmt.Fprintf(b.talk, "%s has been changed and is kept as it is\n", b.home.Own())
		return nil
	}
	return b.write(b.home.Own(), b.plan.ownFile(), configMode)
}

func (b *builder) copies() error {
	for _, c := range b.plan.copies(b.home) {
		data, err := os.ReadFile(c.from)
		if err != nil {
			return err
		}
		there, err := os.ReadFile(c.to)
		if err == nil && !bytes.Equal(there, data) {
			fmt.Fprintf(b.talk, "%s is there already, differs and is kept as it is\n", c.to)
			continue
		}
		if err := b.write(c.to, data, secretMode); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file of the home unless it is there.
func (b *builder) write(path string, data []byte, mode fs.FileMode) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, data) {
		return nil
	}
	b.say("write %s", path)
	if b.options.DryRun {
		return nil
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := durable.WriteFile(path, data, mode); err != nil {
		return err
	}
	return durable.Adopt(path)
}

func (b *builder) certificates() error {
	stores := cert.Open(b.home.Certificates())
	for _, c := range b.plan.certificates {
		if _, err := stores.Find(c.store, c.thumbprint); err == nil {
			continue
		}
		b.say("put the certificate %s of %s into the store %s", c.thumbprint, c.file, c.store)
		if b.options.DryRun {
			continue
		}
		if _, err := stores.Import(c.store, c.file, nil); err != nil {
			return err
		}
	}
	return nil
}

// people makes the accounts and groups that are not there.
func (b *builder) people() error {
	file := accounts.Open(b.home.Accounts())
	users, groups := b.missing(file)
	if len(users)+len(groups) == 0 {
		return nil
	}
	for i := range users {
		u := &users[i]
		state := "disabled"
		switch {
		case u.Enabled && b.options.Passwords:
			state = "with a password that is made up"
		case u.Enabled:
			u.Enabled = false
			state = "disabled, until it has a password: ftphost user passwd " + u.Name + " and ftphost user enable " + u.Name
		default:
			state += ", as on Windows"
		}
		b.say("make the account %s, %s", u.Name, state)
	}
	for _, g := range groups {
		b.say("make the group %s, with: %s", g.Name, named(g.Members))
	}
	if b.options.DryRun {
		return nil
	}
	for i := range users {
		if !users[i].Enabled {
			continue
		}
		password, err := accounts.GeneratePassword()
		if err != nil {
			return err
		}
		users[i].Password = password
		b.passwords = append(b.passwords, Password{users[i].Name, password})
	}
	_, err := file.Import(users, groups)
	if err != nil {
		b.passwords = nil
	}
	return err
}

// missing are the accounts and groups of the plan that a file has not. Groups
// that are there stay as they are.
func (b *builder) missing(file *accounts.File) (users []accounts.NewUser, groups []accounts.NewGroup) {
	there := file.Directory()
	known := map[string]bool{}
	for _, u := range there.Users() {
		known[auth.Fold(u.Name)] = true
	}
	for _, person := range b.plan.accounts {
		if !known[auth.Fold(person.Name)] {
			users = append(users, accounts.NewUser{Name: person.Name, Enabled: person.Enabled, Description: person.Description})
		}
	}
	for _, g := range b.plan.newGroups() {
		has := slices.ContainsFunc(there.Groups(), func(x local.Group) bool { return auth.Fold(x.Name) == auth.Fold(g.Name) })
		if !has {
			g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return !b.plan.isMade(m) })
			groups = append(groups, g)
		}
	}
	return users, groups
}

// WritePasswords writes passwords as CSV, for whoever has to hand them out.
func WritePasswords(w io.Writer, passwords []Password) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"Name", "Password"}) // Error has it
	for _, p := range passwords {
		_ = out.Write([]string{p.Name, p.Password})
	}
	out.Flush()
	return out.Error()
}
