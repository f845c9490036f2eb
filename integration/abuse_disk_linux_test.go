//go:build integration && linux

package integration_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDiskFull runs the server where its content, or its log, lies on a disk
// of one megabyte: a file system in memory, in a mount namespace of its own.
func TestDiskFull(t *testing.T) {
	for _, tt := range []struct {
		name, keep string
		part       bool // a partial upload is there afterwards
	}{
		{"partial uploads go", "false", false},
		{"partial uploads stay", "true", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := newHome(t, "")
			configure(t, home, "scenario", `keepPartialUploads="true"`, `keepPartialUploads="`+tt.keep+`"`)
			s := serveOnSmallDisk(t, home, content(home))
			inside := filepath.Join(fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid), content(home))
			d := login(t, "127.0.0.1", s.port, "user1")
			upload(t, d, "STOR first.bin", 700_000, "226 Transfer complete.")
			upload(t, d, "STOR second.bin", 3*mebibyte, "550 There is not enough space on the disk. ")
			_, err := os.Stat(filepath.Join(inside, "second.bin"))
			if there := err == nil; there != tt.part {
				t.Errorf("a partial upload: %v, want one: %v", err, tt.part)
			}
			upload(t, d, "APPE fourth.bin", 3*mebibyte, "550 There is not enough space on the disk. ")
			if got := d.fetch("RETR first.bin"); len(got) < 700_000 {
				t.Errorf("%d bytes of the first file came back", len(got))
			}
			d.say("DELE first.bin", "250 ")
			if tt.part {
				d.say("DELE second.bin", "250 ")
				d.say("DELE fourth.bin", "250 ")
			}
			upload(t, d, "STOR third.bin", 600_000, "226 Transfer complete.")
			d.say("QUIT", "221 ")
			eventually(t, "the log says why", func() bool {
				log := readLog(t, home)
				return strings.Contains(log, " STOR second.bin 550 112 3 ") && strings.Contains(log, " APPE fourth.bin 550 112 3 ") && strings.Contains(log, " STOR third.bin 226 0 0 ")
			})
		})
	}
	t.Run("the log's", logDiskFull)
}

// logDiskFull: transfers go on, the operational log says once why there is no
// other, and the lines come when there is room again.
func logDiskFull(t *testing.T) {
	home := newHome(t, "scenario")
	logs := filepath.Join(home, "logs")
	s := serveOnSmallDisk(t, home, logs)
	inside := filepath.Join(fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid), logs)
	filler := filepath.Join(inside, "filler")
	if err := os.WriteFile(filler, make([]byte, 2*mebibyte), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	for i := range 50 {
		d := login(t, "127.0.0.1", s.port, "user1")
		name := fmt.Sprintf("upload%d.bin", i)
		upload(t, d, "STOR "+name, 10_000, "226 Transfer complete.")
		if got := d.fetch("RETR " + name); len(got) != 10_000 {
			t.Errorf("%d bytes came back", len(got))
		}
		d.say("QUIT", "221 ")
	}
	eventually(t, "the operational log says why", func() bool {
		return strings.Contains(s.talk.String(), "site log not written") && strings.Contains(s.talk.String(), "no space left on device")
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	d := login(t, "127.0.0.1", s.port, "user1")
	d.say("MKD after", "257 ")
	d.say("QUIT", "221 ")
	eventually(t, "lines are written again", func() bool {
		log := readLog(t, filepath.Join(fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid), home))
		return strings.Contains(log, " STOR upload0.bin 226 0 0 ") && strings.Contains(log, " MKD after 257 0 0 ")
	})
	eventually(t, "the operational log says so", func() bool { return strings.Contains(s.talk.String(), "site log written again") })
	if n := strings.Count(s.talk.String(), "site log not written"); n != 1 {
		t.Errorf("the operational log says %d times that the disk is full", n)
	}
}

// upload sends zeros and expects the final reply.
func upload(t *testing.T, d *dialogue, command string, size int, want string) {
	t.Helper()
	c := d.passive()
	d.say(command, "1")
	_, _ = io.Copy(c, io.LimitReader(zeros{}, int64(size))) // the server may have ended it
	_ = c.Close()
	d.expect(want)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// serveOnSmallDisk is serve with a disk of one megabyte mounted at dir, which
// only the server sees; others find it below /proc/PID/root.
func serveOnSmallDisk(t *testing.T, home, dir string) *server {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unshare := mountNamespace(t)
	mount := `mount -t tmpfs -o size=1m,mode=755 small "$0" && exec "$@"`
	s := launchAs(t, home, append(unshare, "sh", "-c", mount, dir)...)
	s.awaitListening(t)
	return s
}

// mountNamespace is how to run something in a mount namespace: as root or, where
// the system permits, in a user namespace. Where neither works nothing can be
// said about full disks, and that is a failure.
func mountNamespace(t *testing.T) []string {
	t.Helper()
	var said strings.Builder
	for _, command := range [][]string{{"unshare", "--mount"}, {"unshare", "--user", "--map-root-user", "--mount"}} {
		cmd := exec.Command(command[0], append(command[1:], "mount", "-t", "tmpfs", "small", "/mnt")...)
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		if err == nil {
			return command
		}
		fmt.Fprintf(&said, "%q: %v: %s", command, err, out)
	}
	t.Fatalf("a full disk cannot be tried here: run the tests as root with CAP_SYS_ADMIN, or permit user namespaces\n%s", &said)
	return nil
}
