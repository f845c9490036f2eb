//go:build !amd64 && !arm64

package local

import "golang.org/x/sys/unix"

// glance looks at the entries of a directory. Here the system may have another
// structure than unix.Stat_t, which only unix.Fstatat knows.
type glance struct{ stat unix.Stat_t }

// at looks at an entry of the directory that fd is, and not at what a link
// leads to. What it returns is valid until the next call.
func (g *glance) at(fd int, name string) (*unix.Stat_t, error) {
	return &g.stat, unix.Fstatat(fd, name, &g.stat, unix.AT_SYMLINK_NOFOLLOW)
}
