package contenttest

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
)

func testErrors(t *testing.T, s content.Store) {
	mkdir(t, s, "dir", "full", "full/sub")
	Write(t, s, "file", "x")
	open := func(name string, mode content.Mode) error {
		f, _, err := s.Open(name, mode)
		if err == nil {
			f.Close()
		}
		return err
	}
	stat := func(name string) error { _, err := s.Stat(name); return err }
	list := func(name string) error {
		return s.List(name, content.Selection{}, func(content.Info) error { return nil })
	}
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"read missing", open("none", content.Read), fs.ErrNotExist},
		{"read in missing", open("none/x", content.Read), content.ErrPathNotFound},
		{"read below file", open("file/x", content.Read), content.ErrPathNotFound},
		{"read directory", open("dir", content.Read), content.ErrIsDirectory},
		{"read root", open(".", content.Read), content.ErrIsDirectory},
		{"create in missing", open("none/x", content.Replace), content.ErrPathNotFound},
		{"create in missing of missing", open("none/none/x", content.Append), content.ErrPathNotFound},
		{"create below file", open("file/x", content.Resume), content.ErrPathNotFound},
		{"create over directory", open("DIR", content.Replace), content.ErrIsDirectory},
		{"create too long", open(long, content.Replace), content.ErrNameTooLong},
		{"read too long", open(long, content.Read), content.ErrNameTooLong},
		{"stat missing", stat("none"), fs.ErrNotExist},
		{"stat in missing", stat("none/x"), content.ErrPathNotFound},
		{"stat below file", stat("file/x"), content.ErrPathNotFound},
		{"list missing", list("none"), fs.ErrNotExist},
		{"list in missing", list("none/x"), content.ErrPathNotFound},
		{"list file", list("file"), content.ErrNotDirectory},
		{"mkdir existing", s.Mkdir("dir"), fs.ErrExist},
		{"mkdir existing in another case", s.Mkdir("DIR."), fs.ErrExist},
		{"mkdir over file", s.Mkdir("File"), fs.ErrExist},
		{"mkdir root", s.Mkdir("."), fs.ErrExist},
		{"mkdir in missing", s.Mkdir("a/b/c"), content.ErrPathNotFound},
		{"mkdir below file", s.Mkdir("file/x"), content.ErrPathNotFound},
		{"mkdir too long", s.Mkdir(long), content.ErrNameTooLong},
		{"rmdir missing", s.Rmdir("none"), fs.ErrNotExist},
		{"rmdir in missing", s.Rmdir("none/x"), content.ErrPathNotFound},
		{"rmdir file", s.Rmdir("file"), content.ErrNotDirectory},
		{"rmdir full", s.Rmdir("full"), content.ErrDirectoryNotEmpty},
		{"rmdir root", s.Rmdir("."), fs.ErrPermission},
		{"remove missing", s.Remove("none"), fs.ErrNotExist},
		{"remove in missing", s.Remove("none/x"), content.ErrPathNotFound},
		{"remove directory", s.Remove("dir"), content.ErrIsDirectory},
		{"remove root", s.Remove("."), fs.ErrPermission},
		{"rename missing", s.Rename("none", "x", false), fs.ErrNotExist},
		{"rename to missing", s.Rename("file", "none/x", false), content.ErrPathNotFound},
		{"rename root", s.Rename(".", "x", false), fs.ErrPermission},
		{"rename to root", s.Rename("file", ".", true), fs.ErrPermission},
		{"rename too long", s.Rename("file", long, false), content.ErrNameTooLong},
		{"set time of missing", s.SetModTime("none", time.Now()), fs.ErrNotExist},
		{"set time in missing", s.SetModTime("none/x", time.Now()), content.ErrPathNotFound},
	} {
		check(t, c.what, c.err, c.want)
	}
}
