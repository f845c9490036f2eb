package source

import "golang.org/x/sys/unix"

// tells reports whether the file system of a folder tells all that happens on
// it; one on another machine does not.
func tells(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && s.Flags&unix.MNT_LOCAL != 0
}
