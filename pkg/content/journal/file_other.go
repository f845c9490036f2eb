//go:build !linux

package journal

import (
	"context"
	"errors"

	"github.com/ftphost/ftphost/pkg/content"
)

// Journal is there on Linux only.
type Journal struct{}

// Open returns errors.ErrUnsupported.
func Open(string, func(error)) (*Journal, Left, error) { return nil, Left{}, errors.ErrUnsupported }

// Run does nothing.
func (*Journal) Run(context.Context) {}

// Expect returns None.
func (*Journal) Expect(content.Place) int { return None }

// Mark does nothing.
func (*Journal) Mark(int, content.FileID) {}

// Clear does nothing.
func (*Journal) Clear(int) {}

// Missed returns 0.
func (*Journal) Missed() uint64 { return 0 }

// Close does nothing.
func (*Journal) Close() error { return nil }
