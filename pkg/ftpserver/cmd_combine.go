package ftpserver

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// comb appends files to one and removes them: the parts of a file that was
// uploaded in several become one (COMB target part...). Nothing has changed
// when it fails, apart from parts that could not be removed at the end.
func (s *session) comb(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	names, ok := words(cmd.Arg)
	switch {
	case !ok:
		return ftp.Reply{}, errArgument
	case len(names) < 2:
		return ftp.Reply{}, errParameters
	}
	target := s.resolve(names[0])
	parts, err := s.parts(target, names[1:])
	if err != nil {
		return ftp.Reply{}, err
	}
	err = s.work(ctx, func(ctx context.Context, j *job) error { return s.combine(ctx, j, target, parts) })
	if err != nil {
		return ftp.Reply{}, err
	}
	for _, p := range parts {
		if err := s.who.view.Remove(p); err != nil {
			return ftp.Reply{}, err
		}
	}
	return successful(250, cmd.Verb), nil
}

// parts are the paths of the parts, each of which may be removed and none of
// which comes twice.
func (s *session) parts(target vpath.Path, names []string) ([]vpath.Path, error) {
	taken := []vpath.Path{target}
	for _, name := range names {
		p := s.cwd.Join(name)
		if slices.ContainsFunc(taken, func(q vpath.Path) bool { rest, _ := p.Under(q); return rest == "." }) {
			return nil, errArgument
		}
		if err := s.who.view.CheckRename(p); err != nil {
			return nil, err
		}
		taken = append(taken, p)
	}
	return taken[1:], nil
}

// combine appends the parts to target, or leaves it as it was.
func (s *session) combine(ctx context.Context, j *job, target vpath.Path, parts []vpath.Path) error {
	upload, err := s.who.view.Create(target, content.Append)
	if err != nil {
		return err
	}
	before := upload.Info.Size
	for _, p := range parts {
		if err = s.appendPart(ctx, j, upload, p, before, s.who.view.MaxUpload(target)); err != nil {
			break
		}
	}
	if err == nil {
		return upload.Commit()
	}
	// The first error says what went wrong; a target that cannot be cut back
	// is told by its size.
	_ = upload.File.Truncate(before)
	_ = upload.Release()
	return err
}

// appendPart appends one part.
func (s *session) appendPart(ctx context.Context, j *job, upload *vfs.Upload, p vpath.Path, before, limit int64) error {
	file, info, err := s.who.view.Open(p)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	switch {
	case info.ID == upload.Info.ID && info.ID != content.FileID{}:
		return errArgument // the target under another name
	case limit > 0 && before+j.moved.Load()+info.Size > limit:
		return errTooLarge
	}
	for rest := info.Size; rest > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(upload.File, file, min(rest, sliceBytes))
		j.moved.Add(n)
		if rest -= n; err != nil {
			return err
		}
	}
	return nil
}

// avbl tells how much may still be uploaded into a directory
// (draft-peterson-streamlined-ftp-command-extensions).
func (s *session) avbl(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	free, err := s.who.view.AvailableBytes(s.resolve(cmd.Arg))
	if err != nil {
		return ftp.Reply{}, err
	}
	return reply(213, strconv.FormatInt(free, 10)), nil
}
