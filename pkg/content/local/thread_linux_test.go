package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/content/local"
)

// A thread that acts as a user has that user's ids and groups and no
// capability. The ids that lead back are root's.
func TestImpersonatedThread(t *testing.T) {
	needRoot(t)
	defer checkThreads(t)
	checkCredential(t, "0")
}

func checkCredential(t *testing.T, self string) {
	t.Helper()
	err := local.ActAs(alice(aliceID, sharedID), func() error {
		got := identityLines(t, "/proc/thread-self/status")
		for _, want := range []string{
			fmt.Sprintf("Uid:\t%s\t%d\t%s\t%d\n", self, aliceID, self, aliceID),
			fmt.Sprintf("Gid:\t%s\t%d\t%s\t%d\n", self, aliceID, self, aliceID),
			fmt.Sprintf("Groups:\t%d %d", aliceID, sharedID), "CapEff:\t0000000000000000\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the thread is\n%s\nwhich has no %q", got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// folderVariable names the folder for the half of the next test that runs in a
// process of its own.
const folderVariable = "FTPHOST_TEST_FOLDER"

// ordinaryID is an ordinary user that may become others.
const ordinaryID = 154399

// Without root, but with the two capabilities, the same: what else the process
// may do helps nobody.
func TestImpersonationWithoutRoot(t *testing.T) {
	if dir := os.Getenv(folderVariable); dir != "" {
		checkOrdinary(t, dir)
		return
	}
	needRoot(t)
	dir := publicDir(t)
	plant(t, dir, planted{"alice/", aliceID, aliceID, 0o700}, planted{"bob/", bobID, bobID, 0o700}, planted{"roots/", 0, 0, 0o700})
	program := filepath.Join(dir, "test")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, binary, 0o755); err != nil { //nolint:gosec // another user runs it
		t.Fatal(err)
	}
	run := func(caps ...uintptr) string {
		cmd := exec.Command(program, "-test.run=^TestImpersonationWithoutRoot$", "-test.v")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), folderVariable+"="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryID, Gid: ordinaryID}, AmbientCaps: caps}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("with capabilities %v: %v", caps, err)
		}
		return string(out)
	}
	if out := run(unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH); !strings.Contains(out, "acts as others") {
		t.Errorf("with the capabilities:\n%s", out)
	}
	if out := run(unix.CAP_SETUID); !strings.Contains(out, "refuses: "+content.ErrImpersonation.Error()) {
		t.Errorf("without CAP_SETGID:\n%s", out)
	}
}

func checkOrdinary(t *testing.T, dir string) {
	t.Helper()
	s := local.New(dir)
	if err := local.MayImpersonate(); err != nil {
		if _, got := s.As(alice()).Stat("alice"); !errors.Is(got, content.ErrImpersonation) || errors.Is(got, fs.ErrPermission) {
			t.Errorf("%v", got)
		}
		t.Logf("refuses: %v", err)
		return
	}
	checkCredential(t, fmt.Sprint(ordinaryID))
	for range 20 {
		for _, u := range []content.OSUser{alice(), bob()} {
			busyInOwn(t, s.As(u), dir, u)
		}
		// Its own rights, which are many here, come back.
		if _, err := os.ReadDir(filepath.Join(dir, "roots")); err != nil {
			t.Error(err)
		}
	}
	checkThreads(t)
	t.Log("acts as others")
}

func busyInOwn(t *testing.T, s content.Store, dir string, u content.OSUser) {
	t.Helper()
	f, _, err := s.Open(u.Name+"/file", content.Replace)
	if err != nil {
		t.Error(err)
		return
	}
	f.Close()
	if uid, gid := ownerOf(t, filepath.Join(dir, u.Name, "file")); uid != u.UID || gid != u.GID {
		t.Errorf("the file of %s belongs to %d:%d", u.Name, uid, gid)
	}
	for _, shut := range []string{map[string]string{"alice": "bob", "bob": "alice"}[u.Name], "roots"} {
		if _, _, err := s.Open(shut+"/new", content.Replace); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s in %s: %v", u.Name, shut, err)
		}
	}
}

// A thread that cannot come back is never used again.
func TestStrandedThread(t *testing.T) {
	needRoot(t)
	if problem := local.Strand(alice()); problem == nil {
		t.Error("the goroutine goes on")
	}
	waitFor(t, func() bool {
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		return err == nil && !slices.ContainsFunc(tasks, func(task string) bool {
			return strings.Contains(identityLines(t, task), fmt.Sprint(aliceID))
		})
	})
}

// The numbers that mean nobody, which the kernel takes for a question, are
// nobody's.
func TestImpersonatingNobody(t *testing.T) {
	needRoot(t)
	defer checkThreads(t)
	for _, u := range []content.OSUser{{UID: 1<<32 - 1, GID: 1}, {UID: 1, GID: 1<<32 - 1}, {UID: 1, GID: 1, Groups: []uint32{1<<32 - 1}}} {
		if _, err := local.New(t.TempDir()).As(u).Stat("."); !errors.Is(err, content.ErrImpersonation) || errors.Is(err, fs.ErrPermission) {
			t.Errorf("%+v: %v", u, err)
		}
	}
}

func BenchmarkOpenAs(b *testing.B) {
	needRoot(b)
	dir := publicDir(b)
	plant(b, dir, planted{"a/", aliceID, aliceID, 0o700}, planted{"a/file", aliceID, aliceID, 0o600})
	s := local.New(dir)
	for _, c := range []struct {
		name  string
		store content.Store
	}{{"ftphost", s}, {"user", s.As(alice(aliceID, sharedID))}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, _, err := c.store.Open("a/file", content.Read)
				if err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}
