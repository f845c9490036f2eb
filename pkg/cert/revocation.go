package cert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
)

// listMustExist decides what happens when the folders hold no revocation list
// of an issuer and the certificate does not say that there is one: it passes.
// Nobody has published lists then, so that nothing can be missing.
const listMustExist = false

// revocation passes when every certificate of one chain is known to be good.
// A revocation tells more than an unknown state.
func (t *trusted) revocation(chains [][]*x509.Certificate, c Checks, now time.Time) error {
	var worst error
	for _, chain := range chains {
		err := t.revokedIn(chain, c, now)
		if err == nil {
			return nil
		}
		if worst == nil || errors.Is(err, ErrRevoked) {
			worst = err
		}
	}
	return worst
}

// revokedIn asks for each certificate but the root, which nobody can revoke:
// it is taken out of the folder.
func (t *trusted) revokedIn(chain []*x509.Certificate, c Checks, now time.Time) error {
	for i := range len(chain) - 1 {
		if err := t.revoked(chain[i], chain[i+1], c, now); err != nil {
			return err
		}
	}
	return nil
}

func (t *trusted) revoked(cert, issuer *x509.Certificate, c Checks, now time.Time) error {
	l, forged := t.list(cert, issuer)
	if l == nil {
		if !listMustExist && len(cert.CRLDistributionPoints) == 0 && forged == "" {
			return nil
		}
		return t.unlisted(cert, issuer, forged)
	}
	if when, ok := l.revoked[string(cert.SerialNumber.Bytes())]; ok {
		return fmt.Errorf("%w: %s took %s back on %s (%s)", ErrRevoked, subject(issuer), subject(cert), minute(when), l.file)
	}
	switch {
	case now.Before(l.ThisUpdate):
		return fmt.Errorf("%w: the list of %s in %s counts from %s only; is the clock right?", ErrRevocationUnknown, subject(issuer), l.file, minute(l.ThisUpdate))
	case !l.NextUpdate.IsZero() && now.After(l.NextUpdate):
		return fmt.Errorf("%w: the list of %s in %s counted until %s; put a newer one there", ErrRevocationUnknown, subject(issuer), l.file, minute(l.NextUpdate))
	case c.Freshness > 0 && now.Sub(l.ThisUpdate) > c.Freshness:
		return fmt.Errorf("%w: the list of %s in %s is of %s, older than revocationFreshnessTime (%s) allows; put a newer one there",
			ErrRevocationUnknown, subject(issuer), l.file, minute(l.ThisUpdate), c.Freshness)
	}
	return nil
}

// list returns the newest list that issuer signed and that is about cert. It
// tells the file of one that only looks so.
func (t *trusted) list(cert, issuer *x509.Certificate) (found *list, forged string) {
	for _, l := range t.lists[string(issuer.RawSubject)] {
		if !l.scope.covers(cert) {
			continue
		}
		if l.signedBy(issuer) {
			return l, ""
		}
		forged = l.file
	}
	return nil, forged
}

func (t *trusted) unlisted(cert, issuer *x509.Certificate, forged string) error {
	why := "no revocation list of its issuer lies in the folders"
	if forged != "" {
		why = "the list in " + forged + " bears the name of its issuer and is not signed by it"
	}
	from := ""
	if len(cert.CRLDistributionPoints) > 0 {
		from = " (the certificate names " + strings.Join(cert.CRLDistributionPoints, ", ") + ")"
	}
	return fmt.Errorf("%w: %s of %s: %s; put the current list of that issuer into a folder of %s as NAME.crl%s, or add NoRevocationCheck to validationFlags",
		ErrRevocationUnknown, subject(cert), subject(issuer), why, t.folder, from)
}
