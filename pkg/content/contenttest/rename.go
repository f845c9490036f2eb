package contenttest

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
)

func testRename(t *testing.T, s content.Store) {
	mkdir(t, s, "Dir", "Other")
	Write(t, s, "a.txt", "a")
	Write(t, s, "b.txt", "b")
	for _, c := range []struct {
		from, to string
		replace  bool
		want     error
		names    []string
	}{
		{"a.txt", "B.TXT", false, fs.ErrExist, []string{"a.txt", "b.txt", "Dir", "Other"}},
		{"a.txt", "DIR", true, fs.ErrPermission, []string{"a.txt", "b.txt", "Dir", "Other"}},
		{"a.txt", "dir", false, fs.ErrExist, []string{"a.txt", "b.txt", "Dir", "Other"}},
		{"Dir", "b.txt", true, fs.ErrPermission, []string{"a.txt", "b.txt", "Dir", "Other"}},
		{"Dir", "other", true, fs.ErrPermission, []string{"a.txt", "b.txt", "Dir", "Other"}},
		{"a.txt", "A.TXT", false, nil, []string{"A.TXT", "b.txt", "Dir", "Other"}},
		{"a.txt", "A.TXT", false, nil, []string{"A.TXT", "b.txt", "Dir", "Other"}},
		{"dir", "DIR. ", false, nil, []string{"A.TXT", "b.txt", "DIR", "Other"}},
		{"a.txt", "c.txt. ", false, nil, []string{"b.txt", "c.txt", "DIR", "Other"}},
		{"C.txt", "B.txt", true, nil, []string{"b.txt", "DIR", "Other"}},
		{"b.txt", "dir/Moved.txt", false, nil, []string{"DIR", "Other"}},
		{"dir", "other/Dir", false, nil, []string{"Other"}},
	} {
		err := s.Rename(c.from, c.to, c.replace)
		if c.want == nil && err != nil {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
		if c.want != nil {
			check(t, c.from+" to "+c.to, err, c.want)
		}
		if got := Names(t, s, "."); !slices.Equal(got, c.names) {
			t.Errorf("%s to %s left %q, want %q", c.from, c.to, got, c.names)
		}
	}
	if got := Text(t, s, "OTHER/DIR/MOVED.TXT"); got != "a" {
		t.Errorf("the moved file has %q", got)
	}
	if err := s.Rename("Other", "Other/Dir/x", false); err == nil {
		t.Error("a directory was moved into itself")
	}
}
