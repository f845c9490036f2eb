package local

import (
	"io/fs"
	"os"
	"path"
)

// stat is Root.Stat by way of a directory that is kept open. What lies behind
// a link, or is not there, is left to the root: such a directory knows nothing
// of what is above it, and may have been removed.
func (t *tree) stat(real string) (fs.FileInfo, error) {
	dir, base := path.Dir(real), path.Base(real)
	if k := t.recent.visit(t, dir); k != nil {
		if info, err := k.Lstat(base); err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return info, nil
		}
	}
	return t.Stat(real)
}

// openToRead is Root.OpenFile in the same way. A link that a kept directory
// can follow leads to the same file from the root.
func (t *tree) openToRead(real string) (*os.File, error) {
	dir, base := path.Dir(real), path.Base(real)
	if k := t.recent.visit(t, dir); k != nil {
		if file, err := k.OpenFile(base, os.O_RDONLY|openFlags, 0); err == nil {
			return file, nil
		}
	}
	return t.OpenFile(real, os.O_RDONLY|openFlags, 0)
}

// openToWrite opens or makes a file of a directory that was found to be fresh.
// Nothing is written into a directory that was moved, so that one that is kept
// open has to be the very one that stands there.
func (d *directory) openToWrite(t *tree, base string, flags int) (*os.File, error) {
	flags |= os.O_WRONLY | openFlags
	if k := t.recent.visit(t, d.dir); k != nil && os.SameFile(k.info, d.seen) {
		if file, err := k.OpenFile(base, flags, newFileMode); err == nil {
			return file, nil
		}
	}
	return t.OpenFile(path.Join(d.dir, base), flags, newFileMode)
}
