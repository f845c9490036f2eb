//go:build linux

package main

import (
	"errors"
	"time"
)

// idleSessions opens sessions that do nothing and measures what they hold.
func idleSessions(t *trial) error {
	return t.hold(func() (*wire, error) {
		s, err := t.login()
		if err != nil {
			return nil, err
		}
		return s.wire, nil
	})
}

// hold measures the memory of open connections: the server's own, and the
// kernel's for both ends. The runner takes the client's end off. It is the
// growth by the second half of them, after the first: what a server takes once,
// however many sessions there are, drops out.
func (t *trial) hold(open func() (*wire, error)) error {
	half := max(t.sizes.idle/2, 1)
	var held []*wire
	defer func() {
		for _, c := range held {
			c.close(false)
		}
		t.gone()
	}()
	more := func() error {
		for range half {
			c, err := open()
			if err != nil {
				return err
			}
			held = append(held, c)
		}
		return nil
	}
	first, err := open()
	if err != nil {
		return err
	}
	first.close(false)
	time.Sleep(t.sizes.idleWait) // what the first login takes, such as a hash of the password, is gone
	t.begin()
	if err := more(); err != nil {
		return err
	}
	user, kernel := t.held()
	if err := more(); err != nil {
		return err
	}
	t.end()
	userNow, kernelNow := t.held()
	t.userMemory = float64(userNow-user) / float64(half)
	t.kernelMemory = float64(kernelNow-kernel) / float64(half)
	return nil
}

// held is what server and kernel hold once the server had time to let go of
// what an idle session need not have.
func (t *trial) held() (user, kernel int64) {
	time.Sleep(t.sizes.idleWait)
	return treeMemory(t.server.pid()).pss, kernelMemory()
}

func bareHold(t *trial) error {
	open := func() (*wire, error) {
		c, err := dial(t.server.addr())
		if err == nil {
			_, err = c.line()
		}
		return c, err
	}
	err := t.hold(open)
	c, last := open() // makes the limit close the others
	if last == nil {
		c.close(false)
	}
	t.gone()
	return errors.Join(err, last)
}
