package ftpserver

import (
	"context"

	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// resolve is the path an argument means; the log gets it too.
func (s *session) resolve(arg string) vpath.Path {
	s.now.path = s.cwd.Join(arg)
	return s.now.path
}

func (s *session) cwdir(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return s.changeTo(s.resolve(cmd.Arg), cmd)
}

// cdup at the root stays there.
func (s *session) cdup(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return s.changeTo(s.resolve(".."), cmd)
}

func (s *session) changeTo(p vpath.Path, cmd ftp.Command) (ftp.Reply, error) {
	if err := s.who.view.Enter(p); err != nil {
		return ftp.Reply{}, err
	}
	s.cwd = p
	return successful(250, cmd.Verb), nil
}

func (s *session) pwd(context.Context, ftp.Command) (ftp.Reply, error) {
	return reply(257, s.cwd.Quote()+" is current directory."), nil
}

// mkd answers with the argument as it was typed, not with the whole path.
func (s *session) mkd(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if err := s.who.view.Mkdir(s.resolve(cmd.Arg)); err != nil {
		return ftp.Reply{}, err
	}
	return reply(257, vpath.Path(cmd.Arg).Quote()+" directory created."), nil
}

func (s *session) rmd(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if err := s.who.view.Rmdir(s.resolve(cmd.Arg)); err != nil {
		return ftp.Reply{}, err
	}
	return successful(250, cmd.Verb), nil
}
