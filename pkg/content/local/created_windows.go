package local

import (
	"errors"
	"os"
	"syscall"
	"time"
)

func (t *tree) created(real string) (time.Time, error) {
	info, err := t.Stat(real)
	if err != nil {
		return time.Time{}, err
	}
	data, ok := info.Sys().(*syscall.Win32FileAttributeData)
	if !ok {
		return time.Time{}, errors.ErrUnsupported
	}
	return time.Unix(0, data.CreationTime.Nanoseconds()), nil
}

// SetCreated sets when a file was created. Only Windows can: elsewhere the
// time of creation cannot be changed.
func (s *Store) SetCreated(name string, created time.Time) error {
	return s.at("set creation of", name, func(t *tree, real string) error {
		file, err := t.OpenFile(real, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		conn, err := file.SyscallConn()
		if err != nil {
			return err
		}
		at := syscall.NsecToFiletime(created.UnixNano())
		var setErr error
		err = conn.Control(func(fd uintptr) { setErr = syscall.SetFileTime(syscall.Handle(fd), &at, nil, nil) })
		return errors.Join(err, setErr)
	})
}
