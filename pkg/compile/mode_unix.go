//go:build !windows

package compile

import "io/fs"

// othersMayRead reports whether a file is open to more than its owner.
func othersMayRead(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
