//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The runs of the table. Each opens its sessions, calls begin, works, calls
// end while the sessions are still open, and closes them.

func retrLarge(t *trial) error {
	return t.withSession(func(s *session) error {
		t.begin()
		got, err := s.retrieve("RETR big", t.verify)
		t.end()
		return errors.Join(err, t.check("big", got, t.sizes.download))
	})
}

func storLarge(t *trial) error {
	return t.withSession(func(s *session) error {
		t.begin()
		err := s.store("up/large", t.content.upload, t.sizes.upload)
		t.end()
		return errors.Join(err, t.stored("large", t.sizes.upload, t.content.uploadSum), t.content.emptyUploads(t.root()))
	})
}

func retrSmall(t *trial) error {
	return t.withSession(func(s *session) error {
		t.begin()
		err := t.retrFiles(s, t.sizes.files)
		t.end()
		return err
	})
}

func (t *trial) retrFiles(s *session, n int) error {
	for i := range n {
		got, err := s.retrieve("RETR "+smallName(i), t.verify)
		if err = errors.Join(err, t.check(smallName(i), got, smallSize)); err != nil {
			return err
		}
	}
	return nil
}

func retrSmallMany(t *trial) error {
	return t.withSessions(t.sizes.sessions, func(_ int, s *session) error { return t.retrFiles(s, t.sizes.perSession) })
}

func storSmallMany(t *trial) error {
	name := func(i, k int) string { return fmt.Sprintf("%02d-%05d", i, k) }
	err := t.withSessions(t.sizes.sessions, func(i int, s *session) error {
		for k := range t.sizes.perSession {
			if err := s.store("up/"+name(i, k), t.content.upload, smallSize); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range t.sizes.sessions {
		for k := 0; k < t.sizes.perSession && err == nil; k++ {
			err = t.stored(name(i, k), smallSize, t.content.smallSum)
		}
	}
	return errors.Join(err, t.content.emptyUploads(t.root()))
}

// retrParallel notes how far apart the slowest and the fastest were.
func retrParallel(t *trial) error {
	took := make([]time.Duration, t.sizes.parallel)
	err := t.withSessions(t.sizes.parallel, func(i int, s *session) error {
		start := time.Now()
		got, err := s.retrieve("RETR piece", t.verify)
		took[i] = time.Since(start)
		return errors.Join(err, t.check("piece", got, t.sizes.piece))
	})
	slow, fast := took[0], took[0]
	for _, d := range took {
		slow, fast = max(slow, d), min(fast, d)
	}
	t.spread = float64(slow) / float64(max(fast, 1))
	return err
}

// logins logs in and out again, some clients at a time.
func logins(clients int) func(*trial) error {
	return func(t *trial) error {
		t.begin()
		err := together(clients, func(int) error {
			for range t.sizes.logins / clients {
				s, err := t.login()
				if err != nil {
					return err
				}
				if err := s.quit(); err != nil {
					return err
				}
			}
			return nil
		})
		t.end()
		return err
	}
}

// resumedLogins does so with the session of a login before, which does not
// count.
func resumedLogins(t *trial) error {
	if err := t.resuming(func() error { return t.withSession(func(*session) error { return nil }) }); err != nil {
		return err
	}
	return errors.Join(logins(1)(t), t.secure.allResumed())
}

func listing(command string) func(*trial) error {
	return func(t *trial) error {
		return t.withSession(func(s *session) error {
			if _, err := s.command('2', "CWD many"); err != nil {
				return err
			}
			t.begin()
			got, err := s.retrieve(command, t.verify)
			t.end()
			t.firstByte = got.firstByte
			if t.verify && got.lines < t.sizes.entries {
				err = errors.Join(err, fmt.Errorf("%s sent %d lines, there are %d files", command, got.lines, t.sizes.entries))
			}
			return err
		})
	}
}

// repeat sends a command that has a short answer, one after the other, from
// a core that is not the server's.
func repeat(command string) func(*trial) error {
	return func(t *trial) error {
		return t.withSession(func(s *session) error {
			release, err := onCore(clientCore)
			if err != nil {
				return err
			}
			defer release()
			t.begin()
			for range t.sizes.roundTrips {
				if _, err := s.command('2', command); err != nil {
					return err
				}
			}
			t.end()
			return nil
		})
	}
}

// The physical limits: no protocol, only what the kernel needs.

func bareReceive(t *trial) error {
	c, err := t.dial()
	if err != nil {
		return err
	}
	t.begin()
	s := &session{wire: c}
	got, err := s.receive(c, time.Now(), t.verify)
	t.end()
	c.close(err == nil)
	return errors.Join(err, t.check("big", got, t.sizes.download))
}

func bareSend(t *trial) error {
	c, err := t.dial()
	if err != nil {
		return err
	}
	t.begin()
	err = c.sendFile(int(t.content.upload.Fd()), t.sizes.upload)
	if err == nil {
		err = c.closeWrite()
	}
	if err == nil {
		_, err = io.Copy(io.Discard, c)
	}
	t.end()
	c.close(false)
	return errors.Join(err, t.stored("limit", t.sizes.upload, t.content.uploadSum), t.content.emptyUploads(t.root()))
}

func bareAccept(clients int) func(*trial) error {
	return func(t *trial) error {
		t.begin()
		err := together(clients, func(int) error {
			for range t.sizes.logins / clients {
				c, err := t.dial()
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, c)
				c.close(err == nil)
				if err != nil {
					return err
				}
			}
			return nil
		})
		t.end()
		return err
	}
}

// bareResumed is bareAccept with the session of a connection before.
func bareResumed(t *trial) error {
	first := func() error {
		c, err := t.dial()
		if err == nil {
			_, err = io.Copy(io.Discard, c)
			c.close(err == nil)
		}
		return err
	}
	if err := t.resuming(first); err != nil {
		return err
	}
	return errors.Join(bareAccept(1)(t), t.secure.allResumed())
}

// check compares what was received with the file: its size always, its bytes
// on a verification round.
func (t *trial) check(name string, got received, size int64) error {
	if got.size != size {
		return fmt.Errorf("%s: %d bytes came, there are %d", name, got.size, size)
	}
	if want := t.content.sums[name]; t.verify && got.sum != want {
		return fmt.Errorf("%s: checksum %08x, want %08x", name, got.sum, want)
	}
	return nil
}

// stored does the same for an upload.
func (t *trial) stored(name string, size int64, want uint32) error {
	path := filepath.Join(t.root(), "up", name)
	if !t.verify {
		info, err := os.Stat(path)
		if err == nil && info.Size() != size {
			err = fmt.Errorf("%s: %d bytes were stored, %d were sent", name, info.Size(), size)
		}
		return err
	}
	sum, n, err := fileSum(path)
	if err == nil && (n != size || sum != want) {
		err = fmt.Errorf("%s: stored %d bytes with checksum %08x, sent %d with %08x", name, n, sum, size, want)
	}
	return err
}

// together runs a function several times at once.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
