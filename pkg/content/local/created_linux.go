package local

import (
	"errors"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// created asks the directory for one of its entries, so that the file itself
// need not be opened. A link answers for itself.
func (t *tree) created(real string) (time.Time, error) {
	dir, err := t.OpenFile(path.Dir(real), os.O_RDONLY|openDirectory, 0)
	if err != nil {
		return time.Time{}, err
	}
	defer dir.Close()
	conn, err := dir.SyscallConn()
	if err != nil {
		return time.Time{}, err
	}
	var stat unix.Statx_t
	var statErr error
	err = conn.Control(func(fd uintptr) {
		statErr = unix.Statx(int(fd), path.Base(real), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &stat) //nolint:gosec // a descriptor is an int
	})
	if err == nil {
		err = statErr
	}
	switch {
	case errors.Is(err, unix.ENOSYS), err == nil && stat.Mask&unix.STATX_BTIME == 0:
		return time.Time{}, errors.ErrUnsupported
	case err != nil:
		return time.Time{}, err
	}
	return time.Unix(stat.Btime.Sec, int64(stat.Btime.Nsec)), nil
}
