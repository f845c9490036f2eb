//go:build !linux && !darwin

package source

import "strings"

// tells reports whether the file system of a folder tells all that happens on
// it; shares do not.
func tells(dir string) bool { return !strings.HasPrefix(dir, `\\`) }
