// Package pam answers logins with the accounts of the operating system, as far
// as its pluggable authentication modules (PAM) accept them. Only builds with
// the tag pam and cgo have it; in others New says so.
package pam

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/auth"
)

// ErrNotInBuild means that this program was built without PAM.
var ErrNotInBuild = errors.New("this build of ftphost has no PAM; build one with: make build-pam")

// Settings describe one source of accounts.
type Settings struct {
	// Name is how the log calls the source, and Origin where the configuration
	// names it, see auth.Source.
	Name, Origin string
	// Service is the file in /etc/pam.d that says what is asked.
	Service string
	// Computer is the computer's name, which qualifies every account.
	Computer string
	// Timeout is how long a login may take here.
	Timeout time.Duration
	// MaxConversations bounds the conversations with PAM at once.
	MaxConversations int
	// Verified remembers successful logins for VerifiedLifetime; nil remembers
	// nothing.
	Verified         *auth.VerifyCache
	VerifiedLifetime time.Duration
	// Admit says whether a user of the system can be served with its own rights;
	// nil leaves files to the rights of the server.
	Admit func(*auth.OSUser) error
	// OnProblem hears of each login that the source could not answer; nil is
	// allowed.
	OnProblem func(error)
}

// Provider answers logins by conversations with PAM. It is safe for concurrent
// use.
type Provider struct {
	settings Settings
	slots    chan struct{}
	// converse is the conversation, and account what the system knows of a
	// name; tests have their own.
	converse func(conversation) (name string, err error)
	account  func(name string) (*account, error)
	osUser   func(name string) (*auth.OSUser, error)
}

// conversation is one login as PAM sees it.
type conversation struct {
	service, user, password, remote string
	// proven leaves out the password and asks only whether the account may
	// log in.
	proven bool
}

// account is what the system knows of an account.
type account struct {
	name, home string
	groups     []string
}

// New returns the provider of these settings, or an error that says what is
// wrong with them.
func New(s Settings) (*Provider, error) {
	if !inBuild {
		return nil, ErrNotInBuild
	}
	if s.Service == "" || filepath.Base(s.Service) != s.Service {
		return nil, fmt.Errorf("service %q is not the name of a file in /etc/pam.d", s.Service)
	}
	// PAM would take the file "other" instead, which on many systems lets in
	// whoever has a shell.
	if !configured(s.Service) {
		return nil, fmt.Errorf("service: there is no file /etc/pam.d/%s, which says how PAM proves a password", s.Service)
	}
	return newProvider(s, converse, lookUp), nil
}

func newProvider(s Settings, converse func(conversation) (string, error), lookUp func(string) (*account, error)) *Provider {
	return &Provider{settings: s, slots: make(chan struct{}, max(1, s.MaxConversations)), converse: converse, account: lookUp, osUser: auth.LookUpOSUser}
}

func configured(service string) bool {
	for _, dir := range []string{"/etc/pam.d", "/usr/lib/pam.d"} {
		if _, err := os.Stat(filepath.Join(dir, service)); err == nil {
			return true
		}
	}
	return false
}

// Authenticate returns the principal of the account, with the groups and the
// home that the system has for it.
func (p *Provider) Authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	name, ours := p.parseName(c.User)
	if !ours || c.Password == "" || strings.ContainsRune(c.Password, 0) {
		return nil, auth.ErrLogon
	}
	inner, cancel := context.WithTimeout(ctx, p.settings.Timeout)
	defer cancel()
	principal, err := p.inTime(inner, func() (*auth.Principal, error) {
		return p.login(conversation{service: p.settings.Service, user: name, password: c.Password, remote: c.Remote.String()})
	})
	if err != nil {
		return nil, auth.SourceError(ctx, p.settings.Name, err, p.settings.OnProblem)
	}
	return principal, nil
}

// Find returns the principal of an account of the system, without a word to
// PAM. The errors are those of Authenticate.
func (p *Provider) Find(ctx context.Context, typed string) (*auth.Principal, error) {
	name, ours := p.parseName(typed)
	if !ours {
		return nil, auth.ErrLogon
	}
	inner, cancel := context.WithTimeout(ctx, p.settings.Timeout)
	defer cancel()
	principal, err := p.inTime(inner, func() (*auth.Principal, error) { return p.principal(name) })
	var unknown user.UnknownUserError
	switch {
	case errors.As(err, &unknown):
		return nil, auth.ErrLogon
	case err != nil:
		return nil, auth.SourceError(ctx, p.settings.Name, err, p.settings.OnProblem)
	}
	return principal, nil
}

// Source is the provider as people see it.
func (p *Provider) Source() auth.Source {
	return auth.Source{
		Name: "accounts of the machine", Origin: p.settings.Origin,
		Unasked: "whether PAM takes the password, and what the account rules of its service " + p.settings.Service + " say, is not asked",
	}
}

// inTime runs a login for as long as ctx allows. A module that hangs cannot be
// ended: its conversation goes on alone and keeps its place, so that there are
// never more of them than places.
func (p *Provider) inTime(ctx context.Context, login func() (*auth.Principal, error)) (*auth.Principal, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("all %d conversations are busy", cap(p.slots))
	}
	type answer struct {
		principal *auth.Principal
		err       error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-p.slots }()
		principal, err := login()
		answers <- answer{principal, err}
	}()
	select {
	case a := <-answers:
		return a.principal, a.err
	case <-ctx.Done():
		return nil, errors.New("no answer in time")
	}
}

// login proves the password, from memory or by PAM. Whether the account may
// log in is asked each time.
func (p *Provider) login(c conversation) (*auth.Principal, error) {
	var name string
	var err error
	ok := p.settings.Verified.Verify("pam "+p.settings.Name+"\x00"+c.service+"\x00"+c.user, c.password, p.settings.VerifiedLifetime, func() bool {
		name, err = p.converse(c)
		return err == nil
	})
	if ok && name == "" {
		c.proven = true
		name, err = p.converse(c)
	}
	if err != nil {
		return nil, err
	}
	principal, err := p.principal(name)
	if err != nil {
		return nil, fmt.Errorf("PAM accepts %q, but %w", name, err)
	}
	if u := principal.OSUser(); u != nil {
		if err := p.settings.Admit(u); err != nil {
			return nil, fmt.Errorf("account %s: %w", principal.QualifiedName(), err)
		}
	}
	return principal, nil
}

// principal is who the system says that an account is, whether or not it can be
// served as its user.
func (p *Provider) principal(name string) (*auth.Principal, error) {
	a, err := p.account(name)
	if err != nil {
		return nil, err
	}
	principal := auth.NewPrincipal(p.settings.Computer, a.name, a.groups).WithHome(a.home)
	if p.settings.Admit == nil {
		return principal, nil
	}
	u, err := p.osUser(a.name)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", principal.QualifiedName(), err)
	}
	return principal.WithOSUser(u), nil
}

// longestName is more than any system has.
const longestName = 256

// parseName takes the computer's name off. Other domains stay: modules such as
// winbind and SSSD know them.
func (p *Provider) parseName(typed string) (string, bool) {
	if typed == "" || !utf8.ValidString(typed) || len(typed) > longestName || strings.ContainsFunc(typed, unicode.IsControl) {
		return "", false
	}
	name := typed
	if i := strings.IndexAny(typed, `\/`); i >= 0 && p.isComputer(typed[:i]) {
		name = typed[i+1:]
	} else if i := strings.LastIndexByte(typed, '@'); i >= 0 && p.isComputer(typed[i+1:]) {
		name = typed[:i]
	}
	return name, name != "" && !strings.ContainsAny(name, "/:")
}

func (p *Provider) isComputer(typed string) bool {
	return typed == "." || strings.EqualFold(typed, "localhost") || typed != "" && strings.EqualFold(typed, p.settings.Computer)
}

// lookUp asks the system for an account. A group that has no name can be in no
// rule; any other that cannot be read may be the one a rule denies.
func lookUp(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("the system does not say who %q is: %w", name, err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("reading the groups of %q: %w", name, err)
	}
	a := &account{name: u.Username, home: u.HomeDir}
	for _, id := range ids {
		g, err := user.LookupGroupId(id)
		var unknown user.UnknownGroupIdError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the groups of %q: %w", name, err)
		}
		a.groups = append(a.groups, g.Name)
	}
	return a, nil
}
