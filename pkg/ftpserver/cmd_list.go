package ftpserver

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/vpath"
)

const (
	// lineBytes is more than any line of a listing can take.
	lineBytes = 4 << 10
	// firstBytes is how much of a listing is sent at first, so that the client
	// need not wait until a buffer is full.
	firstBytes = 2 << 10
)

// format appends the line of one entry.
type format func(dst []byte, info content.Info) []byte

// lines is the format of LIST in this session. Only UNIX lines show what may
// be written.
func (s *session) lines(q query) format {
	browse := s.site.Browse
	style := listStyle{unix: s.unixStyle(), longDate: browse.LongDate, gmt: browse.UseGMT, page: s.page()}
	now, rights := time.Now(), s.who.view.RightsIn(q.path)
	return func(dst []byte, info content.Info) []byte {
		writable := style.unix && rights(info)&vfs.MayWrite != 0
		return style.appendLine(dst, info, now, writable)
	}
}

// unixStyle reports whether listings look like those of ls: as the site says,
// or the other way round after SITE DIRSTYLE.
func (s *session) unixStyle() bool { return s.site.Browse.Unix != s.params.otherStyle }

// names is the format of NLST: bare names, each behind what the client wrote
// before them.
func (s *session) names(q query) format {
	page := s.page()
	prefix := page.Encode(nlstPrefix(q.named, s.isDirectory(q)))
	return func(dst []byte, info content.Info) []byte {
		return appendName(append(dst, prefix...), page.Encode(info.Name))
	}
}

// isDirectory reports whether a listing is of a directory named as such. It is
// asked only where the prefix depends on it.
func (s *session) isDirectory(q query) bool {
	if q.opt.Pattern != "" || !strings.Contains(q.named, "/") || strings.HasSuffix(q.named, "/") {
		return false
	}
	info, err := s.who.view.Stat(q.path)
	return err == nil && info.Dir
}

// query is what a listing is asked for.
type query struct {
	path vpath.Path
	opt  vfs.ListOptions
	// named is the path as the client wrote it, long is NLST -l.
	named string
	long  bool
}

// query reads the argument of a listing. Wildcards in its last segment select
// from the directory before it.
func (s *session) query(arg string) query {
	args := parseListArgs(arg)
	q := query{path: s.resolve(args.path), opt: vfs.ListOptions{All: args.all}, named: args.path, long: args.long}
	if base := q.path.Base(); strings.ContainsAny(base, "*?") {
		q.path, q.opt.Pattern = q.path.Dir(), base
	}
	return q
}

// list sends a directory in the style of the session.
func (s *session) list(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	q := s.query(cmd.Arg)
	return s.sendList(ctx, q, s.lines(q))
}

// nlst sends bare names.
func (s *session) nlst(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	q := s.query(cmd.Arg)
	if q.long {
		return s.sendList(ctx, q, s.lines(q))
	}
	q.opt.NamesOnly = true
	return s.sendList(ctx, q, s.names(q))
}

// sendList sends a listing. The 125 or 150 comes with the first entry or with
// the end of an empty directory: until then the listing may still be refused.
func (s *session) sendList(ctx context.Context, q query, line format) (ftp.Reply, error) {
	s.takeSpan()
	buffer := s.server.buffers.Get().(*[]byte)
	defer s.server.buffers.Put(buffer)
	out, enough := (*buffer)[:0], firstBytes
	var t *transfer
	defer func() {
		if t != nil {
			t.abandon()
		}
	}()
	begin := func() (err error) {
		if t == nil {
			t, err = s.openData(ctx, anyBytes)
		}
		return err
	}
	err := s.who.view.List(q.path, q.opt, func(info content.Info) error {
		if err := begin(); err != nil {
			return err
		}
		if out = line(out, info); len(out) < enough {
			return nil
		}
		_, err := t.Write(out)
		out, enough = out[:0], copyBuffer-lineBytes
		runtime.Gosched() // others may have waited as long
		return err
	})
	if err == nil && t == nil && q.opt.Pattern != "" && s.site.Protocol.Replies == site.RepliesIIS75 {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = begin()
	}
	if t == nil {
		return ftp.Reply{}, err
	}
	if err == nil {
		_, err = t.Write(out)
	}
	err = t.close(err)
	s.count(t.moved.Load(), 0)
	return s.listed(q.path), err
}

// listed is the answer to a finished listing, with the free space if the site
// shows it.
func (s *session) listed(dir vpath.Path) ftp.Reply {
	done := reply(226, textComplete)
	if !s.site.Browse.AvailableBytes {
		return done
	}
	if free, err := s.who.view.AvailableBytes(dir); err == nil {
		done.Lines = []string{"Directory has " + grouped(free) + " bytes of disk space available."}
	}
	return done
}

// grouped writes a number with commas, as Windows does.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// stat tells about the session, or lists a path on the control connection.
func (s *session) stat(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if cmd.Arg == "" {
		return s.status(nil), nil
	}
	q := s.query(cmd.Arg)
	line := s.lines(q)
	var b []byte
	err := s.who.view.List(q.path, q.opt, func(info content.Info) error {
		if b == nil {
			b = fmt.Appendf(nil, "%d-%s\r\n", codePathStatus, textStatusFollows)
		}
		if b = line(b, info); len(b) < firstBytes {
			return nil
		}
		return s.say(&b)
	})
	switch {
	case err != nil && b == nil:
		return ftp.Reply{}, err
	case b == nil:
		return block(codePathStatus, []string{textStatusFollows}, textEndOfStatus), nil
	}
	if err := s.say(&b); err != nil {
		return ftp.Reply{}, errControlGone
	}
	return reply(codePathStatus, textEndOfStatus), nil
}

const (
	codeStatus     = 211
	codePathStatus = 213
)

// status is STAT without an argument; j is the job that runs, if any.
func (s *session) status(j *job) ftp.Reply {
	kind := "ASCII"
	if s.params.binary {
		kind = "BINARY"
	}
	data := "No data connection"
	if j != nil {
		data = j.progressText()
	}
	return block(codeStatus, []string{
		s.product() + textStatus,
		"     Connected to " + s.remote.Addr().String(),
		"     Logged in as " + s.userName(),
		"     TYPE: " + kind + "; STRUcture: File; transfer MODE: Stream",
		"     " + data,
	}, textEndOfStatus)
}
