package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Report is what a replay found.
type Report struct {
	Files int `json:"files"`
	// Lines are those of events, read or not.
	Lines int64 `json:"lines"`
	// Compared are decisions then and now, Differ those of them that differ.
	Compared int64 `json:"compared"`
	Differ   int64 `json:"differ"`
	// RefusedNow was allowed then, AllowedNow was refused; most frequent first.
	RefusedNow []*Group `json:"refusedNow"`
	AllowedNow []*Group `json:"allowedNow"`
	// Ungrouped are decisions that differ for which there were too many groups.
	Ungrouped int64 `json:"ungrouped,omitempty"`
	// NotCompared counts by reason the lines that tell of no decision, or of one
	// that cannot be known here.
	NotCompared []Reason `json:"notCompared"`
	// Notes are about whole files, or parts of them.
	Notes []string `json:"notes,omitempty"`
	// MoreNotes is how many there are beyond those.
	MoreNotes int64 `json:"moreNotes,omitempty"`
}

// Group is decisions that differ for one reason.
type Group struct {
	Count int64  `json:"count"`
	Site  string `json:"site"`
	// Step is what decides now, as in ftphost explain.
	Step string `json:"step"`
	// Text is why, for the first of them.
	Text string `json:"text"`
	// Origin is the line of the configuration that decides, as file:line:col,
	// "default" for the schema's default, and "" when no single line does.
	Origin string `json:"origin,omitempty"`
	// Example is the place of the first of them, as file:line, and Then what it
	// says.
	Example string `json:"example"`
	Then    string `json:"then"`
	Users   Sample `json:"users"`
	Verbs   Sample `json:"verbs"`
	Paths   Sample `json:"paths"`
}

// Sample is the first values of many.
type Sample struct {
	First []string `json:"first,omitempty"`
	// More says that there are others.
	More bool `json:"more,omitempty"`
}

// sampleSize is how many values a Sample has.
const sampleSize = 5

func (s *Sample) add(value string) {
	switch {
	case value == "" || slices.Contains(s.First, value):
	case len(s.First) < sampleSize:
		s.First = append(s.First, value)
	default:
		s.More = true
	}
}

// String is the values with commas.
func (s Sample) String() string {
	text := strings.Join(s.First, ", ")
	if s.More {
		text += ", ..."
	}
	return text
}

// Reason is why lines were not compared.
type Reason struct {
	Why   string `json:"why"`
	Lines int64  `json:"lines"`
	// Example is the place of the first one, as file:line.
	Example string `json:"example"`
}

// groupKey is what the decisions of a group have in common. Where a line
// decides, the words may differ.
type groupKey struct {
	tenant        *tenant
	allowed       bool
	step, decides string
}

type groups map[groupKey]*Group

type reasons map[string]*Reason

// String is the place as file:line.
func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// differs counts a decision that is another one now.
func (r *replayer) differs(l *line, v *verdict, user, path string) {
	r.report.Differ++
	key := groupKey{l.tenant, !v.refused, v.step, v.origin}
	if v.origin == "" {
		key.decides = cutTo(v.text, longestText)
	}
	g := r.groups[key]
	if g == nil {
		if len(r.groups) == maxGroups {
			r.report.Ungrouped++
			return
		}
		g = &Group{
			Site: l.tenant.name, Step: v.step, Text: cutTo(v.text, longestText), Origin: v.origin,
			Example: l.place.String(), Then: shown(l),
		}
		if r.groups == nil {
			r.groups = groups{}
		}
		r.groups[key] = g
	}
	g.Count++
	g.Users.add(printable(user))
	g.Verbs.add(printable(l.verb.name))
	g.Paths.add(printable(path))
}

// shown is what an example says: the command and its answer, which are what is
// in the log, passwords masked there.
func shown(l *line) string {
	argument := l.text(stem)
	if l.verb.name == "PASS" {
		argument = "***"
	}
	return printable(strings.TrimSpace(fmt.Sprintf("%s %s", l.verb.name, argument))) + fmt.Sprintf(" -> %d", l.code)
}

// The longest texts in bytes that a report has.
const (
	longestName = 120
	longestText = 500
)

// printable is text from a log for a terminal: short, and without characters
// that move the cursor.
func printable(text string) string { return cutTo(text, longestName) }

// cutTo is printable for texts of another length.
func cutTo(text string, longest int) string {
	if cut := strings.ToValidUTF8(text[:min(len(text), longest)], "?"); len(text) > longest {
		text = cut + "..."
	} else {
		text = cut
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x200b && c <= 0x200f || c >= 0x2028 && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return '?'
		}
		return c
	}, text)
}

// skip counts a line that is not compared.
func (r *replayer) skip(why string, l *line) {
	if r.reasons == nil {
		r.reasons = reasons{}
	}
	if r.reasons[why] == nil {
		if len(r.reasons) >= maxReasons {
			why = "lines of other kinds"
		}
		if r.reasons[why] == nil {
			r.reasons[why] = &Reason{Why: why, Example: l.place.String()}
		}
	}
	r.reasons[why].Lines++
}

// note keeps what is to be said about a file.
func (r *replayer) note(format string, args ...any) {
	if len(r.report.Notes) >= maxNotes {
		r.report.MoreNotes++
		return
	}
	r.report.Notes = append(r.report.Notes, cutTo(fmt.Sprintf(format, args...), longestText))
}

// finish sorts what was found.
func (r *replayer) finish() *Report {
	r.report.RefusedNow, r.report.AllowedNow, r.report.NotCompared = []*Group{}, []*Group{}, []Reason{}
	for key, g := range r.groups {
		if key.allowed {
			r.report.AllowedNow = append(r.report.AllowedNow, g)
		} else {
			r.report.RefusedNow = append(r.report.RefusedNow, g)
		}
	}
	frequent := func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Step, b.Step),
			cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Text, b.Text))
	}
	slices.SortFunc(r.report.RefusedNow, frequent)
	slices.SortFunc(r.report.AllowedNow, frequent)
	for _, reason := range r.reasons {
		r.report.NotCompared = append(r.report.NotCompared, *reason)
	}
	slices.SortFunc(r.report.NotCompared, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Why, b.Why))
	})
	return &r.report
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
