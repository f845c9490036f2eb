package site

import (
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/ftps"
)

// TLS is what a site has for TLS (ftpServer/security/ssl,
// sslClientCertificates, ftpHost/tls), or what siteDefaults have for clients
// that have named no site yet.
type TLS struct {
	// Settings are what handshakes go by; nil when no certificate can be used.
	*ftps.Settings
	// Source is where the certificate comes from; nil when Settings is.
	Source *cert.Entry
	// Missing is the sub-status that says why there are no Settings; 0 when
	// there are.
	Missing int
	// Reason says for people why there are no Settings, and what to do.
	Reason string
	// IgnoreSNI leaves the choice of the site to HOST and USER. It counts where
	// the handshake begins: on the site without a host name, or on siteDefaults.
	IgnoreSNI bool
}
