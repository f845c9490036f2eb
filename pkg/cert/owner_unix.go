//go:build unix

package cert

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// adopt gives what root made to the owner of the folder above, because the
// server that reads it does not run as root.
func adopt(path string) error {
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
