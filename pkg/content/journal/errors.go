package journal

import "errors"

// ErrTaken means that another process has the journal.
var ErrTaken = errors.New("another process has it")
