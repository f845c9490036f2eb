//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// sizes is how much each scenario moves; -quick uses small ones.
type sizes struct {
	download, upload, piece int64 // bytes: RETR, STOR, and each of the parallel downloads
	parallel                int   // downloads at once
	files                   int   // 4 KiB files from one session
	sessions, perSession    int   // and from several
	logins                  int
	idle                    int
	entries                 int // of the long listing
	roundTrips              int
	sites                   int
	idleWait                time.Duration // before the memory of idle sessions is read
}

func fullSizes() sizes {
	return sizes{
		download: 2 << 30, upload: 1 << 30, piece: 64 << 20, parallel: 64,
		files: 5000, sessions: 16, perSession: 250, logins: 4096, idle: 5000,
		entries: 100_000, roundTrips: 20_000, sites: 10_000, idleWait: 3 * time.Second,
	}
}

// scaled is a part of the sizes. What makes a scenario what it is stays: the
// long listing, the many sites, and how many clients work at once.
func (n sizes) scaled(part float64) sizes {
	some := func(v int) int { return max(int(float64(v)*part), 1) }
	n.download, n.upload, n.piece = int64(some(int(n.download))), int64(some(int(n.upload))), int64(some(int(n.piece)))
	n.files, n.perSession, n.idle, n.roundTrips = some(n.files), some(n.perSession), some(n.idle), some(n.roundTrips)
	n.logins = max(some(n.logins), mostLogins)
	return n
}

// mostLogins is the largest number of clients that log in at once.
const mostLogins = 32

// ofProcesses are the sizes for a server with processes for each session,
// where logging in costs a hundred times as much and thousands of sessions
// take minutes to start. What is counted is in proportion, so that the cost of
// one stays comparable.
func (n sizes) ofProcesses() sizes {
	n.logins = max(n.logins/16, mostLogins)
	n.idle = max(n.idle/10, 2)
	return n
}

func quickSizes() sizes {
	return sizes{
		download: 8 << 20, upload: 4 << 20, piece: 1 << 20, parallel: 4,
		files: 20, sessions: 4, perSession: 5, logins: mostLogins, idle: 10,
		entries: 200, roundTrips: 50, sites: 20, idleWait: 100 * time.Millisecond,
	}
}

// smallFiles is how many different 4 KiB files there are.
const (
	smallFiles = 1000
	smallSize  = 4 << 10
)

// content is what all servers serve: large and small files and a long folder
// in memory, and a folder on disk for uploads.
type content struct {
	memory, disk string // the two folders an account may see as /
	sums         map[string]uint32
	upload       *os.File // what STOR sends
	uploadSum    uint32
	smallSum     uint32
	uid          int
}

// part is one thing in the content, so that a run of some scenarios makes only
// what they use.
type part uint8

// The parts.
const (
	big part = 1 << iota
	piece
	source // of uploads
	small
	long // the long folder
)

// makeContent fills the folders with some parts. Everything belongs to uid.
func makeContent(memory, disk string, uid int, n sizes, parts part) (*content, error) {
	c := &content{memory: memory, disk: disk, sums: map[string]uint32{}, uid: uid}
	err := errors.Join(c.folder(filepath.Join(memory, "up")), c.folder(filepath.Join(disk, "up")))
	for _, one := range []struct {
		part part
		make func(*content, sizes) error
	}{
		{big, func(c *content, n sizes) error { return c.named("big", n.download) }},
		{piece, func(c *content, n sizes) error { return c.named("piece", n.piece) }},
		{source, (*content).makeSource},
		{small, (*content).makeSmall},
		{long, (*content).makeLong},
	} {
		if err == nil && parts&one.part != 0 {
			err = one.make(c, n)
		}
	}
	return c, err
}

// named makes a file that clients may ask for.
func (c *content) named(name string, size int64) (err error) {
	c.sums[name], err = c.file(filepath.Join(c.memory, name), size)
	return err
}

func (c *content) makeSource(n sizes) (err error) {
	path := filepath.Join(c.memory, "source")
	if c.uploadSum, err = c.file(path, n.upload); err != nil {
		return err
	}
	if c.smallSum, err = firstSum(path, smallSize); err != nil {
		return err
	}
	c.upload, err = os.Open(path)
	return err
}

func (c *content) makeSmall(sizes) error {
	err := c.folder(filepath.Join(c.memory, "small"))
	for i := range smallFiles {
		err = errors.Join(err, c.named(smallName(i), smallSize))
	}
	return err
}

func (c *content) makeLong(n sizes) error {
	dir := filepath.Join(c.memory, "many")
	err := c.folder(dir)
	for i := range n.entries {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("entry-%06d.txt", i)), nil, 0o644))
	}
	return err
}

func smallName(i int) string { return fmt.Sprintf("small/file-%04d.dat", i%smallFiles) }

func (c *content) folder(path string) error {
	return errors.Join(os.MkdirAll(path, 0o755), place{uid: c.uid}.own(path))
}

// file writes size bytes that do not repeat and returns their checksum.
func (c *content) file(path string, size int64) (uint32, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	source := rand.NewChaCha8([32]byte([]byte(fmt.Sprintf("%32.32s", filepath.Base(path)))))
	block, sum := make([]byte, 1<<20), newSum()
	for left := size; left > 0; left -= int64(len(block)) {
		block = block[:min(left, int64(len(block)))]
		_, _ = source.Read(block)
		sum.Write(block)
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
	}
	return sum.Sum32(), place{uid: c.uid}.own(path)
}

func firstSum(path string, size int) (uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	data := make([]byte, size)
	_, err = f.ReadAt(data, 0)
	sum := newSum()
	sum.Write(data)
	return sum.Sum32(), err
}

// emptyUploads removes what clients stored.
func (c *content) emptyUploads(root string) error {
	dir := filepath.Join(root, "up")
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}
