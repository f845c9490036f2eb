package vfs

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// IsolationMode says where a principal's part of a site is, with IIS's numbers
// (userIsolation/@mode).
type IsolationMode int

// The modes. None is the absence of an Isolation.
const (
	// StartInUsersDirectory shows all of the site and starts in /name.
	StartInUsersDirectory IsolationMode = iota
	// IsolateRootDirectoryOnly shows the physical home, and in it the virtual
	// directories of the site's root.
	IsolateRootDirectoryOnly
	// ActiveDirectory is Custom for accounts of a directory.
	ActiveDirectory
	// IsolateAllDirectories shows the home, physical or virtual, and the
	// virtual directories below it.
	IsolateAllDirectories
	// Unisolated shows all of the site.
	Unisolated
	// Custom shows the folder that the source of accounts names.
	Custom
)

// Isolation is what a Namespace needs to know to give principals homes.
type Isolation struct {
	Mode IsolationMode
	// Computer is the name of this computer: its accounts have their homes in
	// LocalUser, those of a domain in the folder of the domain.
	Computer string
	// Basic says that passwords of accounts are taken, which ActiveDirectory
	// needs.
	Basic bool
	// Open returns the store of a home attribute, see auth.Principal.Home.
	Open func(home string) (content.Store, error)
}

// LocalUsers is the directory that holds the homes of this computer's accounts.
const LocalUsers vpath.Path = "/" + localUsers

// Names of folders that have a meaning.
const (
	localUsers   = "LocalUser"
	publicHome   = "Public"
	publicFolder = "default"
)

// HomeError means that a principal has no home that could be shown.
type HomeError struct {
	// SubStatus is one of access's.
	SubStatus int
	// Account says that the kind of account is refused, rather than its home.
	Account bool
	// Folder is the folder to create, "" when that would not help.
	Folder string
	// Reason says what is wrong, for the log.
	Reason string
}

// Error returns the reason.
func (e *HomeError) Error() string { return e.Reason }

func noHome(reason string) *HomeError {
	return &HomeError{SubStatus: access.SubStatusHomeDirectory, Reason: reason}
}

// homePath returns where the home of p is below the site's root, as it is for
// the two modes that look for it there.
func (i *Isolation) homePath(p *auth.Principal) (vpath.Path, *HomeError) {
	domain, name := localUsers, p.Name()
	switch {
	case p.Anonymous():
		name = publicHome
	case !i.local(p):
		domain = p.Domain()
		if vpath.EqualFold(domain, localUsers) {
			return "", noHome("the domain " + domain + " has the name of the folder of this computer's users")
		}
	}
	for _, segment := range [...]string{domain, name} {
		if !namesFolder(segment) {
			return "", noHome("the account " + p.QualifiedName() + " has a name that no folder can have, so it has no home")
		}
	}
	return vpath.Root.Join(domain).Join(name), nil
}

// local reports whether p is an account of this computer.
func (i *Isolation) local(p *auth.Principal) bool {
	return p.Domain() == "" || strings.EqualFold(p.Domain(), i.Computer)
}

// namesFolder reports whether name, which a source of accounts spells as it
// likes, is the plain name of one folder. It is strict: what Windows or this
// system reads as a path, a drive, a stream, a device or another name is not.
func namesFolder(name string) bool {
	return utf8.ValidString(name) && strings.Trim(name, ". ") != "" &&
		strings.TrimRight(name, ". ") == name && strings.TrimLeft(name, " ") == name &&
		!strings.ContainsAny(name, `/\:*?"<>|`) && !strings.ContainsFunc(name, unicode.IsControl) &&
		!vpath.IsDevice(name)
}
