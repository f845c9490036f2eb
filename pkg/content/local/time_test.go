package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// TestSetModTimeSetsWhatItCan: years that cannot be handed over are refused,
// not set to something else.
func TestSetModTimeSetsWhatItCan(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := local.New(dir)
	for year, good := range map[int]bool{1: false, 1600: false, 1970: true, 1700: true, 2106: true, 2200: true, 2300: false, 9999: false} {
		before, err := s.Stat("f")
		if err != nil {
			t.Fatal(err)
		}
		want := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		err = s.SetModTime("f", want)
		if (err == nil) != good || err != nil && !errors.Is(err, content.ErrInvalidParameter) {
			t.Errorf("year %d: %v", year, err)
		}
		after, err := s.Stat("f")
		if err != nil {
			t.Fatal(err)
		}
		if !good && !after.ModTime.Equal(before.ModTime) {
			t.Errorf("year %d: refused, and the time is %v", year, after.ModTime)
		}
	}
}
