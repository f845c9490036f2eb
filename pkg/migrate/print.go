package migrate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "FTP sites: %s. Other sites, left as they are: %s.\n", named(r.Sites), named(r.Others))
	fmt.Fprintf(&b, "Findings: %d block, %d need a decision, %d carry over.\n", r.Count(Blocks), r.Count(Decide), r.Count(Maps))
	group := "\x00"
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Site != group {
			group = f.Site
			title := "The whole server"
			if f.Site != "" {
				title = "Site " + f.Site
			}
			fmt.Fprintf(&b, "\n%s\n", title)
		}
		f.print(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (f *Finding) print(b *bytes.Buffer) {
	words := map[Severity]string{Maps: "carries over", Decide: "decide", Blocks: "BLOCKS"}
	fmt.Fprintf(b, "  %s: %s", words[f.Severity], f.Kind)
	if f.Pos.File != "" {
		fmt.Fprintf(b, ", %s", f.place())
	}
	b.WriteByte('\n')
	for _, part := range []struct{ title, text string }{{"On Windows", f.Windows}, {"Here", f.Here}, {"To do", f.Edit}} {
		if part.text != "" {
			fmt.Fprintf(b, "    %-11s %s\n", part.title+":", strings.ReplaceAll(part.text, "\n", "\n"+strings.Repeat(" ", 16)))
		}
	}
}

// place is the position without a folder that all findings share.
func (f *Finding) place() string {
	pos := f.Pos
	pos.File = filepath.Base(pos.File)
	if pos.Line == 0 {
		return pos.File
	}
	return pos.String()
}

func named(names []string) string {
	const most = 20
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// findingJSON is one finding for scripts.
type findingJSON struct {
	Severity Severity `json:"severity"`
	Kind     string   `json:"kind"`
	Site     string   `json:"site,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Windows  string   `json:"windows,omitempty"`
	Here     string   `json:"here,omitempty"`
	Edit     string   `json:"edit,omitempty"`
}

// JSON writes the report for scripts.
func (r *Report) JSON(w io.Writer) error {
	out := struct {
		Sites    []string      `json:"sites"`
		Others   []string      `json:"otherSites"`
		Blocks   int           `json:"blocks"`
		Decide   int           `json:"decide"`
		Maps     int           `json:"maps"`
		Findings []findingJSON `json:"findings"`
	}{append([]string{}, r.Sites...), append([]string{}, r.Others...), r.Count(Blocks), r.Count(Decide), r.Count(Maps), []findingJSON{}}
	for i := range r.Findings {
		f := &r.Findings[i]
		out.Findings = append(out.Findings, findingJSON{f.Severity, f.Kind, f.Site, f.Pos.File, f.Pos.Line, f.Pos.Col, f.Windows, f.Here, f.Edit})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
