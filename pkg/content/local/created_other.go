//go:build !linux && !darwin && !windows

package local

import (
	"errors"
	"time"
)

func (t *tree) created(string) (time.Time, error) { return time.Time{}, errors.ErrUnsupported }
