package local_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/contenttest"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// Two users that no system has, and a group that both may be in.
const (
	aliceID  = 154321
	bobID    = 154322
	sharedID = 154400
)

func alice(groups ...uint32) content.OSUser {
	return content.OSUser{Name: "alice", UID: aliceID, GID: aliceID, Groups: groups}
}

func bob(groups ...uint32) content.OSUser {
	return content.OSUser{Name: "bob", UID: bobID, GID: bobID, Groups: groups}
}

// needRoot skips what only root can try. CI runs as root.
func needRoot(tb testing.TB) {
	tb.Helper()
	if err := local.MayImpersonate(); err != nil || os.Geteuid() != 0 {
		tb.Skipf("NOT TESTED: acting as another user needs root: %v", err)
	}
}

// publicDir is a folder that everybody can reach.
func publicDir(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// planted is one file or, with a slash at its end, folder.
type planted struct {
	name     string
	uid, gid int
	mode     uint32 // as chmod(2) takes it
}

func plant(tb testing.TB, dir string, entries ...planted) {
	tb.Helper()
	for _, e := range entries {
		path := filepath.Join(dir, filepath.FromSlash(e.name))
		var err error
		if strings.HasSuffix(e.name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(e.name), 0o600)
		}
		if err = errors.Join(err, os.Chown(path, e.uid, e.gid), syscall.Chmod(path, e.mode)); err != nil {
			tb.Fatal(err)
		}
	}
}

// ownerOf tells whose a file is.
func ownerOf(tb testing.TB, path string) (uid, gid uint32) {
	tb.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		tb.Error(err)
		return 0, 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		tb.Fatal("no owner")
	}
	return stat.Uid, stat.Gid
}

// checkThreads makes sure that every thread is the process again, with all it
// had.
func checkThreads(tb testing.TB) {
	tb.Helper()
	want, uid := identityLines(tb, "/proc/self/status"), os.Getuid()
	if ids := fmt.Sprintf("Uid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid); !strings.Contains(want, ids) {
		tb.Errorf("the first thread is\n%s", want)
	}
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(tasks) == 0 {
		tb.Fatalf("no threads: %v", err)
	}
	for _, task := range tasks {
		if got := identityLines(tb, task); got != "" && got != want {
			tb.Errorf("%s is\n%s\nwant\n%s", task, got, want)
		}
	}
}

// identityLines are the lines of a status file that say with which rights a
// thread runs; "" when the thread is gone.
func identityLines(tb testing.TB, path string) string {
	tb.Helper()
	status, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return ""
	}
	if err != nil {
		tb.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Split(string(status), "\n"), func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return !slices.Contains([]string{"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb"}, name)
	})
	return strings.Join(lines, "\n")
}

// The user has all that a store can do, in a folder of its own.
func TestImpersonatedStore(t *testing.T) {
	needRoot(t)
	defer checkThreads(t)
	contenttest.TestStore(t, func(t *testing.T) content.Store {
		dir := publicDir(t)
		plant(t, dir, planted{"/", aliceID, aliceID, 0o700})
		return local.New(dir).As(alice())
	})
}

// tried are the operations, each with a name that may be refused.
func tried(s *local.Store, name string) map[string]error {
	errs := map[string]error{}
	_, errs["stat"] = s.Stat(name)
	errs["list"] = s.List(name, content.Selection{}, func(content.Info) error { return nil })
	for verb, mode := range map[string]content.Mode{"read": content.Read, "append": content.Append} {
		var f content.File
		if f, _, errs[verb] = s.Open(name, mode); errs[verb] == nil {
			f.Close()
		}
	}
	f, _, err := s.Open(name+"/new", content.Replace)
	if errs["create in"] = err; err == nil {
		f.Close()
		errs["remove in"] = s.Remove(name + "/new")
	}
	errs["mkdir in"] = s.Mkdir(name + "/folder")
	errs["rmdir in"] = s.Rmdir(name + "/folder")
	errs["time"] = s.SetModTime(name, time.Unix(1e9, 0))
	errs["mode"] = s.SetMode(name, 0o755)
	_, errs["created"] = s.Created(name)
	_, errs["space"] = s.AvailableBytes(name)
	return errs
}

func TestImpersonatedRights(t *testing.T) {
	needRoot(t)
	defer checkThreads(t)
	dir := publicDir(t)
	plant(t, dir,
		planted{"bobs/", bobID, bobID, 0o700}, planted{"bobs/secret", bobID, bobID, 0o666}, planted{"bobs/in/", bobID, bobID, 0o777},
		planted{"seen/", bobID, bobID, 0o755}, planted{"seen/secret", bobID, bobID, 0o600}, planted{"seen/text", bobID, bobID, 0o644},
		planted{"named/", bobID, bobID, 0o711}, planted{"named/Text", bobID, bobID, 0o644},
		planted{"box/", bobID, bobID, 0o733},
		planted{"team/", bobID, sharedID, 0o2770}, planted{"team/text", bobID, sharedID, 0o640},
		planted{"roots/", 0, 0, 0o700}, planted{"roots/text", 0, 0, 0o644},
	)
	s := local.New(dir)
	denied := fs.ErrPermission
	for _, c := range []struct {
		as      content.OSUser
		name    string
		refused string // the operations that are
		want    error
	}{
		{alice(), "bobs", "list, read, append, create in, mkdir in, rmdir in, time, mode, space", denied},
		{alice(), "bobs/secret", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{alice(), "bobs/in", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{alice(), "BOBS/IN", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{alice(), "seen/secret", "list, read, append, create in, mkdir in, rmdir in, time, mode, space", nil},
		{alice(), "team/text", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{alice(sharedID), "team/text", "list, append, create in, mkdir in, rmdir in, time, mode, space", nil},
		{alice(sharedID), "team", "read, append, time, mode", nil},
		// os.Root opens every folder on the way, so that it has to be readable.
		{alice(), "named/Text", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{alice(), "box", "list, read, append, create in, mkdir in, rmdir in, time, mode, space", denied},
		{alice(0), "roots/text", "stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", denied},
		{bob(), "bobs", "read, append", nil},
	} {
		got := tried(s.As(c.as).(*local.Store), c.name) //nolint:forcetypeassert // it is one
		var refused []string
		for _, verb := range strings.Split("stat, list, read, append, create in, mkdir in, rmdir in, time, mode, created, space", ", ") {
			if got[verb] == nil {
				continue
			}
			refused = append(refused, verb)
			if c.want != nil && !errors.Is(got[verb], c.want) && !(verb == "read" || verb == "append") {
				t.Errorf("%s (%v): %s %s: %v, want %v", c.as, c.as.Groups, verb, c.name, got[verb], c.want)
			}
		}
		if strings.Join(refused, ", ") != c.refused {
			t.Errorf("%s (%v) in %s: refused %s\nwant %s\n%v", c.as, c.as.Groups, c.name, strings.Join(refused, ", "), c.refused, got)
		}
	}
}

// What is made belongs to the user, in a folder with a group of its own to that
// group, and the user's further groups count.
func TestImpersonatedOwner(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"free/", 0, 0, 0o1777}, planted{"team/", bobID, sharedID, 0o2770})
	s := local.New(dir).As(alice(aliceID, sharedID))
	for folder, group := range map[string]uint32{"free": aliceID, "team": sharedID} {
		f, info, err := s.Open(folder+"/file", content.Replace)
		if err != nil {
			t.Fatal(err)
		}
		// Data needs no rights: the descriptor has them.
		_, err = io.WriteString(f, "text")
		if err = errors.Join(err, f.Close(), s.Mkdir(folder+"/dir"), s.Rename(folder+"/file", folder+"/dir/moved", false)); err != nil || !info.Created {
			t.Fatal(err, info)
		}
		for _, name := range []string{"dir", "dir/moved"} {
			if uid, gid := ownerOf(t, filepath.Join(dir, folder, name)); uid != aliceID || gid != group {
				t.Errorf("%s/%s belongs to %d:%d, want %d:%d", folder, name, uid, gid, aliceID, group)
			}
		}
	}
	// In a sticky folder bob moves and removes nothing of alice.
	b := local.New(dir).As(bob())
	for what, err := range map[string]error{"rename": b.Rename("free/dir", "free/mine", false), "rmdir": b.Rmdir("free/dir")} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Nothing that a store has learnt or keeps open by other rights helps a user,
// and rights that were taken away are gone soon.
func TestImpersonatedCaches(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"deep/", 0, 0, 0o700}, planted{"deep/in/", 0, 0, 0o755}, planted{"deep/in/Text", 0, 0, 0o644},
		planted{"lent/", aliceID, aliceID, 0o700}, planted{"lent/in/", aliceID, aliceID, 0o755}, planted{"lent/in/Text", aliceID, aliceID, 0o644})
	root := local.New(dir)
	a := root.As(alice())
	b := root.Sub("LENT").(content.Impersonator).As(bob()) //nolint:forcetypeassert // it is one
	end := time.Now().Add(50 * time.Millisecond)
	for time.Now().Before(end) {
		for _, name := range []string{"deep/in/Text", "DEEP/in/TEXT"} {
			if _, err := root.Stat(name); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Stat(name); !errors.Is(err, fs.ErrPermission) {
				t.Fatalf("alice, %s: %v", name, err)
			}
		}
		if _, err := a.Stat("lent/in/TEXT"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Stat("in/Text"); !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("bob: %v", err)
		}
	}
	if err := os.Chown(filepath.Join(dir, "lent"), bobID, bobID); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		_, exact := a.Stat("lent/in/Text")
		_, folded := a.Stat("lent/in/TEXT")
		_, bobs := b.Stat("in/TEXT")
		return errors.Is(exact, fs.ErrPermission) && errors.Is(folded, fs.ErrPermission) && bobs == nil
	})
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// The user has to reach the folder of the store itself, and the one above that
// its own folder is in; both are looked up anew when they were replaced.
func TestImpersonatedFolder(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"shut/", 0, 0, 0o700}, planted{"shut/site/", 0, 0, 0o755}, planted{"site/", 0, 0, 0o755}, planted{"site/home/", aliceID, aliceID, 0o700})
	if _, err := local.New(filepath.Join(dir, "shut", "site")).As(alice()).Stat("."); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("behind a folder that is closed: %v", err)
	}
	home := local.New(filepath.Join(dir, "site")).Sub("HOME").(*local.Store).As(alice()).(*local.Store) //nolint:forcetypeassert // they are
	if err := home.Mkdir("old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "site"), filepath.Join(dir, "before")); err != nil {
		t.Fatal(err)
	}
	plant(t, dir, planted{"site/", 0, 0, 0o755}, planted{"site/home/", aliceID, aliceID, 0o700}, planted{"site/home/new/", aliceID, aliceID, 0o700})
	home.Refresh()
	if _, err := home.Stat("new"); err != nil {
		t.Error(err)
	}
	if err := os.Chown(filepath.Join(dir, "site", "home"), 0, 0); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { _, err := home.Stat("new"); return errors.Is(err, fs.ErrPermission) })
}

// Long listings are looked at piece by piece, and whoever is told of the
// entries runs with its own rights.
func TestImpersonatedListing(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"own/", aliceID, aliceID, 0o700}, planted{"shut/", bobID, bobID, 0o700}, planted{"shut/file", bobID, bobID, 0o644})
	const files = 1000
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, "own", fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"into": "../shut/file", "to": "../shut"} {
		if err := os.Symlink(to, filepath.Join(dir, "own", name)); err != nil {
			t.Fatal(err)
		}
	}
	want, n := identityLines(t, "/proc/self/status"), 0
	err := local.New(dir).As(alice()).List("own", content.Selection{}, func(info content.Info) error {
		n++
		if got := identityLines(t, "/proc/thread-self/status"); n%500 == 0 && got != want {
			t.Errorf("told as\n%s", got)
		}
		if info.Name == "into" && info.Size == int64(len("shut/file")) {
			t.Error("a link tells of a file that alice may not look at")
		}
		return nil
	})
	if err != nil || n != files+2 {
		t.Errorf("%d entries, %v", n, err)
	}
	checkThreads(t)
}

// Many sessions of both users at once: each has its own files and never the
// other's, whatever thread it is in, and all threads are root in the end.
func TestImpersonatedAtOnce(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"all/", 0, 0, 0o1777}, planted{"alice/", aliceID, aliceID, 0o700}, planted{"bob/", bobID, bobID, 0o700}, planted{"roots/", 0, 0, 0o700})
	s := local.New(dir)
	end := time.Now().Add(time.Second)
	var wg sync.WaitGroup
	for i := range 4 {
		for _, u := range []content.OSUser{alice(), bob()} {
			wg.Go(func() {
				other := map[string]string{"alice": "bob", "bob": "alice"}[u.Name]
				mine := s.As(u)
				for n := 0; time.Now().Before(end); n++ {
					busy(t, mine, dir, u, other, fmt.Sprintf("%d-%d", i, n))
				}
			})
		}
		wg.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				name := fmt.Sprintf("roots/%d-%d", i, n)
				f, _, err := s.Open(name, content.Replace)
				if err != nil {
					t.Error(err)
					return
				}
				f.Close()
				if uid, gid := ownerOf(t, filepath.Join(dir, name)); uid != 0 || gid != 0 {
					t.Errorf("%s belongs to %d:%d", name, uid, gid)
				}
			}
		})
	}
	wg.Wait()
	checkThreads(t)
}

func busy(t *testing.T, s content.Store, dir string, u content.OSUser, other, name string) {
	t.Helper()
	for _, folder := range []string{"all", u.Name} {
		path := folder + "/" + u.Name + name
		f, _, err := s.Open(path, content.Replace)
		if err != nil {
			t.Errorf("%s creates %s: %v", u.Name, path, err)
			return
		}
		f.Close()
		if uid, gid := ownerOf(t, filepath.Join(dir, path)); uid != u.UID || gid != u.GID {
			t.Errorf("%s of %s belongs to %d:%d", path, u.Name, uid, gid)
		}
		if err := errors.Join(s.Rename(path, path+"x", false), s.Remove(path+"x")); err != nil {
			t.Error(err)
		}
	}
	for _, shut := range []string{other, "roots"} {
		err := s.List(shut, content.Selection{}, func(content.Info) error { return nil })
		if _, _, opened := s.Open(shut+"/new", content.Replace); !errors.Is(err, fs.ErrPermission) || !errors.Is(opened, fs.ErrPermission) {
			t.Errorf("%s in %s: %v, %v", u.Name, shut, err, opened)
		}
	}
}
