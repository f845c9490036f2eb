package vfs

import (
	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Request is what a command asks of a path.
type Request uint8

// The requests. The zero Request asks nothing.
const (
	Enter Request = iota + 1
	Stat
	List
	Open
	Create
	Remove
	MakeDirectory
	RemoveDirectory
	Rename
	SetAttributes
)

func (r Request) checked() request {
	return [...]request{
		0, enterRequest, statRequest, listRequest, openRequest, createRequest, removeRequest,
		mkdirRequest, rmdirRequest, renameRequest, attributeRequest,
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
	rules := v.namespace.settings.Access
	t := Trace{Permission: asked.permission()}
	t.Filtered = rules.Filter(p).Check(p, asked&namesFile != 0)
	t.Rule = rules.Decide(v.principal, p, t.Permission)
	at, err := v.check(p, asked)
	if err != nil {
		t.Err = err
		return t
	}
	if t.Info, t.Found = at.stat(); t.Found == nil && !t.Info.Dir {
		t.Filtered = v.asFile(p)
		t.Err = t.Filtered
	}
	if t.Err == nil && !r.Writes() {
		t.Err = v.look(p, r)
	}
	return t
}

// look does what only reads.
func (v *View) look(p vpath.Path, r Request) error {
	switch r {
	case Open:
		file, _, err := v.Open(p)
		if err != nil {
			return err
		}
		return file.Close()
	case List, Enter:
		return v.Enter(p)
	default:
		_, err := v.Stat(p)
		return err
	}
}
