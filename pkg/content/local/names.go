package local

import (
	"runtime"
	"strings"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// checkPath refuses names that no file of the store can have, whether it
// exists or not: paths that are not clean, control characters, segments of
// nothing but dots and spaces (on Windows they mean the directory itself),
// and on Windows colons, which name streams.
func checkPath(op, name string) error {
	if name == "." {
		return nil
	}
	for segment := range strings.SplitSeq(name, "/") {
		var kind error
		switch {
		case strings.Trim(segment, ". ") == "", strings.ContainsRune(segment, '\\'), strings.ContainsFunc(segment, control):
			kind = content.ErrInvalidName
		case runtime.GOOS == "windows" && strings.ContainsRune(segment, ':'):
			kind = content.ErrInvalidParameter
		}
		if kind != nil {
			return &content.Error{Op: op, Name: name, Kind: kind}
		}
	}
	return nil
}

func control(r rune) bool { return r < ' ' }

// illegal returns the error of a segment that Windows does not allow, or nil.
// On other systems such files may exist and are then served; only making them
// is refused, and asking for one that is missing gets this answer.
func illegal(segment string) error {
	switch {
	case strings.ContainsRune(segment, ':'):
		return content.ErrInvalidParameter
	case strings.ContainsAny(segment, `<>"|?*`), vpath.IsDevice(segment):
		return content.ErrInvalidName
	}
	return nil
}

// newName returns the name a new file gets: as written, less trailing dots
// and spaces.
func newName(op, name, base string) (string, error) {
	base = strings.TrimRight(base, ". ")
	if kind := illegal(base); kind != nil {
		return "", &content.Error{Op: op, Name: name, Kind: kind}
	}
	return base, nil
}

// mayBeShort reports whether name may be an 8.3 alias, by which Windows would
// open a file under a name that no rule was written for. Such names count only
// when a directory really has them.
func mayBeShort(name string) bool {
	return runtime.GOOS == "windows" && strings.ContainsRune(name, '~')
}
