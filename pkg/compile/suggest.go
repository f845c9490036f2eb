package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/cert"
)

// stock is what one store has, read once for all who miss a certificate.
type stock struct {
	usable []*cert.Certificate
	// byName leads from a DNS name, lower case, to the certificates for it.
	byName map[string][]*cert.Certificate
	broken []error
}

// stockOf reads a store.
func (c *compiler) stockOf(store string) *stock {
	key := strings.ToUpper(store)
	if s := c.stocks[key]; s != nil {
		return s
	}
	s := &stock{byName: map[string][]*cert.Certificate{}}
	all, broken := c.parts.Certificates.List(store)
	s.broken = broken
	for _, found := range all {
		leaf := found.TLS.Leaf
		if found.TLS.PrivateKey == nil || c.now.After(leaf.NotAfter) || !forServers(leaf) {
			continue
		}
		s.usable = append(s.usable, found)
		for _, name := range found.Names() {
			name = strings.ToLower(name)
			s.byName[name] = append(s.byName[name], found)
		}
	}
	if c.stocks == nil {
		c.stocks = map[string]*stock{}
	}
	c.stocks[key] = s
	return s
}

// covering returns the certificates for all of hosts; for no hosts, all.
func (s *stock) covering(hosts []string) []*cert.Certificate {
	if len(hosts) == 0 {
		return s.usable
	}
	_, domain, _ := strings.Cut(hosts[0], ".")
	candidates := slices.Concat(s.byName[hosts[0]], s.byName["*."+domain])
	var all []*cert.Certificate
	for _, found := range candidates {
		others := slices.ContainsFunc(hosts, func(h string) bool { return !found.Covers(h) })
		if !others && !slices.Contains(all, found) {
			all = append(all, found)
		}
	}
	return all
}

// instead says what to write in place of a thumbprint that no certificate
// has, if only one can be meant.
func (c *compiler) instead(u *use) string {
	s := c.stockOf(u.store)
	hosts := u.hosts()
	switch fit := s.covering(hosts); {
	case len(fit) == 1 && len(hosts) > 0:
		return fmt.Sprintf("; %s is for %s: write %s", c.below(fit[0].File), listed(hosts), fit[0].Thumbprint)
	case len(fit) == 1:
		return fmt.Sprintf("; the only one there is %s: write %s", c.below(fit[0].File), fit[0].Thumbprint)
	case len(s.broken) > 0:
		return fmt.Sprintf("; files there that cannot be used: %d, the first is %s", len(s.broken), c.below(s.broken[0].Error()))
	default:
		return fmt.Sprintf("; put the file of the certificate into %s, or write the thumbprint of one that is there", folderOf(u.store))
	}
}
