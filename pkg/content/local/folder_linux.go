package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ftphost/ftphost/pkg/content"
)

// folder is an open directory. Its entries are read and looked at by its
// descriptor, without their paths.
type folder struct {
	file    *os.File
	buffer  []byte
	entries []entry // of the last piece
	glance  glance
}

// How much of a directory one system call reads: at first all of a small one,
// then some hundred entries.
const (
	firstPieceBytes = 4 << 10
	pieceBytes      = 32 << 10
)

func (t *tree) openFolder(real string) (*folder, error) {
	file, err := t.OpenFile(real, os.O_RDONLY|openDirectory, 0)
	if errors.Is(err, unix.ENOTDIR) {
		// The last name or one on the way.
		if info, statErr := t.Stat(real); statErr == nil && !info.IsDir() {
			err = &content.Error{Op: "list", Name: real, Kind: content.ErrNotDirectory, Err: err}
		}
	}
	if err != nil {
		return nil, err
	}
	return &folder{file: file, buffer: make([]byte, firstPieceBytes)}, nil
}

func (f *folder) close() { _ = f.file.Close() } // only read

func (f *folder) fd() int { return int(f.file.Fd()) }

// read returns the next entries in the order of the file system, valid until
// the next call; at the end io.EOF.
func (f *folder) read() ([]entry, error) {
	n, err := unix.ReadDirent(f.fd(), f.buffer)
	for err == unix.EINTR { //nolint:errorlint // a bare number
		n, err = unix.ReadDirent(f.fd(), f.buffer)
	}
	switch {
	case err == unix.ENOENT: //nolint:errorlint // a bare number
		return nil, io.EOF // the directory was removed meanwhile
	case err != nil:
		return nil, os.NewSyscallError("getdents64", err)
	case n <= 0:
		return nil, io.EOF
	}
	f.entries = appendEntries(f.entries[:0], f.buffer[:n])
	if len(f.buffer) < pieceBytes && n > len(f.buffer)/2 {
		f.buffer = make([]byte, pieceBytes)
	}
	return f.entries, nil
}

// Where the parts of a linux_dirent64 are.
const (
	direntLength = 16
	direntName   = 19
)

// appendEntries appends the entries in what the system has read, apart from
// the directory itself and its parent. All names share one string, which is
// copied once.
func appendEntries(dst []entry, piece []byte) []entry {
	text := string(piece)
	for start := 0; start+direntName <= len(piece); {
		length := int(binary.NativeEndian.Uint16(piece[start+direntLength:]))
		if length <= direntName || start+length > len(piece) {
			break // no such thing comes from a kernel
		}
		from, end := start+direntName, start+length
		if zero := bytes.IndexByte(piece[from:end], 0); zero >= 0 {
			end = from + zero
		}
		if name := text[from:end]; name != "." && name != ".." {
			dst = append(dst, entry{name: name})
		}
		start += length
	}
	return dst
}

// lstat is what there is to know about an entry.
func (f *folder) lstat(name string) found {
	stat, err := f.glance.at(f.fd(), name)
	for err == unix.EINTR { //nolint:errorlint // a bare number
		stat, err = f.glance.at(f.fd(), name)
	}
	if err != nil {
		return found{err: &fs.PathError{Op: "lstat", Path: name, Err: err}}
	}
	info := content.Info{
		Name:    name,
		Size:    stat.Size,
		ModTime: time.Unix(stat.Mtim.Unix()),
		ID:      content.FileID{Volume: uint64(stat.Dev), Number: uint64(stat.Ino)}, //nolint:unconvert // not of this type on every system
	}
	return describe(info, stat.Mode)
}

// describe completes info by the mode; it is infoOf without a detour.
func describe(info content.Info, mode uint32) found {
	info.Dir = mode&unix.S_IFMT == unix.S_IFDIR
	info.ReadOnly = mode&ownerWrite == 0
	info.Mode = fs.FileMode(mode) & fs.ModePerm
	if info.Dir {
		info.Size = 0
	}
	return found{info: info, link: mode&unix.S_IFMT == unix.S_IFLNK}
}
