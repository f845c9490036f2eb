package vfs

import (
	"errors"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// Mkdir makes one directory.
func (v *View) Mkdir(p vpath.Path) error {
	at, err := v.check(p, mkdirRequest)
	if err != nil {
		return err
	}
	return at.store.Mkdir(at.name)
}

// Rmdir removes an empty directory.
func (v *View) Rmdir(p vpath.Path) error {
	at, err := v.check(p, rmdirRequest)
	if err != nil {
		return err
	}
	return at.store.Rmdir(at.name)
}

// Remove removes a file.
func (v *View) Remove(p vpath.Path) error {
	at, err := v.check(p, removeRequest)
	if err != nil {
		return err
	}
	release := v.namespace.settings.Uploads.hold(at)
	if release == nil {
		return inUse("remove", p)
	}
	defer release()
	return at.store.Remove(at.name)
}

// CheckRename returns nil when from exists and may be renamed (RNFR).
func (v *View) CheckRename(from vpath.Path) error {
	at, err := v.check(from, renameRequest)
	if err != nil {
		return err
	}
	if _, err := v.statAsFile(at); err != nil {
		return err
	}
	if v.namespace.settings.Uploads.writing(at) {
		return inUse("rename", from)
	}
	return nil
}

// statAsFile tells about a place and checks its extension if it is a file.
func (v *View) statAsFile(at place) (content.Info, error) {
	info, err := at.store.Stat(at.name)
	if err == nil && !info.Dir {
		err = v.asFile(at.path)
	}
	return info, err
}

// Rename moves a file or directory within its virtual directory. Both names
// are checked; an existing file is replaced only where that is allowed.
func (v *View) Rename(from, to vpath.Path) error {
	source, err := v.check(from, renameRequest)
	if err != nil {
		return err
	}
	target, err := v.check(to, renameRequest)
	if err != nil {
		return err
	}
	info, err := v.statAsFile(source)
	if err == nil && !info.Dir {
		err = v.asFile(to)
	}
	if err != nil {
		return err
	}
	if source.store != target.store {
		return &content.Error{Op: "rename", Name: string(from), Kind: content.ErrCrossDevice}
	}
	release, err := v.holdBoth(source, target, info.Dir)
	if err != nil {
		return err
	}
	defer release()
	return source.store.Rename(source.name, target.name, v.namespace.settings.AllowReplaceOnRename)
}

// holdBoth takes both names of a rename, which are one when only the case
// changes, and makes sure that no upload is running in a directory that moves.
func (v *View) holdBoth(source, target place, dir bool) (release func(), err error) {
	uploads := v.namespace.settings.Uploads
	releaseSource := uploads.hold(source)
	if releaseSource == nil {
		return nil, inUse("rename", source.path)
	}
	if dir && uploads.below(source) {
		releaseSource()
		return nil, inUse("rename", source.path)
	}
	if source.store.Identity(source.name) == target.store.Identity(target.name) {
		return releaseSource, nil
	}
	releaseTarget := uploads.hold(target)
	if releaseTarget == nil {
		releaseSource()
		return nil, inUse("rename", target.path)
	}
	return func() { releaseTarget(); releaseSource() }, nil
}

// SetModTime sets the time of the last change.
func (v *View) SetModTime(p vpath.Path, t time.Time) error {
	at, err := v.toChange(p)
	if err != nil {
		return err
	}
	return at.store.SetModTime(at.name, t)
}

func notDirectory(err error) bool { return errors.Is(err, content.ErrNotDirectory) }
