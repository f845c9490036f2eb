package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// list is a revocation list, as far as certificates are looked up in it.
type list struct {
	*x509.RevocationList
	file    string
	revoked map[string]time.Time // by serial number
	scope   scope
	// verdicts remembers whether an issuer signed the list, by raw
	// certificate. Only issuers in chains that were found good get here.
	verdicts sync.Map
}

// scope is what an issuing distribution point says about which certificates a
// list is complete for.
type scope struct {
	onlyUsers, onlyCAs bool
	uris               []string // only certificates that name one of them; none: all
}

var (
	errDelta   = errors.New("it is a delta list, which is not supported; put the complete list there")
	errPartial = errors.New("it is a list for some reasons, for attributes, or of several issuers, which is not supported; put the complete list of the issuer there")
	errUnknown = errors.New("it has a critical extension that is not supported; put a complete list of the issuer there")
	errNoList  = errors.New("it holds no revocation list, in neither PEM nor DER form")
)

// parseLists reads the lists in a file.
func parseLists(data []byte, file string) ([]*list, error) {
	ders := [][]byte{data}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		ders = nil
		for rest := data; ; {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type == "X509 CRL" {
				ders = append(ders, block.Bytes)
			}
		}
	}
	if len(ders) == 0 {
		return nil, errNoList
	}
	var all []*list
	for _, der := range ders {
		l, err := parseList(der, file)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func parseList(der []byte, file string) (*list, error) {
	parsed, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read as a revocation list of version 2: %w", err)
	}
	l := &list{RevocationList: parsed, file: file, revoked: make(map[string]time.Time, len(parsed.RevokedCertificateEntries))}
	for _, ext := range parsed.Extensions {
		switch {
		case ext.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 27}):
			return nil, errDelta
		case ext.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 28}):
			if l.scope, err = parseScope(ext.Value); err != nil {
				return nil, err
			}
		case ext.Critical:
			return nil, errUnknown
		}
	}
	for _, e := range parsed.RevokedCertificateEntries {
		l.revoked[string(e.SerialNumber.Bytes())] = e.RevocationTime
	}
	parsed.RevokedCertificateEntries = nil // they are the bulk, and in the map now
	return l, nil
}

// issuingDistributionPoint is that of RFC 5280, 5.2.5.
type issuingDistributionPoint struct {
	Point          distributionPointName `asn1:"optional,tag:0"`
	OnlyUsers      bool                  `asn1:"optional,tag:1"`
	OnlyCAs        bool                  `asn1:"optional,tag:2"`
	OnlyReasons    asn1.BitString        `asn1:"optional,tag:3"`
	Indirect       bool                  `asn1:"optional,tag:4"`
	OnlyAttributes bool                  `asn1:"optional,tag:5"`
}

type distributionPointName struct {
	FullName []asn1.RawValue `asn1:"optional,tag:0"`
	Relative asn1.RawValue   `asn1:"optional,tag:1"`
}

func parseScope(der []byte) (scope, error) {
	var idp issuingDistributionPoint
	if rest, err := asn1.Unmarshal(der, &idp); err != nil || len(rest) > 0 {
		return scope{}, errUnknown
	}
	if idp.Indirect || idp.OnlyAttributes || idp.OnlyReasons.BitLength > 0 || len(idp.Point.Relative.FullBytes) > 0 {
		return scope{}, errPartial
	}
	s := scope{onlyUsers: idp.OnlyUsers, onlyCAs: idp.OnlyCAs}
	for _, n := range idp.Point.FullName {
		const uri = 6
		if n.Class == asn1.ClassContextSpecific && n.Tag == uri {
			s.uris = append(s.uris, string(n.Bytes))
		}
	}
	if len(idp.Point.FullName) > 0 && len(s.uris) == 0 {
		return scope{}, errPartial
	}
	return s, nil
}

// covers tells whether a certificate would be in the list if it were revoked.
func (s scope) covers(c *x509.Certificate) bool {
	if s.onlyUsers && c.IsCA || s.onlyCAs && !c.IsCA {
		return false
	}
	named := func(uri string) bool { return slices.Contains(c.CRLDistributionPoints, uri) }
	return len(s.uris) == 0 || slices.ContainsFunc(s.uris, named)
}

// signedBy tells whether issuer signed the list; lists can be long, so each
// is asked once.
func (l *list) signedBy(issuer *x509.Certificate) bool {
	key := string(issuer.Raw)
	if good, known := l.verdicts.Load(key); known {
		return good == true
	}
	good := l.CheckSignatureFrom(issuer) == nil
	l.verdicts.Store(key, good)
	return good
}
