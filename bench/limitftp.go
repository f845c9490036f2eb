//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bareSession is the limit of a conversation: the system calls that FTP needs
// and nothing else. Each session has a thread and a passive port of its own.
// Nothing is checked, no path is looked at, nothing is logged.
type bareSession struct {
	*wire
	folder  int    // the account's, open
	current string // what CWD named
	passive int    // the listener, 0 before PASV
	where   string // the answer to PASV
	buffer  []byte
}

const (
	// bareBuffer is the largest file that is read and sent by us.
	bareBuffer = 64 << 10
	// bareThreads may wait in system calls without the scheduler caring.
	bareThreads = 128
)

// limitFTP serves the folder of a file, and the folders in it.
func limitFTP(conn int, file string) error {
	runtime.GOMAXPROCS(bareThreads)
	folder, err := syscall.Open(filepath.Dir(file), syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := syscall.SetsockoptInt(conn, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	s := &bareSession{wire: &wire{fd: conn}, folder: folder, buffer: make([]byte, bareBuffer)}
	go func() {
		runtime.LockOSThread()
		if err := s.serve(); err != nil && !errors.Is(err, io.EOF) {
			fmt.Fprintln(os.Stderr, err)
		}
		syscall.Close(s.fd)
		syscall.Close(s.folder)
		if s.passive > 0 {
			syscall.Close(s.passive)
		}
	}()
	return nil
}

func (s *bareSession) serve() error {
	for reply, ended := limitBannerText, false; ; {
		if _, err := s.Write([]byte(reply)); err != nil || ended {
			return err
		}
		line, err := s.line()
		if err != nil {
			return err
		}
		verb, name, _ := strings.Cut(line, " ")
		switch verb {
		case "USER":
			reply = "331 go on\r\n"
		case "PASV":
			reply, err = s.listen()
		case "RETR":
			reply, err = s.transfer(name, syscall.O_RDONLY, s.send)
		case "STOR":
			reply, err = s.transfer(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, s.receive)
		case "CWD":
			s.current, reply = name, "250 there\r\n"
		case "LIST", "MLSD", "NLST":
			reply, err = s.transfer(s.current, syscall.O_RDONLY|syscall.O_DIRECTORY, s.listing(verb != "NLST"))
		case "QUIT":
			reply, ended = "221 done\r\n", true
		default:
			reply = "200 done\r\n"
		}
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
}

// listen opens the passive port the first time.
func (s *bareSession) listen() (reply string, err error) {
	if s.passive > 0 {
		return s.where, nil
	}
	if s.passive, err = listenRaw(0); err != nil {
		return "", err
	}
	at, err := syscall.Getsockname(s.passive)
	if err != nil {
		return "", err
	}
	port := at.(*syscall.SockaddrInet4).Port
	s.where = fmt.Sprintf("227 Entering Passive Mode (127,0,0,1,%d,%d).\r\n", port>>8, port&0xff)
	return s.where, nil
}

// transfer moves a file over a connection that has come.
func (s *bareSession) transfer(name string, flags int, move func(data *wire, file int) error) (reply string, err error) {
	file, err := syscall.Openat(s.folder, name, flags|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return "", err
	}
	defer syscall.Close(file)
	conn, _, err := syscall.Accept4(s.passive, syscall.SOCK_CLOEXEC)
	if err != nil {
		return "", err
	}
	defer syscall.Close(conn)
	if _, err := s.Write([]byte("125 here it is\r\n")); err != nil {
		return "", err
	}
	return "226 done\r\n", move(&wire{fd: conn}, file)
}

func (s *bareSession) send(data *wire, file int) error {
	var info syscall.Stat_t
	if err := syscall.Fstat(file, &info); err != nil {
		return err
	}
	if info.Size > bareBuffer {
		return data.sendFile(file, info.Size)
	}
	n, err := syscall.Read(file, s.buffer)
	if err == nil {
		_, err = data.writeRaw(s.buffer[:n])
	}
	return err
}

func (s *bareSession) receive(data *wire, file int) error {
	for {
		n, err := data.readRaw(s.buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			_, err = syscall.Write(file, s.buffer[:n])
		}
		if err != nil {
			return err
		}
	}
}

// listing sends the names of a folder; before, it looks at each entry, if so told.
func (s *bareSession) listing(look bool) func(*wire, int) error {
	return func(data *wire, folder int) error {
		var names []string
		var lines []byte
		for {
			n, err := syscall.ReadDirent(folder, s.buffer)
			if n <= 0 || err != nil {
				return err
			}
			_, _, names = syscall.ParseDirent(s.buffer[:n], -1, names[:0])
			lines = lines[:0]
			for _, name := range names {
				start := len(lines)
				lines = append(append(lines, name...), 0)
				if look && !exists(folder, lines[start:]) {
					return fmt.Errorf("%s is gone", name)
				}
				lines = append(lines[:len(lines)-1], "\r\n"...)
			}
			if _, err := data.writeRaw(lines); err != nil {
				return err
			}
		}
	}
}

// exists asks the kernel for what a listing tells of a file, whose name ends
// with a zero: unix.Statx would copy the name.
func exists(folder int, name []byte) bool {
	var info unix.Statx_t
	_, _, errno := syscall.Syscall6(unix.SYS_STATX, uintptr(folder), uintptr(unsafe.Pointer(unsafe.SliceData(name))),
		unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(&info)), 0)
	return errno == 0
}
