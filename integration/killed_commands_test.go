//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// commands are run one after the other, and every second one is killed.
type commands struct {
	number, ended, killed int
	certificates          []string
	initialized           []string
}

// call runs a command, and perhaps kills it; ended tells that it was not. A
// command may fail when the server was killed.
func (c *commands) call(t *testing.T, ctx context.Context, killed *atomic.Bool, stdin string, args ...string) (out string, ended bool) {
	cmd := exec.CommandContext(ctx, binary, args...)
	var said, talk bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &said, &talk
	if err := cmd.Start(); err != nil {
		if ctx.Err() == nil {
			t.Error(err)
		}
		return "", false
	}
	c.number++
	if rand.IntN(2) == 0 {
		timer := time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() { _ = cmd.Process.Kill() }) // any moment will do
		defer timer.Stop()
	}
	err := cmd.Wait()
	switch code := cmd.ProcessState.ExitCode(); {
	case err == nil:
		c.ended++
		return said.String(), true
	case code == -1: // by a signal
		c.killed++
	case killed.Load(): // which it wanted to ask
	default:
		t.Errorf("ftphost %s: exit status %d\n%s", strings.Join(args, " "), code, &talk)
	}
	return said.String(), false
}

// run changes everything but accounts until ctx ends.
func (c *commands) run(t *testing.T, ctx context.Context, killed *atomic.Bool, home string) {
	for ctx.Err() == nil {
		switch name := fmt.Sprintf("made-%d", c.number); rand.IntN(6) {
		case 0:
			c.call(t, ctx, killed, "", "site", "stop", "ftpsite02.com", "--home", home)
		case 1:
			c.call(t, ctx, killed, "", "site", "start", "ftpsite02.com", "--home", home)
		case 2:
			if out, ended := c.call(t, ctx, killed, "", "cert", "new", "--dns", name, "--home", home); ended {
				c.certificates = append(c.certificates, strings.TrimSpace(out))
			}
		case 3:
			dir := filepath.Join(filepath.Dir(home), name)
			c.call(t, ctx, killed, "", "init", dir)
			c.initialized = append(c.initialized, dir)
		case 4:
			c.call(t, ctx, killed, "", "history", "keep", "--home", home)
		case 5:
			c.call(t, ctx, killed, "", "reload", "--home", home)
		}
	}
}

// look fails when something that was made is torn.
func (c *commands) look(t *testing.T, home string) {
	list := ftphost(t, "", "cert", "list", "--home", home)
	for _, thumbprint := range c.certificates {
		if !strings.Contains(list, thumbprint) {
			t.Errorf("certificate %s was made and is not there", thumbprint)
		}
	}
	for _, dir := range c.initialized {
		// What was not finished is said so, with what to do, and can be.
		if _, err := os.Stat(filepath.Join(dir, "applicationHost.config")); err != nil {
			_, talk, code := command(t, "", "init", dir)
			if accounts := filepath.Join(dir, "localAccounts.config"); code != 0 {
				if !strings.Contains(talk, accounts+" exists already") {
					t.Errorf("init again: %s", talk)
				}
				if err := os.Remove(accounts); err != nil {
					t.Error(err)
				}
				ftphost(t, "", "init", dir)
			}
		}
		for _, args := range [][]string{{"check"}, {"user", "list"}, {"cert", "list"}} {
			ftphost(t, "", append(args, "--home", dir)...)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
	c.initialized = nil
}

// accountsUnderway are changes of accounts: of the password of user2, and of
// groups.
type accountsUnderway struct {
	commands
	home      string
	passwords []string // of which one is right
	there     []string // groups that must be there
	perhaps   []string // groups that may be there or not
}

func newAccountsUnderway(home string) *accountsUnderway {
	return &accountsUnderway{home: home, passwords: []string{password("user2")}}
}

// change changes accounts until ctx ends.
func (a *accountsUnderway) change(t *testing.T, ctx context.Context, killed *atomic.Bool) {
	for ctx.Err() == nil {
		group := fmt.Sprintf("group%d", a.number)
		switch {
		case rand.IntN(2) == 0:
			next := fmt.Sprintf("password %d", a.number)
			if _, ended := a.call(t, ctx, killed, next+"\n", "user", "passwd", "user2", "--password-stdin", "--home", a.home); ended {
				a.passwords = []string{next}
			} else {
				a.passwords = append(a.passwords, next)
			}
		case len(a.there) > 3:
			group = a.there[0]
			if _, ended := a.call(t, ctx, killed, "", "group", "remove", group, "--home", a.home); !ended {
				a.perhaps = append(a.perhaps, group)
			}
			a.there = a.there[1:]
		default:
			if _, ended := a.call(t, ctx, killed, "", "group", "add", group, "--home", a.home); ended {
				a.there = append(a.there, group)
			} else {
				a.perhaps = append(a.perhaps, group)
			}
		}
	}
}

// look fails unless each change was made or not.
func (a *accountsUnderway) look(t *testing.T, s *server) {
	var groups []string
	for line := range strings.Lines(ftphost(t, "", "group", "list", "--home", a.home)) {
		if name := strings.Fields(line)[0]; strings.HasPrefix(name, "group") {
			groups = append(groups, name)
		}
	}
	for _, g := range a.there {
		if !slices.Contains(groups, g) {
			t.Errorf("%s was added and is not there", g)
		}
	}
	for _, g := range groups {
		if !slices.Contains(a.there, g) && !slices.Contains(a.perhaps, g) {
			t.Errorf("%s is there", g)
		}
	}
	a.there, a.perhaps = groups, nil
	var right []string
	for _, p := range a.passwords {
		d := dial(t, "127.0.0.1", s.port)
		d.say("USER user2", "331 ")
		if reply := d.say("PASS "+p, ""); strings.HasPrefix(reply, "230") {
			right = append(right, p)
		}
		_ = d.conn.Close()
	}
	if len(right) != 1 {
		t.Errorf("of the passwords %q these are right: %q", a.passwords, right)
		return
	}
	a.passwords = right
}
