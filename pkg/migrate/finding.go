package migrate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Severity says what a finding asks of people.
type Severity string

// The severities.
const (
	// Maps carries over as it is; nothing need be done.
	Maps Severity = "maps"
	// Decide works, but somebody has to say how.
	Decide Severity = "decide"
	// Blocks keeps a site, or its users, from what they could do on Windows.
	Blocks Severity = "blocks"
)

func (s Severity) rank() int { return slices.Index([]Severity{Blocks, Decide, Maps}, s) }

// Finding is one thing that a migration meets.
type Finding struct {
	Severity Severity
	// Kind is the matter, such as path, certificate or rule.
	Kind string
	// Site is the name of the site, "" for the whole server.
	Site string
	// Pos is where it stands in the files from Windows.
	Pos xmldoc.Pos
	// Windows says what IIS did, Here what ftphost does. Either may be "".
	Windows, Here string
	// Edit is the change that silences the finding, "" when none is needed.
	Edit string

	// covers says that what the compiler finds at the same place is told by
	// this finding.
	covers bool
}

// Report is what assess found.
type Report struct {
	// Sites are the names of the sites with ftp bindings, in file order;
	// Others those of the rest.
	Sites, Others []string
	// Findings are sorted: the whole server first, then by site; what blocks
	// first, then by place.
	Findings []Finding
}

// Count is how many findings have a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

func (r *Report) sort() {
	order := map[string]int{"": -1}
	for i, name := range r.Sites {
		if _, twice := order[name]; !twice {
			order[name] = i
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(order[a.Site], order[b.Site]), cmp.Compare(a.Severity.rank(), b.Severity.rank()),
			strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
			strings.Compare(a.Kind, b.Kind), strings.Compare(a.Here, b.Here),
		)
	})
	r.Findings = slices.CompactFunc(r.Findings, func(a, b Finding) bool {
		a.covers = b.covers
		return a == b
	})
}
