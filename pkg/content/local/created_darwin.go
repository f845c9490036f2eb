package local

import (
	"errors"
	"syscall"
	"time"
)

func (t *tree) created(real string) (time.Time, error) {
	info, err := t.Stat(real)
	if err != nil {
		return time.Time{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, errors.ErrUnsupported
	}
	return time.Unix(stat.Birthtimespec.Unix()), nil
}
