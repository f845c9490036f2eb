package ftpserver

import (
	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/logging"
)

// gate is one check before a command runs. The row is nil for a verb that is
// not in the table.
type gate func(s *session, row *command, cmd ftp.Command) error

// gates are the checks before every command. The order is the security
// policy: who speaks another protocol is heard no further, what is filtered does not even show whether it exists, nothing is
// said about a login before the channel may carry it, and a stranger learns
// nothing about arguments.
func gates() []gate {
	return []gate{
		otherProtocol,
		commandFilter,
		knownVerb,
		controlPolicy,
		rightState,
		rightArgument,
		dataPolicy,
		dataChannelAsked,
	}
}

// otherProtocol ends the session of a client that speaks HTTP or SMTP: a web
// page can make a browser say to any port what looks like FTP further down.
// IIS does not notice.
func otherProtocol(s *session, _ *command, cmd ftp.Command) error {
	if !s.extended() {
		return nil
	}
	switch cmd.Verb {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI",
		"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "VRFY", "EXPN":
		s.event(zerolog.WarnLevel).Str(logging.Verb, cmd.Verb).Msg("this client speaks HTTP or SMTP: session ended")
		return errOtherProtocol
	default:
		return nil
	}
}

// commandFilter applies commandFiltering to the verb as received.
func commandFilter(s *session, _ *command, cmd ftp.Command) error {
	if s.site == nil {
		return nil
	}
	return s.site.Commands.Check(cmd.Verb)
}

func knownVerb(_ *session, row *command, _ ftp.Command) error {
	if row == nil {
		return errNotUnderstood
	}
	return nil
}

// controlPolicy refuses what may not be said on a clear control channel.
func controlPolicy(s *session, row *command, _ ftp.Command) error {
	if s.site == nil {
		return nil
	}
	return policyRefusal(s.site.Channel.Command(s.isSecure(), row.inClear))
}

// credentialsPolicy refuses USER and PASS on a clear control channel. It is
// asked by them, because the name in USER may choose another site.
func (s *session) credentialsPolicy() error {
	if s.isSecure() {
		return s.certificatePolicy()
	}
	return policyRefusal(s.site.Channel.Credentials(false))
}

// certificatePolicy asks for the client certificate that the site wants. The
// handshake has done so already, unless it was for another site.
func (s *session) certificatePolicy() error {
	wanted := s.site.TLS.Settings
	if wanted == nil {
		return nil
	}
	err := s.secure.tls.Satisfies(wanted)
	if err == nil {
		return nil
	}
	s.event(zerolog.WarnLevel).Err(err).Msg("the client's certificate is not what this site wants")
	return cannotLogIn(win32AccessDenied, clientCertificateStatus(err, access.SubStatusSSLInitialization))
}

func rightState(s *session, row *command, _ ftp.Command) error {
	if s.who.principal == nil && row.when&stranger == 0 {
		return errLoginNeeded
	}
	return nil
}

// rightArgument checks that there is an argument where one is needed and none
// where none is allowed. One space and nothing else is no argument.
func rightArgument(_ *session, row *command, cmd ftp.Command) error {
	given := cmd.Arg != ""
	if row.arg == required && !given || row.arg == none && given {
		return errParameters
	}
	return nil
}

// dataPolicy refuses transfers that would have to be encrypted, or must not be.
// IIS does so at the transfer, not at PASV or PORT.
func dataPolicy(s *session, row *command, _ ftp.Command) error {
	switch {
	case !row.data:
		return nil
	case s.secure.unprotected:
		return errNotProtected
	default:
		return policyRefusal(s.site.Channel.Transfer(s.secure.protect))
	}
}

// dataChannelAsked refuses a transfer without PORT or PASV before it: we do
// not connect to the default data port, which hardly a client listens on.
func dataChannelAsked(s *session, row *command, _ ftp.Command) error {
	if row.data && s.data == nil {
		return errNoDataConnection
	}
	return nil
}
