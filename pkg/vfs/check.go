package vfs

import (
	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// request is what one operation asks of a path.
type request uint8

const (
	// needsRead and needsWrite are the permission asked for.
	needsRead request = 1 << iota
	needsWrite
	// namesFile says that the path names a file, so that its extension counts.
	namesFile
)

// The requests of all operations. Which permission a command needs is written
// down nowhere; these are the natural ones, and a rename counts at both names.
// Operations that may meet a directory as well as a file check the extension
// once they know, see asFile.
const (
	enterRequest     = needsRead
	statRequest      = needsRead
	listRequest      = needsRead
	openRequest      = needsRead | namesFile
	createRequest    = needsWrite | namesFile
	removeRequest    = needsWrite | namesFile
	mkdirRequest     = needsWrite
	rmdirRequest     = needsWrite
	renameRequest    = needsWrite
	attributeRequest = needsWrite
)

func (r request) permission() access.Permission {
	if r&needsWrite != 0 {
		return access.Write
	}
	return access.Read
}

// check is the one order in which every operation is checked: request
// filtering, client address, authorization, namespace; what it returns may then
// be asked of the store. The order is IIS's as far as it is known.
func (v *View) check(p vpath.Path, r request) (place, error) {
	if v.refused != nil {
		return place{}, v.refused
	}
	rules, written := v.namespace.settings.Access, v.written(p)
	if err := rules.Filter(written).Check(p, r&namesFile != 0); err != nil {
		return place{}, err
	}
	if err := rules.Admit(v.client, written); err != nil {
		return place{}, err
	}
	if err := rules.Authorize(v.principal, written, r.permission()); err != nil {
		return place{}, err
	}
	at := v.home.root.locate(p)
	if r&needsWrite != 0 && at.directory != nil {
		// A directory that is only on the way to a virtual one is part of the
		// configuration too, and no more to be changed by a client.
		return place{}, &access.Denied{
			SubStatus: access.SubStatusVirtualDirectoryRoot,
			Reason:    string(p) + " is the root of a virtual directory",
		}
	}
	return at, nil
}

// asFile checks the extension of p, once it is known to be a file.
func (v *View) asFile(p vpath.Path) error {
	return v.namespace.settings.Access.Filter(v.written(p)).Check(p, true)
}
