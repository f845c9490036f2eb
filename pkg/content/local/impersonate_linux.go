package local

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
)

// credential is what Linux asks a thread for when it opens a file. Each thread
// has its own, which the functions of package syscall of these names change in
// all threads at once: the calls here are therefore raw.
//
// Of the three user ids only the effective one changes, and with it that for
// file systems. The others keep processes of the user from signalling this one,
// and lead back. That for file systems alone (setfsuid(2)) would not do: what
// may be done in /proc and /sys goes by the effective id and by capabilities.
type credential struct {
	uid, gid int
	groups   []int
	caps     [2]unix.CapUserData
	// swept means that the kernel takes the capabilities away with the user and
	// gives them back with it, as it does for root.
	swept bool
}

// none is the number of no user or group, (uid_t)-1, which the kernel takes for
// "unchanged".
const none = math.MaxUint32

// needed are the capabilities without which nobody can be somebody else.
const needed = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID

// What all threads have otherwise, and whether they may have something else.
// Both are read once: ftphost changes neither.
//
//nolint:gochecknoglobals // facts about the process
var (
	own     = sync.OnceValues(readOwn)
	allowed = sync.OnceValue(isAllowed)
)

func readOwn() (*credential, error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return nil, os.NewSyscallError("getgroups", err)
	}
	c := &credential{uid: os.Geteuid(), gid: os.Getegid(), groups: groups}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &c.caps[0]); err != nil {
		return nil, os.NewSyscallError("capget", err)
	}
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return nil, os.NewSyscallError("prctl", err)
	}
	c.swept = c.uid == 0 && bits == 0 && c.caps[0].Effective == c.caps[0].Permitted && c.caps[1].Effective == c.caps[1].Permitted
	return c, nil
}

func isAllowed() error {
	c, err := own()
	if err != nil {
		return err
	}
	if c.caps[0].Effective&needed != needed {
		return errors.New("that needs root, or the capabilities CAP_SETUID and CAP_SETGID")
	}
	// A user namespace can forbid it to whoever has the capability.
	return os.NewSyscallError("setgroups", unix.Setgroups(c.groups))
}

func mayImpersonate() error { return allowed() }

// actAs calls do in a thread that has the rights of u alone. What the thread
// opens stays open for all of the process.
func actAs(u *content.OSUser, do func() error) error {
	if err := allowed(); err != nil {
		return notImpersonated(u, err)
	}
	back, err := own()
	if err != nil {
		return notImpersonated(u, err)
	}
	to, err := back.changedTo(u)
	if err != nil {
		return notImpersonated(u, err)
	}
	runtime.LockOSThread()
	defer back.comeBack()
	if err := to.leave(); err != nil {
		return notImpersonated(u, err)
	}
	return do()
}

// changedTo is what a thread with c has while it acts as u: no capabilities.
func (c *credential) changedTo(u *content.OSUser) (*credential, error) {
	if u.UID == none || u.GID == none {
		return nil, fmt.Errorf("user %d or group %d is none", u.UID, u.GID)
	}
	to := &credential{uid: int(u.UID), gid: int(u.GID), groups: make([]int, len(u.Groups)), caps: c.caps, swept: c.swept && u.UID != 0}
	for i, g := range u.Groups {
		to.groups[i] = int(g)
	}
	to.caps[0].Effective, to.caps[1].Effective = 0, 0
	return to, nil
}

// leave gives the credential to a thread that has the process's own, the right
// to do so at the end.
func (c *credential) leave() error {
	if err := c.setGroups(); err != nil {
		return err
	}
	if err := c.setUser(); err != nil {
		return err
	}
	return c.setCapabilities()
}

// comeBack gives a thread its own credential again, the right to do so first. A
// thread that cannot have it must do nothing for others any more: the goroutine
// does not let go of it, so that it ends with the goroutine, which the panic
// ends. Only want of the kernel's own memory can lead there.
func (c *credential) comeBack() {
	const tries, interval = 10, 20 * time.Millisecond
	for range tries {
		err := c.setUser()
		if err == nil {
			err = c.setCapabilities()
		}
		if err == nil {
			err = c.setGroups()
		}
		if err == nil {
			runtime.UnlockOSThread()
			return
		}
		time.Sleep(interval)
	}
	panic("a thread that acted as another user of the operating system cannot come back")
}

func (c *credential) setGroups() error {
	if err := unix.Setgroups(c.groups); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	return effective("setresgid", sysSetresgid, c.gid)
}

func (c *credential) setUser() error { return effective("setresuid", sysSetresuid, c.uid) }

// effective sets the effective id of the thread and leaves the two others.
func effective(call string, number uintptr, id int) error {
	const unchanged = ^uintptr(0)
	if _, _, errno := unix.RawSyscall(number, unchanged, uintptr(id), unchanged); errno != 0 {
		return os.NewSyscallError(call, errno)
	}
	return nil
}

func (c *credential) setCapabilities() error {
	if c.swept {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	caps := c.caps // others use it at the same time
	return os.NewSyscallError("capset", unix.Capset(&header, &caps[0]))
}
