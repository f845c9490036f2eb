package cert

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Entry follows the file that a certificate was found in, as long as the
// process lives, through renewals.
type Entry struct {
	file    *file
	current atomic.Pointer[Certificate]
}

// Current is the newest certificate that could be read from the file. It
// looks at the file at most every 100 ms and costs two atomic loads otherwise.
func (e *Entry) Current() *Certificate {
	e.file.look()
	return e.current.Load()
}

// offer takes c when it is for all names that the present certificate is for.
// The problem is what the administrator should know.
func (e *Entry) offer(c *Certificate) (taken bool, problem error) {
	old := e.current.Load()
	if lost := old.missing(c); len(lost) > 0 {
		return false, fmt.Errorf("%s holds another certificate now, %s, which is not for %s; %s stays in use where it is configured. "+
			"If the change is meant, set serverCertHash to %s",
			c.File, c.Thumbprint, strings.Join(lost, ", "), old.Thumbprint, c.Thumbprint)
	}
	e.current.Store(c)
	if old.Thumbprint == c.Thumbprint {
		return true, nil
	}
	return true, fmt.Errorf("%s was renewed: %s takes the place of %s. Set serverCertHash to %s: only that is found after the next start",
		c.File, c.Thumbprint, old.Thumbprint, c.Thumbprint)
}
