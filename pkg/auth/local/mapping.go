package local

import (
	"context"
	"crypto/x509"
	"encoding/asn1"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/cert"
)

// Mark is what a certificate is known by, in the form in which marks are
// compared.
type Mark string

// Mapping says which account a certificate with a mark belongs to. It must not
// change once logins use it.
type Mapping map[Mark]string

// ByThumbprint is the mark of the one certificate with that thumbprint, which
// is 40 hexadecimal digits.
func ByThumbprint(thumbprint string) Mark { return Mark("thumbprint:" + auth.Fold(thumbprint)) }

// BySubject is the mark of certificates with that subject, a distinguished
// name as openssl or Windows prints it.
func BySubject(subject string) (Mark, error) {
	name, err := parseSubject(subject)
	return Mark("subject:" + name), err
}

// ByName is the mark of certificates that have a user principal name or an
// e-mail address among their alternative names.
func ByName(name string) Mark { return Mark("name:" + auth.Fold(name)) }

// marksOf are the marks of a certificate.
func marksOf(leaf *x509.Certificate) []Mark {
	marks := []Mark{ByThumbprint(cert.Thumbprint(leaf.Raw))}
	if subject, ok := subjectOf(leaf.RawSubject); ok {
		marks = append(marks, Mark("subject:"+subject))
	}
	for _, name := range principalNames(leaf) {
		marks = append(marks, ByName(name))
	}
	for _, name := range leaf.EmailAddresses {
		marks = append(marks, ByName(name))
	}
	return marks
}

// Certificates answers logins with a client certificate. It is safe for
// concurrent use and must not be changed after its first use.
type Certificates struct {
	// Directory returns the accounts as they are now; it is asked once per
	// login.
	Directory func() *Directory
	// Domain is the computer's name, which qualifies every account.
	Domain string
	// Mapping says whose a certificate is.
	Mapping Mapping
}

// Certificate returns the principal of the account that user names, when the
// certificate has a mark of that account.
func (c *Certificates) Certificate(_ context.Context, user string, leaf *x509.Certificate) (*auth.Principal, error) {
	d := c.Directory()
	e := d.find(c.Domain, user)
	if e == nil {
		return nil, auth.ErrLogon
	}
	for _, mark := range marksOf(leaf) {
		account, ok := c.Mapping[mark]
		if !ok || d.find(c.Domain, account) != e {
			continue
		}
		if !e.user.Enabled {
			return nil, auth.ErrAccountDisabled
		}
		return e.in(c.Domain, c.Directory), nil
	}
	return nil, auth.ErrLogon
}

// The object identifiers of alternative names and of user principal names.
const (
	alternativeNames  = "2.5.29.17"
	userPrincipalName = "1.3.6.1.4.1.311.20.2.3"
)

// principalNames are the user principal names among the alternative names of
// a certificate, which crypto/x509 does not read.
func principalNames(leaf *x509.Certificate) []string {
	var names []string
	for _, extension := range leaf.Extensions {
		if extension.Id.String() != alternativeNames {
			continue
		}
		var list []asn1.RawValue
		if rest, err := asn1.Unmarshal(extension.Value, &list); err != nil || len(rest) > 0 {
			return nil
		}
		for _, entry := range list {
			if name, ok := principalName(entry); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// principalName reads one alternative name if it is a user principal name.
func principalName(entry asn1.RawValue) (string, bool) {
	const otherName = 0 // the first choice of GeneralName
	if entry.Class != asn1.ClassContextSpecific || entry.Tag != otherName {
		return "", false
	}
	var other struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue // [0] EXPLICIT
	}
	rest, err := asn1.UnmarshalWithParams(entry.FullBytes, &other, "tag:0")
	if err != nil || len(rest) > 0 || other.Type.String() != userPrincipalName || other.Value.Class != asn1.ClassContextSpecific || other.Value.Tag != 0 {
		return "", false
	}
	var value any
	if rest, err = asn1.Unmarshal(other.Value.Bytes, &value); err != nil || len(rest) > 0 {
		return "", false
	}
	name, ok := value.(string)
	return name, ok && name != ""
}
