package migrate

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/vpath"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// mostNames is how many names of each kind are told; a million findings would
// be none.
const mostNames = 20

// checkContent looks for names that clients cannot reach, or that were not
// possible on Windows.
func (p *Plan) checkContent(ctx context.Context) error {
	if p.settings.Content == "" {
		return nil
	}
	c := &contents{plan: p, told: map[string]int{}}
	if _, err := os.Stat(p.settings.Content); err != nil {
		return err
	}
	err := filepath.WalkDir(p.settings.Content, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.visit(path, d, err)
	})
	for _, kind := range []string{"case", "name", "link", "unreadable"} {
		if more := c.told[kind] - mostNames; more > 0 {
			p.add(Finding{Severity: Decide, Kind: "name", Pos: xmldoc.Pos{File: p.settings.Content}, Here: "more of these: " + kind + "; the first twenty are told"})
		}
	}
	return err
}

// contents is a walk through the copied content.
type contents struct {
	plan *Plan
	told map[string]int
}

func (c *contents) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		c.tell("unreadable", Finding{Pos: xmldoc.Pos{File: path}, Here: "cannot be read: " + err.Error(), Edit: "give the user that ftphost runs as the rights"})
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if reason := unrepresentable(d.Name()); reason != "" && path != c.plan.settings.Content {
		c.tell("name", Finding{Pos: xmldoc.Pos{File: path}, Here: reason, Edit: "rename it"})
	}
	if d.Type()&fs.ModeSymlink != 0 {
		c.link(path)
	}
	if d.IsDir() {
		return c.collisions(path)
	}
	return nil
}

func (c *contents) tell(kind string, f Finding) {
	c.told[kind]++
	if c.told[kind] > mostNames {
		return
	}
	f.Severity, f.Kind = Decide, "name"
	c.plan.add(f)
}

// link tells of links that lead out of the folder of a site, which nobody can
// follow.
func (c *contents) link(path string) {
	target, err := os.Readlink(path)
	if err != nil {
		return
	}
	full := filepath.Join(filepath.Dir(path), target)
	below, err := filepath.Rel(c.plan.settings.Content, full)
	if _, gone := os.Stat(path); gone == nil && err == nil && !filepath.IsAbs(target) && filepath.IsLocal(below) {
		return
	}
	c.tell("link", Finding{
		Pos:     xmldoc.Pos{File: path},
		Windows: "a junction or link, perhaps", Here: "a link to " + target + ", which is elsewhere or not there; clients cannot follow links out of the folder of a site",
		Edit: "make it a virtual directory, mount the folder there (mount --bind), or write the link relative",
	})
}

// collisions tells of names that differ only in case: a client of Windows cannot
// tell them apart.
func (c *contents) collisions(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // told by the walk
	}
	byFold := make(map[string][]string, len(entries))
	for _, e := range entries {
		byFold[vpath.Fold(e.Name())] = append(byFold[vpath.Fold(e.Name())], e.Name())
	}
	var keys []string
	for key, names := range byFold {
		if len(names) > 1 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		c.tell("case", Finding{
			Pos:     xmldoc.Pos{File: filepath.Join(dir, byFold[key][0])},
			Windows: "such names are one", Here: "names that differ only in case: " + named(byFold[key]) + "; each is found by its exact name, and one of them by any other spelling",
			Edit: "rename all but one",
		})
	}
	return nil
}

// unrepresentable says why clients cannot name a file, or a Windows server could
// not have it.
func unrepresentable(name string) string {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case !utf8.ValidString(name):
		return "the name is not UTF-8, as from a copy in an old code page; clients see other letters"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "the name has a control character, which no client can send"
	case strings.ContainsAny(name, `\:*?"<>|`):
		return `the name has one of \ : * ? " < > |, which Windows does not allow; a colon is from an alternate stream`
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "the name ends in a dot or a space, which Windows leaves out"
	case slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "LPT1", "LPT2", "LPT3"}, stem):
		return "the name is one of a device on Windows; it works here, and clients on Windows cannot store it"
	}
	return ""
}
