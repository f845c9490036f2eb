package ftpserver

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
)

// secured is what a session has of TLS.
type secured struct {
	// tls is the TLS of the control connection, nil when there was none yet. It
	// stays when the control connection goes back to clear text, because data
	// connections belong to it.
	tls *ftps.Control
	// inClear says that the control connection went back to clear text.
	inClear bool
	// sized says that PBSZ was said or implied, protect that data connections
	// are encrypted (PROT P), and unprotected that the last PROT was refused.
	sized, protect, unprotected bool
}

// handshakeTimeout is how long a client may take for the handshake on the
// control connection, if the site does not end the session earlier.
const handshakeTimeout = 30 * time.Second

// isSecure reports whether what is said on the control connection is encrypted.
func (s *session) isSecure() bool { return s.secure.tls != nil && !s.secure.inClear }

// stream is where the control connection's bytes are written.
func (s *session) stream() io.Writer {
	if s.isSecure() {
		return s.secure.tls
	}
	return s.conn
}

// listenTo reads commands from another stream from now on. What was read
// ahead is forgotten: nothing said in clear counts as said in secret, nor the
// other way round.
func (s *session) listenTo(r io.Reader) {
	s.discard()
	s.in.Release()
	s.in = ftp.NewReader(r)
	s.limitLines()
}

// tlsHere is the TLS of the site the session is on, or of siteDefaults as long
// as it is on none.
func (s *session) tlsHere() *site.TLS {
	if s.site != nil {
		return &s.site.TLS
	}
	return &s.at.DefaultTLS
}

// shake does the handshake on the control connection. A client that fails it
// hears nothing in clear; shake reports false then, and the session ends.
func (s *session) shake() bool {
	if err := s.flush(); err != nil {
		s.lost(err)
		return false
	}
	now := time.Now()
	deadline := s.nextDeadline(now)
	if limit := now.Add(handshakeTimeout); deadline.IsZero() || limit.Before(deadline) {
		deadline = limit
	}
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		err = s.setDeadline(deadline)
	}
	named := ""
	control := s.server.config.Keys.Control(s.conn, func(serverName string) *ftps.Settings {
		settings, chosen := s.settingsFor(serverName)
		if chosen {
			named = serverName
		}
		return settings
	})
	if err == nil {
		err = control.Handshake()
	}
	if err != nil {
		s.server.controlRefused.Add(1)
		s.event(zerolog.WarnLevel).Err(err).Msg("TLS handshake on the control connection failed")
		s.unshaken(err)
		return false
	}
	s.secure.tls, s.secure.inClear = control, false
	s.listenTo(control)
	facts := control.Facts()
	s.event(zerolog.DebugLevel).Str("version", tls.VersionName(facts.Version)).Str("cipher", tls.CipherSuiteName(facts.CipherSuite)).
		Bool("resumed", facts.Resumed).Str("serverName", facts.ServerName).Msg("control connection is encrypted")
	if named == "" {
		return true
	}
	if err := s.choose(named); err != nil {
		s.ended = outcomeOf(err)
		s.answer(s.ended.reply)
		return false
	}
	return true
}

// settingsFor are those for the name a client asked for. A site of this
// endpoint that has the name and a certificate is chosen with it, unless the
// client has named a host before; all other names get what is there without.
func (s *session) settingsFor(serverName string) (settings *ftps.Settings, chosen bool) {
	here := s.tlsHere()
	if serverName != "" && s.host == "" && !here.IgnoreSNI {
		if named := s.at.Select(s.local.Addr(), serverName); named != nil && named.TLS.Settings != nil {
			return named.TLS.Settings, true
		}
	}
	return here.Settings, false
}

// unshaken ends the session because the handshake failed with err.
func (s *session) unshaken(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && s.server.stopping.Load(), errors.Is(err, errStopping):
		s.ended = outcome{sub: access.SubStatusSiteStopping}
	case errors.Is(err, os.ErrDeadlineExceeded) && s.who.principal == nil:
		s.ended = outcome{sub: access.SubStatusNewConnectionTimeout}
	default:
		s.ended = outcome{sub: clientCertificateStatus(err, access.SubStatusSSLInitialization)}
	}
}

// clientCertificateStatus is the sub-status of a handshake that failed because
// of the client's certificate, otherwise the given one.
func clientCertificateStatus(err error, otherwise int) int {
	switch {
	case errors.Is(err, ftps.ErrClientCertificateMissing):
		return access.SubStatusClientCertificateRequired
	case errors.Is(err, ftps.ErrClientCertificateInvalid):
		return access.SubStatusClientCertificateInvalid
	case errors.Is(err, ftps.ErrClientCertificateDiffers):
		return access.SubStatusClientCertificateMismatch
	default:
		return otherwise
	}
}

// unshake goes back to clear text after the reply was sent in secret, and
// reports whether the session goes on.
func (s *session) unshake() bool {
	if err := s.flush(); err != nil {
		s.lost(err)
		return false
	}
	deadline := time.Now().Add(handshakeTimeout)
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		err = s.setDeadline(deadline)
	}
	var clear io.Reader
	if err == nil {
		clear, err = s.secure.tls.Clear()
	}
	if err != nil {
		s.lost(err)
		return false
	}
	s.secure.inClear = true
	s.listenTo(clear)
	return true
}
