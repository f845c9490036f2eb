package content

import "errors"

// What may be wrong with a name or a file, beside fs.ErrNotExist (the last
// component is missing), fs.ErrExist and fs.ErrPermission. A store's errors
// are *Error values that match one of these and also the cause, so that test
// these before those of io/fs: a missing intermediate directory matches
// ErrPathNotFound and, through its cause, fs.ErrNotExist too.
var (
	// ErrPathNotFound means that an intermediate directory is missing.
	ErrPathNotFound = errors.New("an intermediate directory does not exist")
	// ErrNotDirectory means that a file is where a directory is needed.
	ErrNotDirectory = errors.New("not a directory")
	// ErrIsDirectory means that a directory is where a file is needed.
	ErrIsDirectory = errors.New("is a directory")
	// ErrNotRegular means a pipe, socket or device, which are never opened
	// (sub-status 13).
	ErrNotRegular = errors.New("neither a regular file nor a directory")
	// ErrInvalidName means a name that Windows does not allow.
	ErrInvalidName = errors.New("the name is not allowed")
	// ErrInvalidParameter means a colon in a name.
	ErrInvalidParameter = errors.New("a name cannot contain a colon")
	// ErrDirectoryNotEmpty means that a directory to be removed has entries.
	ErrDirectoryNotEmpty = errors.New("the directory is not empty")
	// ErrInUse means that the file is being uploaded or is locked.
	ErrInUse = errors.New("the file is in use")
	// ErrCrossDevice means a move to another store or volume.
	ErrCrossDevice = errors.New("cannot move to another volume")
	// ErrReadOnlyStore means that nothing can be written there.
	ErrReadOnlyStore = errors.New("the file system is read-only")
	// ErrNoSpace means that the disk or the quota is full.
	ErrNoSpace = errors.New("no space left")
	// ErrNameTooLong means that a name or path is too long.
	ErrNameTooLong = errors.New("the name is too long")
	// ErrChanged means that a file is not the one it was, or was changed since.
	ErrChanged = errors.New("it was changed or replaced since")
)

// Error is a failed operation of a store.
type Error struct {
	// Op is what was tried, such as "open".
	Op string
	// Name is the name within the store.
	Name string
	// Kind is one of the errors above or of io/fs; nil when none fits.
	Kind error
	// Err is the cause; nil when the store itself refused.
	Err error
}

// Error returns the operation, the name and what went wrong.
func (e *Error) Error() string {
	s := e.Op + " " + e.Name
	if e.Kind != nil {
		s += ": " + e.Kind.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range [...]error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
