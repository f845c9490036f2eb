package compile

import (
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/site"
)

// A configuration is compiled again and again while the host runs, mostly
// because of one site. What stands as it stood is not built again: the file of
// ten thousand sites is served sooner, and sessions, caches and connections to
// directories are left alone. Positions count as well, since people are told
// where a rule is written; a line more or less has everything behind it built
// anew.

// built is what one entry of the sites came to.
type built struct {
	print apphost.Fingerprint
	// site and stopped are what the compiler's site returned.
	site    *site.Site
	stopped *site.Stopped
	// problems are what was said about it.
	problems apphost.ErrorList
}

// common is what sites have in common.
type common struct {
	// rest is of all that is written outside of the sites.
	rest apphost.Fingerprint
	// sources are asked about passwords, in order.
	sources []auth.Provider
	// certificates knows the accounts of client certificates.
	certificates *local.Certificates
}

// Same reports whether two results serve the same, because all that is written
// is the same.
func (r *Result) Same(other *Result) bool {
	return maps.Equal(r.running, other.running) && r.common.rest == other.common.rest &&
		maps.EqualFunc(r.built, other.built, func(a, b *built) bool { return a.print == b.print })
}

// SameText reports whether the same is written in the configurations that two
// results come from, be it on other lines.
func (r *Result) SameText(other *Result) bool {
	return r.common.rest.Text == other.common.rest.Text &&
		maps.EqualFunc(r.built, other.built, func(a, b *built) bool { return a.print.Text == b.print.Text })
}

// Serves reports whether a site is served, by its number.
func (r *Result) Serves(id uint32) bool { return r.running[id] != nil }

// Release gives back what this result has that its successor does not, such as
// connections to directories. Sites of it that go on can still use it.
func (r *Result) Release(next *Result) error {
	var errs []error
	for _, source := range r.common.sources {
		if c, ok := source.(io.Closer); ok && !slices.Contains(next.common.sources, source) {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// share takes over what sites have in common, if nothing changed in it.
func (c *compiler) share(result *Result, rest apphost.Fingerprint) {
	c.rest = rest
	if !c.parts.Afresh && c.same(c.parts.Previous.common.rest, rest) {
		c.common = c.parts.Previous.common
	}
	result.common, result.Displaced = c.common, c.rest != rest
}

// same reports whether two parts of the documents are as good as the same.
func (c *compiler) same(a, b apphost.Fingerprint) bool {
	return a == b || c.parts.Quick && a.Text == b.Text
}

// shareOfSites is how many sites are worth a goroutine.
const shareOfSites = 64

// buildAll builds the sites, neighbours together, as many at once as there are
// processors.
func (c *compiler) buildAll(entries []*apphost.Element, ids []uint32, prints []apphost.Fingerprint) []*built {
	list := make([]*built, len(entries))
	shares := max(1, min(runtime.GOMAXPROCS(0), len(entries)/shareOfSites))
	forks := make([]*compiler, shares)
	var all sync.WaitGroup
	for n := range forks {
		forks[n] = c.fork()
		all.Go(func() {
			for i := n * len(entries) / shares; i < (n+1)*len(entries)/shares; i++ {
				list[i] = forks[n].build(entries[i], ids[i], prints[i])
			}
		})
	}
	all.Wait()
	for _, f := range forks {
		c.problems = append(c.problems, f.problems...)
	}
	return list
}

// fork is a compiler for some of the sites. What the sections of the server say
// is fixed by then.
func (c *compiler) fork() *compiler {
	f := *c
	f.problems, f.stocks, f.said = nil, nil, maps.Clone(c.said)
	return &f
}

// build builds a site, or takes over what was built before from the same words.
func (c *compiler) build(e *apphost.Element, id uint32, print apphost.Fingerprint) *built {
	if before := c.parts.Previous.built[id]; before != nil && c.same(before.print, print) && c.stillGood(before) {
		c.problems = append(c.problems, before.problems...)
		return before
	}
	from := len(c.problems)
	b := &built{print: print}
	b.site, b.stopped = c.site(e, id)
	b.problems = append(b.problems, c.problems[from:]...)
	return b
}

// stillGood reports whether a site can be taken over: it is served, and not
// because of something outside of the configuration, such as a missing
// certificate, other than that says.
func (c *compiler) stillGood(b *built) bool {
	previous := c.parts.Previous
	switch {
	case c.parts.Afresh || c.rest != previous.common.rest:
		return false
	case b.site == nil:
		return b.stopped == nil || b.stopped.Reason == ""
	default:
		missing := b.site.TLS.Missing
		return previous.running[b.site.ID] == b.site && (missing == access.SubStatusOK || missing == access.SubStatusNoCertificate)
	}
}

// kept returns the site that goes on as it was, and why, when what the file
// says of it cannot be served: nil otherwise.
func (c *compiler) kept(id uint32, b *built) (old *site.Site, reason string) {
	old = c.parts.Previous.running[id]
	switch {
	case old == nil || old == b.site || c.elements[old] != nil:
		return nil, ""
	case b.stopped != nil && b.stopped.Reason != "":
		return old, b.stopped.Reason
	case b.site == nil:
		return nil, ""
	case c.parts.Unopened[id] != "":
		return old, c.parts.Unopened[id]
	case old.TLS.Settings != nil && b.site.TLS.Settings == nil && b.site.TLS.Missing != access.SubStatusNoCertificate:
		return old, b.site.TLS.Reason
	default:
		return nil, ""
	}
}
