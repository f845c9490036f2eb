// Package content says what a content store can do: the tree of files behind
// a virtual directory. It knows neither accounts nor virtual paths.
package content

import (
	"io"
	"io/fs"
	"time"
)

// Info is what a listing or a question about one file tells.
type Info struct {
	// Name is the last component in the store's own spelling; "." for the root.
	Name string
	// Size is in bytes; 0 for directories.
	Size int64
	// ModTime is the time of the last change.
	ModTime time.Time
	// Dir marks a directory, or a link to one.
	Dir bool
	// ReadOnly means that the owner may not write the file.
	ReadOnly bool
	// Hidden is the Windows attribute. A leading dot does not hide a name.
	Hidden bool
	// ID is what the system calls the file; zero when it does not tell.
	ID FileID
	// Mode are the UNIX permissions, 0 when there are none.
	Mode fs.FileMode
	// Created is set by Open when it made the file.
	Created bool
}

// FileID is the same for all names of one file, and for no two files at once.
type FileID struct {
	// Volume is the number of the file system, Number that of the file on it.
	Volume, Number uint64
}

// Mode is what a file is opened for.
type Mode int

// The ways to open a file.
const (
	// Read opens an existing file for reading.
	Read Mode = iota
	// Replace creates the file, or empties the one that is there.
	Replace
	// Append creates the file, or continues at its end.
	Append
	// Resume creates the file, or writes into it without emptying it; the
	// caller seeks to where it wants to go on.
	Resume
)

// File is an open file. The caller closes it. *os.File is one, and stores that
// have an *os.File return it unwrapped: kernel copying depends on it.
type File interface {
	io.ReadWriteSeeker
	io.Closer
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
}

// Selection is what a listing has to tell; the zero value is everything.
type Selection struct {
	// Wanted reports whether an entry of this name is to be told of; nil wants
	// all. Nothing else is asked about the others.
	Wanted func(name string) bool
	// NamesOnly means that Name and Hidden are enough, so that the files need
	// not be looked at.
	NamesOnly bool
}

// Store is one tree of files. Names are relative to its root with slashes,
// "." is the root itself; they are found as Windows would find them: the exact
// name first, then without regard to case and to trailing dots and spaces.
// New names are kept as written, less trailing dots and spaces. No name leads
// outside the store. Errors are those of this package and of io/fs. A store is
// safe for concurrent use.
type Store interface { //nolint:interfacebloat // every store can do all of it
	// Stat tells about one file or directory, following links.
	Stat(name string) (Info, error)
	// List calls each for the entries of the directory that sel selects; it
	// stops at the first error and returns it. The order is that of Windows
	// (vpath.Compare), except in a directory of more names than the store wants
	// to hold in memory: such a one comes in the store's own order, as it is
	// read. An entry that vanishes meanwhile is left out.
	List(name string, sel Selection, each func(Info) error) error
	// Open opens a regular file and tells about it as it was opened.
	Open(name string, mode Mode) (File, Info, error)
	// Mkdir makes one directory.
	Mkdir(name string) error
	// Rmdir removes an empty directory.
	Rmdir(name string) error
	// Remove removes a file.
	Remove(name string) error
	// Rename moves a file or directory. An existing file at to is replaced if
	// replace says so; changing only the case of a name always works.
	Rename(from, to string, replace bool) error
	// SetModTime sets the time of the last change.
	SetModTime(name string, t time.Time) error
	// Identity returns one spelling per file, the same for all names that mean
	// it, whether it exists already or not. It is compared, never opened.
	Identity(name string) string
}

// Divisible is a Store whose folders can each be a store of their own, which
// nothing leads out of: not a name, and not a link inside.
type Divisible interface {
	// Sub returns the store of a folder. It need not exist before it is used.
	Sub(name string) Store
}

// Locator is a Store whose files another process can find again.
type Locator interface {
	// Locate returns where a name leads.
	Locate(name string) Place
}

// Place is where another process finds a file, and as whom.
type Place struct {
	// Folder is an absolute path.
	Folder string
	// Name is a name below it, which a store of that folder finds.
	Name string
	// User is as whom the store is looked at; nil for the process itself.
	User *OSUser
}

// Unfinished is a file that a process was writing when it came to a sudden end.
type Unfinished struct {
	Place
	// ID is what the system calls it; zero when the process was about to make it.
	ID FileID
	// Since is when the process began with it, and Until when that was last
	// seen alive.
	Since, Until time.Time
}

// SpaceReporter is a Store that knows its free space.
type SpaceReporter interface {
	// AvailableBytes returns the bytes a user may still write in the directory.
	AvailableBytes(name string) (int64, error)
}

// CreationReporter is a Store that knows when a file was created.
type CreationReporter interface {
	// Created returns the time; the error is errors.ErrUnsupported where the
	// file system keeps none.
	Created(name string) (time.Time, error)
}

// CreationSetter is a Store that can change when a file was created.
type CreationSetter interface {
	SetCreated(name string, t time.Time) error
}

// ModeSetter is a Store whose files have UNIX permissions, or some of them.
type ModeSetter interface {
	// SetMode sets the permission bits of a file or directory.
	SetMode(name string, mode fs.FileMode) error
}
