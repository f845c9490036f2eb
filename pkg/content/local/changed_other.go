//go:build !linux

package local

import (
	"io/fs"
	"time"
)

// changeTime is when the content of a file has changed last.
func changeTime(info fs.FileInfo) time.Time { return info.ModTime() }
