package local

import (
	"errors"
	"io/fs"
)

// kindOf returns the error of content or io/fs that err is, or nil.
func kindOf(err error) error {
	for _, m := range systemErrors() {
		if errors.Is(err, m.system) {
			return m.kind
		}
	}
	for _, kind := range [...]error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}

// meaning is what an error of the operating system means to a client.
type meaning struct {
	system error
	kind   error
}
