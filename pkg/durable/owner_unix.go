//go:build unix

package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Adopt gives a file or folder that root made to the owner of its folder, because the
// server that reads it does not run as root. Without the rights of root it does
// nothing.
func Adopt(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	folder, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := os.Chown(path, int(folder.Uid), int(folder.Gid)); err != nil {
		return fmt.Errorf("giving it to the owner of its folder: %w", err)
	}
	return nil
}
