// Package cert keeps certificates in folders, as Windows keeps them in
// stores, finds them by thumbprint, follows their files when they are renewed
// and judges the certificates of clients.
package cert

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"time"
)

// Certificate is a certificate as it was read from a file.
type Certificate struct {
	// TLS is what a handshake needs: the chain, the leaf parsed, and the
	// private key, which is nil when the file has none.
	TLS tls.Certificate
	// Thumbprint is the SHA-1 of the leaf, 40 upper-case hexadecimal digits.
	Thumbprint string
	// Store is the name of the store's folder, File the path of the file.
	Store, File string
}

// Covers tells whether the certificate was issued for host, a DNS name or an
// IP address. A certificate without any alternative name counts for the
// common name of its subject, because IIS Manager made such ones.
func (c *Certificate) Covers(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return false
	}
	leaf := c.TLS.Leaf
	if hasNames(leaf) {
		return leaf.VerifyHostname(host) == nil
	}
	plain := x509.Certificate{DNSNames: []string{leaf.Subject.CommonName}}
	return net.ParseIP(host) == nil && plain.VerifyHostname(host) == nil
}

// Names are the DNS names and IP addresses the certificate is for.
func (c *Certificate) Names() []string {
	leaf := c.TLS.Leaf
	if !hasNames(leaf) {
		if leaf.Subject.CommonName == "" {
			return nil
		}
		return []string{leaf.Subject.CommonName}
	}
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// DaysLeft is how many whole days the certificate is still valid: 0 on its
// last day, negative when it has expired.
func (c *Certificate) DaysLeft(now time.Time) int {
	left := c.TLS.Leaf.NotAfter.Sub(now)
	if left < 0 {
		return int(left/day) - 1
	}
	return int(left / day)
}

const day = 24 * time.Hour

func hasNames(leaf *x509.Certificate) bool {
	return len(leaf.DNSNames) > 0 || len(leaf.IPAddresses) > 0
}

// missing returns the names of c that other is not for.
func (c *Certificate) missing(other *Certificate) []string {
	var lost []string
	theirs := other.Names()
	for _, name := range c.Names() {
		same := func(s string) bool { return strings.EqualFold(s, name) }
		if !slices.ContainsFunc(theirs, same) && !other.Covers(name) {
			lost = append(lost, name)
		}
	}
	return lost
}
