package vfs_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// refreshed counts how often a store was to look again.
type refreshed struct {
	content.Store
	times int
}

func (r *refreshed) Refresh() { r.times++ }

// Logins refresh the stores, many at once only one time.
func TestRefreshOfManyLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &refreshed{}
		n, err := vfs.NewNamespace(vfs.Settings{Mounts: []vfs.Mount{{Path: "/", Store: store}}, Access: access.NewTree(nil)})
		must(t, err)
		for login := 1; login <= 3; login++ {
			for range 100 {
				n.View(bob(), access.Client{})
			}
			if store.times != login {
				t.Errorf("%d refreshes at %d times", store.times, login)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}
