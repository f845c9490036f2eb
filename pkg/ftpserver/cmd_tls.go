package ftpserver

import (
	"context"
	"strings"

	"github.com/ftphost/ftphost/pkg/ftp"
)

// auth refuses TLS as IIS does on a site without a certificate. What was sent
// behind it is gone already, whatever the answer (row.lastInBuffer): nothing
// said in clear may count as said in secret.
func (s *session) auth(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	switch strings.ToUpper(cmd.Arg) {
	case "TLS", "TLS-C", "SSL", "TLS-P":
		return ftp.Reply{}, errNoCertificate
	default:
		return ftp.Reply{}, errUnknownMechanism
	}
}

// withoutAuth answers what makes sense after AUTH only (RFC 4217 §7, §9).
func (s *session) withoutAuth(context.Context, ftp.Command) (ftp.Reply, error) {
	return ftp.Reply{}, errSequence
}
