package source

import (
	"io/fs"
	"syscall"
)

// stamp tells two states of a file apart without reading it, nearly always.
type stamp struct {
	size, modified, changed int64
	device, inode           uint64
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), modified: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.changed = st.Ctim.Nano()
		s.device, s.inode = uint64(st.Dev), st.Ino //nolint:unconvert // not of this type on every processor
	}
	return s
}
