package compile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
)

func TestWindowsPath(t *testing.T) {
	for _, test := range []struct {
		path, root string
		below      []string
		ok         bool
	}{
		{`C:\`, `C:\`, nil, true},
		{`c:/inetpub//ftproot`, `c:\`, []string{"inetpub", "ftproot"}, true},
		{`\\files\ftp\a\b`, `\\files\ftp`, []string{"a", "b"}, true},
		{`\\\\files\\ftp\\a`, `\\files\ftp`, []string{"a"}, true},
		{`C:ftp`, "", nil, false},
		{`\\files`, "", nil, false},
		{`C:\a\..\b`, "", nil, false},
		{`/srv/ftp`, "", nil, false},
		{``, "", nil, false},
	} {
		root, below, ok := compile.WindowsPath(test.path)
		if root != test.root || !slices.Equal(below, test.below) || ok != test.ok {
			t.Errorf("%s: %q %q %v", test.path, root, below, ok)
		}
	}
}

func TestExpandVariables(t *testing.T) {
	got, err := compile.ExpandVariables(`%systemdrive%\%Drop%\x`, map[string]string{"DROP": "in"})
	if err != nil || got != `C:\in\x` {
		t.Errorf("%q: %v", got, err)
	}
	if _, err := compile.ExpandVariables(`%NONE%\x`, nil); err == nil || !strings.Contains(err.Error(), "%NONE% has no value here") {
		t.Errorf("a variable that nobody knows: %v", err)
	}
}
