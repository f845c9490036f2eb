package compile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/site"
)

// Change is what becomes of one site when one result takes the place of
// another.
type Change struct {
	ID   uint32
	Name string
	// Kind is one of the words below, Detail more about it; "" when there is no
	// more to say.
	Kind   string
	Detail string
}

// What can become of a site.
const (
	// Added and Removed sites are in the file for the first time, or no more.
	Added   = "added"
	Removed = "removed"
	// Started sites are served again, Stopped ones no more.
	Started = "started"
	Stopped = "stopped"
	// Changed sites are served as they are written now.
	Changed = "changed"
	// Kept sites go on as they were, because they cannot follow the file.
	Kept = "kept as it was"
)

// Changes are what becomes of the sites of before, which may be nil, when after
// takes its place, by number.
func Changes(before, after *Result) []Change {
	if before == nil {
		before = &Result{Snapshot: &site.Snapshot{}}
	}
	var list []Change
	reasons := map[uint32]string{}
	for _, s := range after.Snapshot.Stopped {
		reasons[s.ID] = s.Reason
	}
	for id, b := range after.built {
		if c := change(id, before, after, b); c.Kind != "" {
			if c.Kind == Stopped || c.Kind == Added && after.running[id] == nil {
				c.Detail = reasons[id]
			}
			list = append(list, c)
		}
	}
	for id, b := range before.built {
		if was := b.name(); was != "" && after.built[id].name() == "" {
			list = append(list, Change{ID: id, Name: was, Kind: Removed})
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// name is that of the site, "" when there is none with ftp bindings.
func (b *built) name() string {
	switch {
	case b == nil:
		return ""
	case b.site != nil:
		return b.site.Name
	case b.stopped != nil:
		return b.stopped.Name
	default:
		return ""
	}
}

// change is what becomes of the site that b was built from.
func change(id uint32, before, after *Result, b *built) Change {
	was, is, earlier := before.running[id], after.running[id], before.built[id]
	c := Change{ID: id, Name: b.name()}
	switch reason := after.Snapshot.Kept[is]; {
	case c.Name == "":
	case earlier.name() == "":
		c.Kind = Added
	case is != nil && reason != "":
		if before.Snapshot.Kept[was] != reason {
			c.Kind, c.Detail = Kept, reason
		}
	case was == nil && is != nil:
		c.Kind = Started
	case was != nil && is == nil:
		c.Kind = Stopped
	case earlier.print.Text != b.print.Text || was != is && before.Snapshot.Kept[was] != "":
		c.Kind, c.Detail = Changed, differences(was, is)
	}
	return c
}

// differences names what people look for first when a site has changed.
func differences(was, is *site.Site) string {
	if was == nil || is == nil {
		return ""
	}
	var list []string
	if was.Name != is.Name {
		list = append(list, fmt.Sprintf("it was called %s", was.Name))
	}
	old, now := bindingTexts(was), bindingTexts(is)
	for _, b := range now {
		if !slices.Contains(old, b) {
			list = append(list, "binding "+b+" is new")
		}
	}
	for _, b := range old {
		if !slices.Contains(now, b) {
			list = append(list, "binding "+b+" is gone")
		}
	}
	return strings.Join(list, "; ")
}

func bindingTexts(s *site.Site) []string {
	texts := make([]string, len(s.Bindings))
	for i, b := range s.Bindings {
		texts[i] = b.String()
	}
	return texts
}
