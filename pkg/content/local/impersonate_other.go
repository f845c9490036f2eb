//go:build !linux

package local

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/ftphost/ftphost/pkg/content"
)

func mayImpersonate() error {
	return fmt.Errorf("%w on %s", errors.ErrUnsupported, runtime.GOOS)
}

func actAs(u *content.OSUser, _ func() error) error { return notImpersonated(u, mayImpersonate()) }
