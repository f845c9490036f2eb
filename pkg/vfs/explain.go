package vfs

import (
	"io/fs"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Request is what a command asks of a path.
type Request uint8

// The requests. The zero Request asks nothing.
const (
	Enter Request = iota + 1
	// Stat is about a file or a directory, StatFile about a file.
	Stat
	StatFile
	List
	Open
	Create
	Remove
	MakeDirectory
	RemoveDirectory
	// Rename is about a name that is there, RenameTo about the new one.
	Rename
	RenameTo
	SetAttributes
)

func (r Request) checked() request {
	return [...]request{
		0, enterRequest, statRequest, statRequest, listRequest, openRequest, createRequest, removeRequest,
		mkdirRequest, rmdirRequest, renameRequest, renameRequest, attributeRequest,
	}[r]
}

// Writes reports whether the request changes something.
func (r Request) Writes() bool { return r.checked()&needsWrite != 0 }

// Trace tells how a request is decided, step by step, without doing anything.
type Trace struct {
	// Filtered is the refusal of the request filter; nil when it lets the path
	// through.
	Filtered error
	// Permission is what is asked for, Rule what the authorization rules say of
	// it.
	Permission access.Permission
	Rule       access.Decision
	// Info is what is there, as far as the file system tells; it is asked only
	// when nothing refused before.
	Info  content.Info
	Found error
	// Err is the refusal of all that comes before the file system, or what that
	// would answer to reading. Whether it lets something be written is not tried.
	Err error
}

// Explain tells what would come of a request.
func (v *View) Explain(p vpath.Path, r Request) Trace {
	asked := r.checked()
	rules, written := v.namespace.settings.Access, v.written(p)
	t := Trace{Permission: asked.permission()}
	t.Filtered = rules.Filter(written).Check(p, asked&namesFile != 0)
	t.Rule = rules.Decide(v.principal, written, t.Permission)
	at, err := v.check(p, asked)
	if err != nil {
		t.Err = err
		return t
	}
	if t.Info, t.Found = at.stat(); t.Found == nil && !t.Info.Dir {
		t.Filtered = v.asFile(p)
		t.Err = t.Filtered
	}
	if t.Err == nil {
		t.Err = v.look(p, r, &t)
	}
	return t
}

// Judge tells what the configuration alone says of a request, for those who ask
// about files that need not be here: the file system is not asked, and Info and
// Found stay empty. file says that p is known to be a file, so that its
// extension counts whatever is asked.
func (v *View) Judge(p vpath.Path, r Request, file bool) Trace {
	asked := r.checked()
	if file {
		asked |= namesFile
	}
	t := Trace{Permission: asked.permission()}
	t.Rule = v.namespace.settings.Access.Decide(v.principal, v.written(p), t.Permission)
	_, t.Err = v.check(p, asked)
	return t
}

// look does what only reads, and tells what is there that has to be or must not
// be.
func (v *View) look(p vpath.Path, r Request, t *Trace) error {
	there, isDirectory := t.Found == nil, t.Found == nil && t.Info.Dir
	wrong := func(kind error) error { return &content.Error{Op: "look at", Name: string(p), Kind: kind} }
	switch r {
	case Open:
		file, _, err := v.Open(p)
		if err != nil {
			return err
		}
		return file.Close()
	case Enter:
		return v.Enter(p)
	case Remove, StatFile:
		if isDirectory {
			return wrong(content.ErrIsDirectory)
		}
		return t.Found
	case Create:
		if isDirectory {
			return wrong(content.ErrIsDirectory)
		}
	case RemoveDirectory:
		if there && !isDirectory {
			return wrong(content.ErrNotDirectory)
		}
		return t.Found
	case MakeDirectory:
		if there {
			return wrong(fs.ErrExist)
		}
	case List:
		if isDirectory {
			return v.Enter(p)
		}
		return t.Found
	case Stat, Rename, SetAttributes:
		return t.Found
	case RenameTo: // whether it may be there depends on more
	}
	return nil
}
