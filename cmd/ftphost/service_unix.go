//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/ftphost/ftphost/pkg/compile"
)

// checkUser makes sure that the user of the service is there, and warns when
// the home is somebody else's.
func checkUser(w io.Writer, home compile.Home, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("there is no user %s to run the service; name one with --user, or make it with: useradd --system --user-group --home-dir %s --no-create-home --shell /usr/sbin/nologin %s", name, home.Dir, name)
	}
	info, err := os.Stat(home.Dir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && strconv.FormatUint(uint64(owner.Uid), 10) != u.Uid {
		fmt.Fprintf(w, "warning: %s does not belong to %s, who has to read and write it: chown -R %s: %s\n", home.Dir, name, name, home.Dir)
	}
	return nil
}
