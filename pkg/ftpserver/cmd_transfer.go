package ftpserver

import (
	"context"
	"io"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// retr sends a file, or what REST and RANG name of it.
func (s *session) retr(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	wanted := s.takeSpan()
	file, info, err := s.who.view.Open(s.resolve(cmd.Arg))
	if err != nil {
		return ftp.Reply{}, err
	}
	defer func() { _ = file.Close() }() // only read
	offset, n, err := wanted.within(info.Size)
	if err == nil {
		err = seek(file, offset)
	}
	if err != nil {
		return ftp.Reply{}, err
	}
	t, err := s.openData(ctx, n)
	if err != nil {
		return ftp.Reply{}, err
	}
	defer t.abandon()
	err = t.close(t.send(file, offset, n))
	s.count(t.moved.Load(), 0)
	if err == nil {
		s.site.Counters.FilesSent.Add(1)
		if s.tally != nil {
			s.tally.FilesSent.Add(1)
		}
	}
	return reply(226, textComplete), err
}

// takeSpan returns what REST or RANG set, which counts once.
func (s *session) takeSpan() span {
	p := s.params.span
	s.params.span = span{}
	return p
}

// takeRestart returns the offset of REST. An upload has no end that RANG could
// set.
func (s *session) takeRestart() (int64, error) {
	p := s.takeSpan()
	if p.to != 0 {
		return 0, errSequence
	}
	return p.from, nil
}

// seek goes to offset.
func seek(file content.File, offset int64) error {
	if offset == 0 {
		return nil
	}
	_, err := file.Seek(offset, io.SeekStart)
	return err
}

// count adds the bytes of a data channel to those of the command and of the
// session.
func (s *session) count(sent, received int64) {
	s.now.sent += sent
	s.now.received += received
	s.params.sent += sent
	s.params.received += received
}

// stor receives a file, from the offset of REST on. The old content goes when
// the data connection is there, not before: a client that cannot connect must
// not lose its file.
func (s *session) stor(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	p := s.resolve(cmd.Arg)
	offset, err := s.takeRestart()
	if err != nil {
		return ftp.Reply{}, err
	}
	upload, err := s.who.view.Create(p, content.Resume)
	if err != nil {
		return ftp.Reply{}, err
	}
	err = s.receive(ctx, upload, offset, s.who.view.MaxUpload(p))
	return reply(226, textComplete), err
}

func (s *session) appe(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.takeSpan() // RFC 959 knows REST for RETR and STOR only
	p := s.resolve(cmd.Arg)
	upload, err := s.who.view.Create(p, content.Append)
	if err != nil {
		return ftp.Reply{}, err
	}
	err = s.receive(ctx, upload, upload.Info.Size, s.who.view.MaxUpload(p))
	return reply(226, textComplete), err
}

// stou receives a file under a name that is free. An argument tells the
// directory by its own.
func (s *session) stou(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.takeSpan()
	dir := s.cwd
	if cmd.Arg != "" {
		dir = s.cwd.Join(cmd.Arg).Dir()
	}
	s.now.path = dir
	p, upload, err := s.who.view.CreateUnique(dir)
	if err != nil {
		return ftp.Reply{}, err
	}
	s.now.path = p
	err = s.receive(ctx, upload, 0, s.who.view.MaxUpload(p))
	return reply(226, textUnique(p.Base())), err
}

// receive fills upload from offset on and ends it: kept when all went well,
// otherwise as the site treats partial uploads.
func (s *session) receive(ctx context.Context, upload *vfs.Upload, offset, limit int64) error {
	finish := upload.Abort
	defer func() {
		if finish == nil {
			return
		}
		if err := finish(); err != nil {
			s.event(zerolog.WarnLevel).Err(err).Msg("partial upload not removed")
		}
	}()
	// One beyond the end is refused here, not at REST, as IIS does.
	if _, _, err := (span{from: offset}).within(upload.Info.Size); err != nil {
		finish = upload.Release
		return err
	}
	if err := seek(upload.File, offset); err != nil {
		finish = upload.Release
		return err
	}
	t, err := s.openData(ctx, anyBytes)
	if err != nil {
		finish = upload.Release
		return err
	}
	defer t.abandon()
	upload.Begin()
	if upload.Info.Size > offset {
		err = upload.File.Truncate(offset)
	}
	if err == nil {
		err = t.receive(upload.File, limit)
	}
	err = t.close(err)
	s.count(0, t.moved.Load())
	if err != nil {
		return err
	}
	finish = nil
	s.site.Counters.FilesReceived.Add(1)
	if s.tally != nil {
		s.tally.FilesReceived.Add(1)
	}
	return upload.Commit()
}

// abor without a running transfer closes the data channel that waits for one.
// During a transfer the watcher has cancelled it before ABOR comes here.
func (s *session) abor(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.dropData()
	return successful(226, cmd.Verb), nil
}
