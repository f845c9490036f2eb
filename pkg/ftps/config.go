package ftps

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// Application protocols of the two kinds of connections (IANA's registry).
const (
	protocolControl = "ftp"
	protocolData    = "ftp-data"
)

// isForeign reports whether an application protocol is one that browsers and
// other programs speak for themselves. Names that nobody knows are no reason to
// refuse.
func isForeign(protocol string) bool {
	switch protocol {
	case "h2", "h2c", "h3", "webrtc", "c-webrtc", "imap", "pop3", "managesieve", "smtp", "coap", "xmpp-client", "xmpp-server",
		"acme-tls/1", "mqtt", "dot", "doq", "irc", "nntp", "postgresql", "sunrpc", "smb", "tds/8.0":
		return true
	default:
		return strings.HasPrefix(protocol, "http/") || strings.HasPrefix(protocol, "spdy/")
	}
}

// negotiate returns which of our protocols the client offers: none when it
// offers none at all, or only such that nobody knows.
func negotiate(offered []string, ours ...string) ([]string, error) {
	for _, protocol := range ours {
		if slices.Contains(offered, protocol) {
			return []string{protocol}, nil
		}
	}
	if i := slices.IndexFunc(offered, isForeign); i >= 0 {
		return nil, fmt.Errorf("%w: %q", ErrOtherProtocol, offered[i])
	}
	return nil, nil
}

// config is the part that both kinds of connections share.
func (s *Settings) config(certificate *tls.Certificate, protocols []string) *tls.Config {
	c := &tls.Config{
		MinVersion:   max(tls.VersionTLS12, s.MinVersion),
		Certificates: []tls.Certificate{*certificate},
		NextProtos:   protocols,
		// Streams gain nothing from records that start small.
		DynamicRecordSizingDisabled: true,
		SessionTicketsDisabled:      s.Resumption == NoResumption,
	}
	if s.ClientCertificates != Ignore {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}

// verify checks the client's certificate after each handshake: crypto/tls
// does not check those of resumed sessions again.
func (s *Settings) verify(state tls.ConnectionState) error {
	switch {
	case s.ClientCertificates == Ignore:
		return nil
	case len(state.PeerCertificates) == 0 && s.ClientCertificates == Require:
		return ErrClientCertificateMissing
	case len(state.PeerCertificates) == 0 || s.Verify == nil:
		return nil
	}
	if err := s.Verify(state.PeerCertificates); err != nil {
		return fmt.Errorf("%w: %w", ErrClientCertificateInvalid, err)
	}
	return nil
}

// wrap returns a function that makes tickets which say whose session they are.
func (k *Keys) wrap(owner []byte) func(tls.ConnectionState, *tls.SessionState) ([]byte, error) {
	return func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
		session.Extra = append(session.Extra, owner)
		return k.base.EncryptTicket(state, session)
	}
}

// unwrap opens a ticket, of whatever control connection. A ticket that cannot
// be opened is too old, or of another process.
func (k *Keys) unwrap(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
	session, err := k.base.DecryptTicket(ticket, state)
	if session != nil {
		session.Extra = nil // the new ticket has a new owner
	}
	return session, err
}

// belongs reports whether a session is that of an owner.
func belongs(session *tls.SessionState, owner []byte) bool {
	return slices.ContainsFunc(session.Extra, func(extra []byte) bool { return bytes.Equal(extra, owner) })
}
