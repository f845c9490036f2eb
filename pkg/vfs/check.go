package vfs

import (
	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// request is what one operation asks of a path.
type request struct {
	// permission is what the principal needs there.
	permission access.Permission
	// file says that the path names a file, so that its extension counts.
	file bool
}

// The requests of all operations. Which permission a command needs is written
// down nowhere; these are the natural ones, and every rename counts at both
// names. Whether extensions count is known for operations on files; those
// that may meet a directory ask again as a file once they know, see asFile.
var (
	enterRequest   = request{permission: access.Read}
	statRequest    = request{permission: access.Read}
	listRequest    = request{permission: access.Read}
	openRequest    = request{permission: access.Read, file: true}
	createRequest  = request{permission: access.Write, file: true}
	removeRequest  = request{permission: access.Write, file: true}
	mkdirRequest   = request{permission: access.Write}
	rmdirRequest   = request{permission: access.Write}
	renameRequest  = request{permission: access.Write}
	setTimeRequest = request{permission: access.Write}
)

// check is the one order in which every operation is checked: request
// filtering, authorization, namespace; what it returns may then be asked of
// the store. The order is IIS's as far as it is known.
func (v *View) check(p vpath.Path, r request) (place, error) {
	rules := v.namespace.settings.Access
	if err := rules.Filter(p).Check(p, r.file); err != nil {
		return place{}, err
	}
	if err := rules.Authorize(v.principal, p, r.permission); err != nil {
		return place{}, err
	}
	at := v.namespace.locate(p)
	if r.permission == access.Write && at.directory != nil {
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
	return v.namespace.settings.Access.Filter(p).Check(p, true)
}
