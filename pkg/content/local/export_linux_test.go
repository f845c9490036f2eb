package local

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
)

// Strand acts as u in a thread that cannot come back, as if the kernel had no
// memory left, and returns what the goroutine ends with. It is not the first
// thread of the process, which never ends and is only not used any more.
func Strand(u content.OSUser) (problem any) {
	done := make(chan any)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			problem := Strand(u) // elsewhere, since this thread is held
			runtime.UnlockOSThread()
			done <- problem
			return
		}
		defer func() { done <- recover() }()
		strand(u)
	}()
	return <-done
}

func strand(u content.OSUser) {
	back, err := own()
	if err != nil {
		return
	}
	to, err := back.changedTo(&u)
	if err != nil {
		return
	}
	lost := *back
	lost.groups = make([]int, 1<<16+1) // more than anybody can have
	defer lost.comeBack()
	_ = to.leave() // the test looks
}

// ActAs calls do as a store with the user u calls the system.
func ActAs(u content.OSUser, do func() error) error { return actAs(&u, do) }
