package replay

import (
	"bytes"
	"strings"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftpserver"
	"github.com/ftphost/ftphost/pkg/site"
)

// verb is what a method of the log means.
type verb struct {
	// name is in upper case, as commands are; pseudo methods have none.
	name   string
	pseudo pseudo
	// asks says that it asks something of a path.
	asks bool
	// rows are what the command table says of it, by feature set; nil for what is
	// not there.
	rows [2]*ftpserver.Verb
}

// pseudo is a method that is no command.
type pseudo int

// The pseudo methods.
const (
	isCommand pseudo = iota
	isNothing
	opensControl
	closesControl
	isData
)

// verbOf reads a method; clients type it in any case.
func (r *replayer) verbOf(typed []byte) *verb {
	if v, known := r.verbs.get(string(typed)); known {
		return v
	}
	v := &verb{name: strings.ToUpper(decoded(typed))}
	for _, set := range [...]site.FeatureSet{site.Extended, site.IIS} {
		if row, known := ftpserver.LookUp(v.name, set); known {
			v.rows[set] = &row
			v.asks = v.asks || asksOf(v.name, row, false) != 0
		}
	}
	switch v.name {
	case "":
		v.pseudo = isNothing
	case "CONTROLCHANNELOPENED":
		v.pseudo = opensControl
	case "CONTROLCHANNELCLOSED":
		v.pseudo = closesControl
	case "DATACHANNELOPENED", "DATACHANNELCLOSED":
		v.pseudo = isData
	}
	r.verbs.put(string(typed), v)
	return v
}

// outcome is how a command was decided then.
type outcome int

// The outcomes. Open means that the log tells of no decision by configuration.
const (
	open outcome = iota
	allowed
	refused
)

const failedByTLS = "commands that failed by certificates or by TLS"

// then reads the outcome of a command. Why says for an open one what kind of
// line it is.
func (l *line) then() (o outcome, why string) {
	switch {
	case l.code == 0:
		return open, "lines without an answer"
	case l.code < 400:
		return allowed, ""
	case l.verb.name == "CCC":
		return open, failedByTLS
	case l.sub >= 0:
		return l.refusal()
	case l.code == 530 && l.verb.name != "PASS":
		return open, "commands before the login"
	default:
		return open, "refusals without a sub-status that says why"
	}
}

// refusal reads the outcome of a command that was refused with a sub-status.
func (l *line) refusal() (o outcome, why string) {
	switch l.sub {
	case access.SubStatusAuthorization, access.SubStatusIPRestriction, access.SubStatusVirtualDirectoryRoot,
		access.SubStatusHiddenSegment, access.SubStatusDeniedSequence, access.SubStatusHighBit,
		access.SubStatusExtension, access.SubStatusPathTooLong, access.SubStatusCommandFiltered,
		access.SubStatusDataRequiresSSL, access.SubStatusControlRequiresSSL,
		access.SubStatusCredentialsRequireSSL, access.SubStatusDataDeniesSSL,
		access.SubStatusHomeDirectory, access.SubStatusNoAuthenticationMethod,
		access.SubStatusIsolationNeedsBasic, access.SubStatusAnonymousNotAllowed:
		return refused, ""
	case access.SubStatusAuthenticationFailed, access.SubStatusAuthenticationError, access.SubStatusCustomAuthentication:
		return open, "logins that failed by the password or the account, which cannot be told apart"
	case access.SubStatusNoCertificate, access.SubStatusSSLInitialization, access.SubStatusCertificateNotFound,
		access.SubStatusNoPrivateKey, access.SubStatusCertificateHashLength, access.SubStatusClientCertificateRequired,
		access.SubStatusClientCertificateInvalid, access.SubStatusClientCertificateMismatch,
		access.SubStatusControlDeniesSSL, access.SubStatusCredentialsDenySSL, access.SubStatusCommandsDenySSL,
		access.SubStatusProtectionNegotiation:
		return open, failedByTLS
	case access.SubStatusFileSystemDenied, access.SubStatusFileSystemError, access.SubStatusNotFileOrDirectory,
		access.SubStatusShortNameCheck, access.SubStatusShortNameForbidden, access.SubStatusFileTooLarge:
		return open, "commands that the file system decided"
	}
	switch {
	case l.code >= 500 && l.code < 504:
		return open, "commands that were not understood, not served or out of order"
	case l.code == 530 && l.verb.name != "PASS":
		return open, "commands before the login"
	case l.code == 550:
		return open, "commands that the file system decided"
	default:
		return open, "commands that ended with their connection, or for other reasons"
	}
}

// ofPath reports whether a sub-status is about a path.
func ofPath(sub int) bool {
	switch sub {
	case access.SubStatusAuthorization, access.SubStatusVirtualDirectoryRoot, access.SubStatusHiddenSegment,
		access.SubStatusDeniedSequence, access.SubStatusHighBit, access.SubStatusExtension, access.SubStatusPathTooLong:
		return true
	default:
		return false
	}
}

// choosesSite reports whether a command names the site, and so is one that the
// site before it has decided about.
func (l *line) choosesSite() bool {
	return l.verb.name == "HOST" || l.verb.name == "USER" && bytes.ContainsAny(l.raw(stem), `|\`)
}

// setsTime reports whether the argument of MDTM begins with a time.
func setsTime(argument []byte) bool {
	const digits = len("20060102150405")
	if len(argument) <= digits || bytes.IndexByte(argument[digits:], '+') < 0 {
		return false
	}
	return !bytes.ContainsFunc(argument[:digits], func(c rune) bool { return c < '0' || c > '9' })
}
