// Package ftps is TLS as FTP uses it (RFC 4217): one handshake on the control
// connection, which may end in clear text again, and one on each data
// connection, bound to that of the control connection. It knows certificates
// only as something it is handed, and no commands and replies.
package ftps

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
)

// Settings are what a handshake goes by. They are fixed once built and shared.
type Settings struct {
	// Certificate returns the certificate of this moment; it is asked once per
	// handshake on a control connection. Data connections use the same one.
	Certificate func() *tls.Certificate
	// ClientCertificates says whether the client is asked for a certificate.
	ClientCertificates ClientPolicy
	// Verify checks a certificate that the client sent, its own first; nil
	// takes any.
	Verify func(chain []*x509.Certificate) error
	// Resumption says what data connections have to do with sessions.
	Resumption Resumption
	// MinVersion is tls.VersionTLS12 or tls.VersionTLS13; 0 is the first.
	MinVersion uint16
}

// ClientPolicy says whether clients are asked for a certificate, with IIS's
// numbers (clientCertificatePolicy).
type ClientPolicy int

// The client certificate policies.
const (
	// Ignore does not ask.
	Ignore ClientPolicy = iota
	// Allow asks; one that is sent must be valid.
	Allow
	// Require refuses clients without one.
	Require
)

// Resumption is what data connections have to do with the TLS session of
// their control connection, with the numbers of the schema.
type Resumption int

// The ways to treat resumption.
const (
	// AcceptResumption lets a data connection resume the session of its own
	// control connection, or begin a new one.
	AcceptResumption Resumption = iota
	// NoResumption issues no tickets at all.
	NoResumption
	// RequireResumption refuses data connections that do not resume: whoever
	// opens them has what only the client has, not merely its address.
	RequireResumption
)

// Why a handshake failed, apart from what crypto/tls says itself. Each is
// wrapped with its cause where there is one.
var (
	// ErrNoCertificate means that nothing could be chosen for the client.
	ErrNoCertificate = errors.New("there is no certificate for this client")
	// ErrOtherProtocol means that the client wants to speak something else, such
	// as HTTP: a page in a browser may have sent it here (cross-protocol attack).
	ErrOtherProtocol = errors.New("the client wants to speak another protocol than FTP")
	// ErrClientCertificateMissing means that the client sent no certificate and
	// must (sub-status 47).
	ErrClientCertificateMissing = errors.New("the client sent no certificate")
	// ErrClientCertificateInvalid means that Verify refused it (sub-status 48).
	ErrClientCertificateInvalid = errors.New("the certificate of the client is not valid")
	// ErrClientCertificateDiffers means that the data connection does not have
	// the client certificate of the control connection (sub-status 49).
	ErrClientCertificateDiffers = errors.New("the data connection has not the client certificate of the control connection")
	// ErrNotResumed means that a data connection had to resume the session of
	// its control connection and did not.
	ErrNotResumed = errors.New("the data connection does not resume the TLS session of its control connection")
	// ErrForeignSession is ErrNotResumed of a client that offered the session of
	// another control connection.
	ErrForeignSession = errors.New("the data connection offers the TLS session of another control connection")
	// ErrNotTLS means that what came is no TLS.
	ErrNotTLS = errors.New("the client does not speak TLS")
)

// ErrBadRecord means that what came after the handshake is damaged, forged or
// no TLS.
var ErrBadRecord = errors.New("what the client sent is not of this TLS connection")

// Keys protect the session tickets of all sites. They change by themselves
// every day. The host owns them, so that they outlive configurations.
type Keys struct{ base tls.Config }

// NewKeys returns new keys, which only memory knows.
func NewKeys() *Keys { return &Keys{} }

// Facts are what a handshake came to, for logs.
type Facts struct {
	// ServerName is the name the client asked for (SNI), "" for none.
	ServerName string
	// Version and CipherSuite are numbers of crypto/tls, which names them.
	Version, CipherSuite uint16
	// Resumed says that an earlier session was resumed.
	Resumed bool
}

// handshakeError makes the error of a failed handshake one of those above, if
// it is.
func handshakeError(err error) error {
	var header tls.RecordHeaderError
	if errors.As(err, &header) {
		return errors.Join(ErrNotTLS, err)
	}
	return err
}

// readError is what an error of crypto/tls means that is not one of the
// connection below it: the client broke TLS off with an alert, or ErrBadRecord.
func readError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	return errors.Join(ErrBadRecord, err)
}
