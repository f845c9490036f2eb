package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Waiting for another process that changes the same file.
const (
	lockWait  = 10 * time.Second
	lockRetry = 20 * time.Millisecond
)

// lockSuffix names the lock file beside the file. It stays there, empty:
// removing it would let two processes lock two different files.
const lockSuffix = ".lock"

// errLocked means that somebody else holds the lock.
var errLocked = errors.New("locked")

// Lock takes the right to change the file at path from all other processes and
// returns how to give it back. It waits for ten seconds at most. The file need
// not exist, but its folder must.
func Lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s", filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	if err := Adopt(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockRetry) {
		err = tryLock(f)
		if err == nil {
			return f.Close, nil // closing releases the lock
		}
		if errors.Is(err, errLocked) && time.Now().Before(deadline) {
			continue
		}
		if errors.Is(err, errLocked) {
			err = fmt.Errorf("%s is being changed by another process for %v; try again when it is done", path, lockWait)
		}
		return nil, errors.Join(err, f.Close())
	}
}
