package ftpserver

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// user begins a login, anew if someone was logged in (RFC 959 §4.1.1). The
// name may choose the site: host|user always, host\user where the server wants
// domain names to be host names.
func (s *session) user(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.logOut()
	name, err := s.chooseByUser(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if s.site == nil {
		return ftp.Reply{}, errHostExpected
	}
	if err := credentialsPolicy(s.site); err != nil {
		return ftp.Reply{}, err
	}
	s.who.asked, s.who.named = name, true
	if s.site.Login.AllowAnonymous && auth.IsAnonymousName(name) {
		return reply(331, textSendIdentity), nil
	}
	if s.site.Protocol.Replies == site.RepliesIIS75 {
		return reply(331, textPasswordNeededFor(cmd.Arg)), nil
	}
	return reply(331, textPasswordNeeded), nil
}

// chooseByUser takes the host name off the argument of USER and selects its
// site.
func (s *session) chooseByUser(arg string) (name string, err error) {
	if host, account, found := strings.Cut(arg, "|"); found {
		if account == "" {
			account = nameless
		}
		return account, s.choose(host)
	}
	byDomain := s.server.config.UseDomainNameAsHostName
	if host, account, found := strings.Cut(arg, `\`); found && host != "" && byDomain != nil && byDomain() {
		// A domain that is no host name is an ordinary domain.
		if err := s.choose(host); !errors.Is(err, errHostExpected) {
			return account, err
		}
	}
	return arg, nil
}

// nameless is who logs in as "host|".
const nameless = "anonymous"

// pass ends a login. Credentials are checked first, then the home directory,
// so that a wrong password never tells whether there is one.
func (s *session) pass(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if s.site != nil {
		if err := credentialsPolicy(s.site); err != nil {
			return ftp.Reply{}, err
		}
	}
	if !s.who.named || s.site == nil {
		return ftp.Reply{}, errUserFirst
	}
	s.now.identity = auth.IsAnonymousName(s.who.asked)
	name := s.who.asked
	s.who.asked, s.who.named = "", false
	principal, err := s.authenticate(ctx, auth.Credentials{User: name, Password: cmd.Arg, Remote: s.remote.Addr()})
	if err != nil {
		return ftp.Reply{}, s.loginFailed(name, err)
	}
	view := s.site.Root.View(principal)
	start, err := view.Start()
	if err != nil {
		s.event(zerolog.WarnLevel).Err(err).Str(logging.User, name).Msg("home directory inaccessible")
		return ftp.Reply{}, homeRefused(err)
	}
	s.who.principal, s.who.view, s.who.logName = principal, view, s.logNameOf(principal)
	s.cwd, s.now.path = start, start
	s.event(zerolog.DebugLevel).Msg("logged in")
	return s.welcome(), nil
}

// authenticate asks the site's chain, within the time a login may take.
func (s *session) authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	if end := s.nextDeadline(time.Now()); !end.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	return s.site.Login.Authenticate(ctx, c)
}

func (s *session) loginFailed(name string, err error) error {
	r, expected := logonRefused(err)
	level := zerolog.WarnLevel
	if !expected {
		level = zerolog.ErrorLevel
	}
	s.event(level).Err(err).Str(logging.User, name).Int(logging.SubStatus, r.sub).Msg("login failed")
	return r
}

// logOut forgets who was logged in. Transfer parameters stay, and UTF-8 with
// them (RFC 959 §4.1.1): clients ask for it once.
func (s *session) logOut() {
	s.dropData()
	s.who.asked, s.who.named = "", false
	if s.who.principal == nil {
		return
	}
	s.who = identity{since: time.Now(), from: s.who.from}
	s.cwd, s.renameFrom = vpath.Root, ""
}

// rein starts over, as if the client had just connected.
func (s *session) rein(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.logOut()
	s.params = s.params.fresh()
	if s.host != "" {
		s.host = ""
		s.enter(s.at.Select(s.local.Addr(), s.host))
	}
	return successful(codeReady, cmd.Verb), nil
}

// hostName chooses the site before the login (RFC 7151).
func (s *session) hostName(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if s.who.principal != nil {
		return ftp.Reply{}, errSequence
	}
	if err := s.choose(cmd.Arg); err != nil {
		if errors.Is(err, errHostExpected) {
			err = errHostUnknown
		}
		return ftp.Reply{}, err
	}
	// A name that was given to another site counts no longer.
	s.who.asked, s.who.named = "", false
	return reply(codeReady, textHostAccepted), nil
}

func (s *session) quit(context.Context, ftp.Command) (ftp.Reply, error) { return s.farewell(), nil }

func (s *session) acct(context.Context, ftp.Command) (ftp.Reply, error) {
	return reply(202, textAcctIgnored), nil
}

func (s *session) notImplemented(context.Context, ftp.Command) (ftp.Reply, error) {
	return ftp.Reply{}, errNotImplemented
}
