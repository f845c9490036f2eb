package host

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
)

// CertificateStatus is how the certificate of a site is.
type CertificateStatus struct {
	// Thumbprint and File say which one it is; empty when none can be used.
	Thumbprint string `json:"thumbprint,omitempty"`
	File       string `json:"file,omitempty"`
	// Until is the end of its validity, DaysLeft the whole days until then,
	// negative when it is over.
	Until    time.Time `json:"until,omitzero"`
	DaysLeft int       `json:"daysLeft"`
	// SelfSigned says that it is its own issuer: clients cannot tell whose it is.
	SelfSigned bool `json:"selfSigned,omitempty"`
	// Reason says why no certificate can be used.
	Reason string `json:"reason,omitempty"`
}

// certificateStatus is that of a site at a moment; nil when no certificate is
// configured, and none needed.
func certificateStatus(s *site.Site, now time.Time) *CertificateStatus {
	needed := s.Channel.Control != site.ControlAllow || s.Channel.Data == site.DataRequire || slices.ContainsFunc(s.Bindings, site.Binding.Implicit)
	switch t := &s.TLS; {
	case t.Source != nil:
		c := t.Source.Current()
		return &CertificateStatus{
			Thumbprint: c.Thumbprint, File: c.File, Until: c.TLS.Leaf.NotAfter, DaysLeft: c.DaysLeft(now), SelfSigned: selfSigned(c),
		}
	case t.Missing == access.SubStatusNoCertificate && !needed:
		return nil
	default:
		return &CertificateStatus{Reason: t.Reason}
	}
}

func selfSigned(c *cert.Certificate) bool {
	return bytes.Equal(c.TLS.Leaf.RawIssuer, c.TLS.Leaf.RawSubject)
}

// inUse is a certificate and the sites that use it.
type inUse struct {
	*cert.Certificate
	sites []string
}

// defaultsName stands for siteDefaults where the names of sites are told.
const defaultsName = "siteDefaults"

// certificatesInUse are the certificates of all sites as they are now, each
// once, by thumbprint.
func certificatesInUse(snapshot *site.Snapshot) []inUse {
	found := map[string]*inUse{}
	enter := func(name string, t *site.TLS) {
		if t.Source == nil {
			return
		}
		c := t.Source.Current()
		if found[c.Thumbprint] == nil {
			found[c.Thumbprint] = &inUse{Certificate: c}
		}
		if u := found[c.Thumbprint]; !slices.Contains(u.sites, name) {
			u.sites = append(u.sites, name)
		}
	}
	for _, s := range snapshot.Sites {
		enter(s.Name, &s.TLS)
	}
	for _, e := range snapshot.Endpoints {
		enter(defaultsName, &e.DefaultTLS)
	}
	list := make([]inUse, 0, len(found))
	for _, u := range found {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b inUse) int { return cmp.Compare(a.Thumbprint, b.Thumbprint) })
	return list
}

// lookEvery is how often certificates are looked at: days are what counts.
const lookEvery = 24 * time.Hour

// never is a threshold above all others.
const never = 1 << 30

// thresholds are the days left at which an end is told, each once.
func thresholds() []int { return []int{0, 3, 14, 30} }

// calendar tells in time that certificates end.
type calendar struct {
	log zerolog.Logger
	// list returns the certificates in use.
	list func() []inUse
	// told has the last threshold that was told of each certificate in use.
	told map[string]int
	// soon asks for a look before the day is over.
	soon chan struct{}
}

func newCalendar(log zerolog.Logger, list func() []inUse) *calendar {
	return &calendar{log: log, list: list, soon: make(chan struct{}, 1)}
}

// lookSoon has Run look at what is in use now.
func (c *calendar) lookSoon() {
	select {
	case c.soon <- struct{}{}:
	default: // it will
	}
}

// Run looks every day, and when it is asked to, until ctx ends.
func (c *calendar) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		c.look(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-c.soon:
		}
	}
}

// look tells of certificates that have come to a threshold. What is no longer
// in use is forgotten.
func (c *calendar) look(now time.Time) {
	told := map[string]int{}
	for _, u := range c.list() {
		before, known := c.told[u.Thumbprint]
		if !known {
			before = never
		}
		days := u.DaysLeft(now)
		told[u.Thumbprint] = before
		reached := slices.IndexFunc(thresholds(), func(t int) bool { return days <= t })
		if reached < 0 || thresholds()[reached] >= before {
			continue
		}
		told[u.Thumbprint] = thresholds()[reached]
		c.tell(u, days)
	}
	c.told = told
}

func (c *calendar) tell(u inUse, days int) {
	event, message := c.log.Warn(), "certificate ends soon; renew its file"
	if days < 0 {
		event, message = c.log.Error(), "certificate has expired; clients refuse it"
	}
	const enough = 10 // of a thousand sites with one certificate
	event.Str("thumbprint", u.Thumbprint).Str(logging.File, u.File).Time("until", u.TLS.Leaf.NotAfter).Int("daysLeft", days).
		Int(logging.Sites, len(u.sites)).Strs(logging.Site, u.sites[:min(enough, len(u.sites))]).Msg(message)
}
