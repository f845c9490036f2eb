package local

import (
	"io/fs"
	"syscall"
	"time"
)

// changeTime is when anything about a file has changed last. Nobody can set it.
func changeTime(info fs.FileInfo) time.Time {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(stat.Ctim.Unix())
	}
	return info.ModTime()
}
