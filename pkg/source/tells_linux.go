package source

import "golang.org/x/sys/unix"

// tells reports whether the file system of a folder tells all that happens on
// it, which only one can that this machine alone writes to. What is not known
// to does not.
func tells(dir string) bool {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return false
	}
	switch uint32(s.Type) { //nolint:gosec // magic numbers have 32 bits
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC,
		unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.MSDOS_SUPER_MAGIC, exFAT, zfs, bcachefs,
		unix.REISERFS_SUPER_MAGIC, unix.SQUASHFS_MAGIC, unix.ISOFS_SUPER_MAGIC:
		return true
	}
	return false
}

// Numbers of file systems that package unix does not have.
const (
	exFAT    = 0x2011bab0
	zfs      = 0x2fc12fc1
	bcachefs = 0xca451a4e
)
