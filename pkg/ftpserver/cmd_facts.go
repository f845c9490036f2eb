package ftpserver

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// mlsd sends the facts of a directory's entries (RFC 3659 §7). There are no
// wildcards and no flags. The directory itself and its parent, which may stand
// there as cdir and pdir, do not: clients that count lines or copy all that
// they find expect the entries of LIST.
func (s *session) mlsd(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	dir := s.resolve(cmd.Arg)
	if err := s.who.view.Enter(dir); errors.Is(err, content.ErrNotDirectory) {
		return ftp.Reply{}, errNoDirectory
	} else if err != nil {
		return ftp.Reply{}, err
	}
	rights, perms, asked, page := s.who.view.RightsIn(dir), s.letters(), s.params.facts, s.page()
	return s.sendList(ctx, query{path: dir}, func(dst []byte, info content.Info) []byte {
		d := described{Info: info}
		if asked&factPerm != 0 {
			d.perm = perms.of(info.Dir, rights(info))
		}
		if asked&factCreate != 0 {
			d.created = s.created(dir.Join(info.Name))
		}
		return appendName(appendFacts(dst, asked, &d), page.Encode(info.Name))
	})
}

// mlst tells the facts of one file or directory, by its whole path.
func (s *session) mlst(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	p := s.resolve(cmd.Arg)
	info, err := s.who.view.Stat(p)
	if err != nil {
		return ftp.Reply{}, err
	}
	d := described{Info: info, perm: s.letters().of(info.Dir, s.who.view.Rights(p, info))}
	if s.params.facts&factCreate != 0 {
		d.created = s.created(p)
	}
	line := " " + string(appendFacts(nil, s.params.facts, &d)) + string(p)
	return block(250, []string{"Listing " + string(p), line}, "End"), nil
}

// letters are those of perm in this session.
func (s *session) letters() *letters {
	return lettersFor(func(verb string) bool { return s.site.Commands.Check(verb) == nil })
}

// created is when p was created, or zero when that is not known.
func (s *session) created(p vpath.Path) time.Time {
	t, err := s.who.view.Created(p)
	if err != nil {
		return time.Time{}
	}
	return t
}

// optsMLST chooses the facts.
func (s *session) optsMLST(list string) (ftp.Reply, error) {
	chosen, ok := parseFacts(list)
	if !ok {
		return ftp.Reply{}, errOption
	}
	s.params.facts = chosen
	return reply(200, strings.TrimRight("MLST OPTS "+chosen.String(), " ")), nil
}

// mfmt sets the time of the last change (draft-somers-ftp-mfxx).
func (s *session) mfmt(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return s.setFact("Modify", cmd.Arg, s.who.view.SetModTime)
}

// mfct sets the time of creation, where the file system has one that can be
// set.
func (s *session) mfct(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return s.setFact("Create", cmd.Arg, s.who.view.SetCreated)
}

// setFact sets a time given as "YYYYMMDDHHMMSS path".
func (s *session) setFact(fact, arg string, set func(vpath.Path, time.Time) error) (ftp.Reply, error) {
	stamp, name, _ := strings.Cut(arg, " ")
	if name == "" {
		return ftp.Reply{}, errParameters
	}
	t, err := ftp.ParseTime(stamp)
	if err != nil {
		return ftp.Reply{}, errArgument
	}
	if err := set(s.resolve(name), t); err != nil {
		return ftp.Reply{}, err
	}
	return reply(213, fact+"="+ftp.FormatTime(t)+"; "+name), nil
}
