package source

import (
	"errors"

	"golang.org/x/sys/unix"
)

// advice says what to do about an error.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return "; raise the limit with: sysctl fs.inotify.max_user_watches=524288"
	case errors.Is(err, unix.EMFILE):
		return "; raise the limit with: sysctl fs.inotify.max_user_instances=1024"
	}
	return ""
}
