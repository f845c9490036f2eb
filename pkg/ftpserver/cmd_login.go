package ftpserver

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// user begins a login, anew if someone was logged in (RFC 959 §4.1.1). The
// name may choose the site: host|user always, host\user where the server wants
// domain names to be host names.
func (s *session) user(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.logOut()
	name, err := s.chooseByUser(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if s.site == nil {
		return ftp.Reply{}, errHostExpected
	}
	if err := s.credentialsPolicy(); err != nil {
		return ftp.Reply{}, err
	}
	if welcome, known, err := s.byCertificate(ctx, name); known {
		return welcome, err
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
		if err := s.credentialsPolicy(); err != nil {
			return ftp.Reply{}, err
		}
	}
	if !s.who.named || s.site == nil {
		return ftp.Reply{}, errUserFirst
	}
	s.now.identity = auth.IsAnonymousName(s.who.asked)
	name := s.who.asked
	s.who.asked, s.who.named = "", false
	s.site.Counters.Logons.Add(1)
	principal, err := s.authenticate(ctx, auth.Credentials{User: name, Password: cmd.Arg, Remote: s.remote.Addr()})
	if err != nil {
		return ftp.Reply{}, s.loginFailed(name, err)
	}
	return s.logIn(principal, reply(230, textLoggedIn))
}

// byCertificate logs in who proves with the client certificate to be name; no
// password is asked then (RFC 4217 §10.1). Others have to give theirs.
func (s *session) byCertificate(ctx context.Context, name string) (welcome ftp.Reply, known bool, err error) {
	settings := s.site.TLS.Settings
	if s.site.Login.Certificates == nil || !s.isSecure() || settings == nil || settings.ClientCertificates == ftps.Ignore {
		return ftp.Reply{}, false, nil
	}
	s.who.renewed = s.server.renewals.Load() // before accounts are looked at
	leaf := s.secure.tls.ClientCertificate()
	if leaf == nil {
		return ftp.Reply{}, false, nil
	}
	principal, err := s.site.Login.Certificates.Certificate(ctx, name, leaf)
	if err != nil {
		s.event(zerolog.InfoLevel).Err(err).Str(logging.User, name).Str("subject", leaf.Subject.String()).
			Msg("the client certificate does not log in this user; a password is asked")
		return ftp.Reply{}, false, nil
	}
	welcome, err = s.logIn(principal, reply(232, textLoggedInByTLS))
	return welcome, true, err
}

// logIn lets the principal in; answer is the last line of what they read.
func (s *session) logIn(principal *auth.Principal, answer ftp.Reply) (ftp.Reply, error) {
	view := s.site.Root.View(principal, s.client())
	start, err := view.Start()
	if err != nil {
		s.event(zerolog.WarnLevel).Err(err).Str(logging.User, principal.Name()).Msg("home directory inaccessible")
		return ftp.Reply{}, homeRefused(err)
	}
	s.who.principal, s.who.view, s.who.logName = principal, view, s.logNameOf(principal)
	counters := s.site.Counters
	if principal.Anonymous() {
		s.countUser(&counters.Anonymous, counters.User(anonymousShown, s.site.UserNames))
	} else {
		s.countUser(&counters.Named, counters.User(s.who.logName, s.site.UserNames))
	}
	s.cwd, s.now.path = start, start
	s.event(zerolog.DebugLevel).Msg("logged in")
	if text := s.site.Messages.Greeting; text != "" {
		answer.Lines = s.message(text)
	}
	return answer, nil
}

// authenticate asks the site's chain, within the time a login may take.
func (s *session) authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	s.who.renewed = s.server.renewals.Load() // before accounts are looked at
	if end := s.nextDeadline(time.Now()); !end.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	return auth.Throttled{Chain: s.site.Login, Attempts: s.server.config.Attempts}.Authenticate(ctx, c)
}

func (s *session) loginFailed(name string, err error) error {
	s.site.Counters.FailedLogons.Add(1)
	r, expected := logonRefused(err)
	level := zerolog.WarnLevel
	if !expected {
		level = zerolog.ErrorLevel
	}
	s.event(level).Err(err).Str(logging.User, name).Int(logging.SubStatus, r.sub).Msg("login failed")
	if errors.Is(err, auth.ErrBlocked) {
		s.reset()
	}
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
	s.countUser(nil, nil)
	s.who = identity{since: time.Now(), from: s.who.from}
	s.cwd, s.renameFrom = vpath.Root, ""
}

// rein starts over, as if the client had just connected: in clear text, except
// where TLS begins with the connection.
func (s *session) rein(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	s.logOut()
	s.params = s.params.fresh()
	if s.host != "" {
		s.host = ""
		s.enter(s.at.Select(s.local.Addr(), s.host))
	}
	if s.at.Implicit() {
		s.secure = secured{tls: s.secure.tls, sized: true, protect: true}
		return successful(codeReady, cmd.Verb), nil
	}
	wasSecure := s.isSecure()
	s.secure = secured{tls: s.secure.tls, inClear: !wasSecure}
	if wasSecure {
		s.then = func() bool {
			goesOn := s.unshake()
			s.secure = secured{}
			return goesOn
		}
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
