package ftpserver

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
)

func (s *session) dele(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if err := s.who.view.Remove(s.resolve(cmd.Arg)); err != nil {
		return ftp.Reply{}, err
	}
	return successful(250, cmd.Verb), nil
}

// rnfr remembers what to rename. Clients that send something else before RNTO
// (a NOOP to keep the connection) are not punished for it.
func (s *session) rnfr(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	from := s.resolve(cmd.Arg)
	s.renameFrom = ""
	if err := s.who.view.CheckRename(from); err != nil {
		return ftp.Reply{}, err
	}
	s.renameFrom = from
	return reply(350, textRenamePending), nil
}

func (s *session) rnto(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	to, from := s.resolve(cmd.Arg), s.renameFrom
	if from == "" {
		return ftp.Reply{}, errSequence
	}
	s.renameFrom = ""
	if err := s.who.view.Rename(from, to); err != nil {
		return ftp.Reply{}, err
	}
	return successful(250, cmd.Verb), nil
}

// size tells the bytes stored, in every TYPE (RFC 3659 §4 would count the
// bytes transferred; with our ASCII they are the same).
func (s *session) size(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	info, err := s.statFile(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	return reply(213, strconv.FormatInt(info.Size, 10)), nil
}

// mdtm tells the time of a file, or sets it: IIS offers MDTM and no MFMT, so
// clients send "MDTM time path".
func (s *session) mdtm(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if stamp, name, found := strings.Cut(cmd.Arg, " "); found && name != "" {
		if t, err := ftp.ParseTime(stamp); err == nil {
			return s.setTime(name, t)
		}
	}
	info, err := s.statFile(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	return reply(213, ftp.FormatTime(info.ModTime)), nil
}

func (s *session) setTime(name string, t time.Time) (ftp.Reply, error) {
	if err := s.who.view.SetModTime(s.resolve(name), t); err != nil {
		return ftp.Reply{}, err
	}
	return reply(213, ftp.FormatTime(t)), nil
}

// statFile is Stat for what makes sense for files only.
func (s *session) statFile(arg string) (content.Info, error) {
	p := s.resolve(arg)
	info, err := s.who.view.Stat(p)
	if err == nil && info.Dir {
		err = fmt.Errorf("%s: %w", p, content.ErrIsDirectory)
	}
	return info, err
}
