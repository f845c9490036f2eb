package w3clog

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// idleTime is how long a file stays open without a line.
const idleTime = time.Minute

// kind is which of the files of a directory.
type kind int

// The kinds.
const (
	w3cLines kind = iota
	jsonLines
	kinds // how many there are
)

// extension is how the names of the files end.
func (k kind) extension() string {
	if k == jsonLines {
		return ".json"
	}
	return ".log"
}

// Modes of what is created: logs name users and addresses, so they are not for
// everybody; the group of the directory may read them.
const (
	fileMode = 0o640
	dirMode  = 0o750
)

// disk writes the files of one kind in one directory. Only the holder of
// Files.writing touches it.
type disk struct {
	dir  string
	kind kind

	file     *os.File
	path     string // of file, or of the last one
	size     int64
	lines    bool   // file has more than a header
	fields   string // the #Fields line in force in path
	unsynced bool   // path has what the disk may not have
	looked   bool   // whether somebody moved file away, in this writing
	used     time.Time

	prefix string // of numbered files
	number int
}

// write writes the batch and returns how much of it is done. What is left
// after an error begins with a whole line.
func (d *disk) write(b *batch) (done int, err error) {
	d.looked = false
	for i, p := range b.parts {
		for done < b.end(i) {
			n, err := d.writeSome(p, b.data[done:b.end(i)])
			done += n
			if err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// writeSome writes as many lines as the file of p may take, at least one if it
// is new, and goes on to the next number when it is full.
func (d *disk) writeSome(p part, lines []byte) (int, error) {
	if err := d.prepare(p); err != nil {
		return 0, err
	}
	if room := p.log.settings.limit() - d.size; int64(len(lines)) > room {
		fitting := bytes.LastIndexByte(lines[:max(room, 0)], '\n') + 1
		switch {
		case fitting == 0 && d.lines:
			d.number++
			return 0, d.leave()
		case fitting == 0:
			fitting = bytes.IndexByte(lines, '\n') + 1
		}
		lines = lines[:fitting]
	}
	n, err := d.put(lines)
	d.lines = d.lines || n > 0
	return n, err
}

// prepare makes sure that the file of p is open, is the one the directory
// shows, and has the header of p in force.
func (d *disk) prepare(p part) error {
	now := time.Now()
	path := d.pathOf(p)
	if d.file != nil && (path != d.path || !d.present()) {
		if err := d.leave(); err != nil {
			return err
		}
	}
	d.used = now
	if d.file == nil {
		if err := d.open(path); err != nil {
			return err
		}
	}
	if d.kind == jsonLines || d.fields == p.log.layout.header {
		return nil
	}
	if _, err := d.put(appendHeader(nil, now, p.log.layout.header)); err != nil {
		return err
	}
	d.fields = p.log.layout.header
	return nil
}

// present reports whether the open file is still the one in the directory, and
// as this process left it: rotating programs move it away, or copy and empty
// it.
func (d *disk) present() bool {
	if d.looked {
		return true
	}
	d.looked = true
	there, err := os.Stat(d.path)
	if err != nil {
		return false
	}
	ours, err := d.file.Stat()
	return err == nil && os.SameFile(there, ours) && (ours.Size() == d.size || !ours.Mode().IsRegular())
}

// open opens the file at path and forgets the header in force unless it is the
// file that was last open.
func (d *disk) open(path string) error {
	if err := os.MkdirAll(d.dir, dirMode); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if path != d.path || info.Size() != d.size {
		d.fields = ""
	}
	d.file, d.path, d.size, d.lines, d.looked = f, path, info.Size(), info.Size() > 0, true
	return d.endLine()
}

// endLine ends a line that a crash left unfinished, or closes the file.
func (d *disk) endLine() error {
	if d.size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := d.file.ReadAt(last[:], d.size-1); err != nil {
		return errors.Join(err, d.close())
	}
	end := "\r\n"
	switch {
	case last[0] == '\n':
		return nil
	case last[0] == '\r' || d.kind == jsonLines:
		end = "\n"
	}
	if _, err := d.put([]byte(end)); err != nil {
		return errors.Join(err, d.close())
	}
	return nil
}

// put appends whole lines. Of a line that did not fit nothing stays behind,
// and it is not counted; the next attempt looks at the directory first.
func (d *disk) put(lines []byte) (int, error) {
	n, err := d.file.Write(lines)
	if err != nil {
		whole := bytes.LastIndexByte(lines[:n], '\n') + 1
		_ = d.file.Truncate(d.size + int64(whole)) // the error to tell is that of Write
		n = whole
		d.looked = false
	}
	d.size += int64(n)
	d.unsynced = d.unsynced || n > 0
	return n, err
}

// sync returns when the disk has what was written.
func (d *disk) sync() error {
	if !d.unsynced {
		return nil
	}
	f := d.file
	if f == nil {
		var err error
		if f, err = os.OpenFile(d.path, os.O_RDWR, 0); err != nil {
			d.unsynced = false
			return ignore(err, fs.ErrNotExist) // it was moved away meanwhile
		}
		defer f.Close() //nolint:errcheck // nothing was written through it
	}
	d.unsynced = false
	return ignore(f.Sync(), syscall.EINVAL) // a device has nothing to keep
}

// ignore returns err unless it is harmless.
func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// leave closes the file for good: the next one begins with a header.
func (d *disk) leave() error {
	if d.file == nil && !d.unsynced {
		return nil
	}
	err := errors.Join(d.sync(), d.close())
	d.path, d.fields = "", ""
	return err
}

// close closes the file for now.
func (d *disk) close() error {
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	return err
}

// idle closes the file when it was not used for a while, and reports whether
// it was not.
func (d *disk) idle(now time.Time) bool {
	if now.Sub(d.used) < idleTime {
		return false
	}
	_ = d.close() // every line in it was written and checked
	return true
}

// pathOf returns the path of the file of p. Numbering goes on with the highest
// number in the directory.
func (d *disk) pathOf(p part) string {
	name := p.name
	if p.log.settings.Period == MaxSize {
		if d.prefix != name {
			d.prefix, d.number = name, highest(d.dir, name, d.kind.extension())
		}
		name += strconv.Itoa(d.number)
	}
	return filepath.Join(d.dir, name+d.kind.extension())
}

// highest returns the highest n of the files prefix<n>extension, at least 1. A
// directory that cannot be read counts as empty; opening the file will say so.
func highest(dir, prefix, extension string) int {
	most := 1
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return most
	}
	for _, e := range entries {
		digits, found := strings.CutPrefix(e.Name(), prefix)
		digits, isLog := strings.CutSuffix(digits, extension)
		if n, err := strconv.Atoi(digits); found && isLog && err == nil && n < math.MaxInt32 {
			most = max(most, n)
		}
	}
	return most
}
