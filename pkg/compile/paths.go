package compile

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// pathMap turns the physical paths of a Windows configuration into paths of
// this machine (ftpHost/pathMap).
type pathMap struct {
	home      string
	entries   []pathEntry // longest first
	variables map[string]string
}

type pathEntry struct {
	from []string // folded segments, the root first
	to   string
}

var errUnmapped = errors.New("no path map entry covers it")

// builtinVariables are what every Windows machine defines and every stock
// file uses; entries of the path map go before them.
func builtinVariables() map[string]string {
	return map[string]string{"systemdrive": "C:", "systemroot": `C:\Windows`, "windir": `C:\Windows`}
}

func newPathMap(home string) *pathMap {
	return &pathMap{home: home, variables: builtinVariables()}
}

// add enters one mapping; a relative to is below the home folder.
func (m *pathMap) add(from, to string) error {
	segments, ok := windowsSegments(from)
	if !ok {
		return fmt.Errorf(`from "%s" is not a Windows path: write a drive ("C:\"), a folder or a share ("\\server\share")`, from)
	}
	if to == "" {
		return errors.New("to is empty: name the folder that holds what was there")
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(m.home, filepath.FromSlash(to))
	}
	m.entries = append(m.entries, pathEntry{fold(segments), filepath.Clean(to)})
	slices.SortStableFunc(m.entries, func(a, b pathEntry) int { return cmp.Compare(len(b.from), len(a.from)) })
	return nil
}

// setVariable defines a variable; names compare without case.
func (m *pathMap) setVariable(name, value string) { m.variables[strings.ToLower(name)] = value }

// resolve expands the variables of raw and maps it. The error names what is
// missing and the line to add.
func (m *pathMap) resolve(raw string) (string, error) {
	base, rest, err := m.split(raw)
	if err != nil {
		return "", err
	}
	return filepath.Join(append([]string{base}, rest...)...), nil
}

// split is resolve that keeps apart what an entry names, and the Windows path
// below it, which was written by people for whom upper and lower case are one.
func (m *pathMap) split(raw string) (base string, rest []string, err error) {
	path, err := m.expand(raw)
	if err != nil {
		return "", nil, err
	}
	if filepath.IsAbs(path) && runtime.GOOS != "windows" {
		return filepath.Clean(path), nil, nil
	}
	segments, ok := windowsSegments(path)
	if !ok {
		return "", nil, fmt.Errorf(`"%s" is neither a Windows path nor an absolute path of this machine`, raw)
	}
	folded := fold(segments)
	for _, e := range m.entries {
		if len(e.from) <= len(folded) && slices.Equal(e.from, folded[:len(e.from)]) {
			return e.to, segments[len(e.from):], nil
		}
	}
	if runtime.GOOS == "windows" {
		return filepath.Clean(path), nil, nil
	}
	return "", nil, fmt.Errorf(`"%s" is a Windows path: %w; add to ftpHost/pathMap in ftphost.config: <add from="%s" to="FOLDER" />`,
		raw, errUnmapped, segments[0])
}

// maxExpansions bounds variables whose values name variables, so that two
// that name each other are found out instead of followed for ever.
const maxExpansions = 16

// expand replaces %Name% by the variable's value. A variable nobody defined
// is an error here, since its literal name is never a folder.
func (m *pathMap) expand(s string) (string, error) {
	for range maxExpansions {
		before, rest, ok := strings.Cut(s, "%")
		if !ok {
			return s, nil
		}
		name, after, ok := strings.Cut(rest, "%")
		if !ok {
			return s, nil
		}
		value, ok := m.variables[strings.ToLower(name)]
		if !ok {
			return "", fmt.Errorf(`%%%s%% has no value here; add to ftpHost/pathMap in ftphost.config: <variable name="%s" value="..." />`, name, name)
		}
		s = before + value + after
	}
	return "", fmt.Errorf(`the variables in "%s" name each other in a circle`, s)
}

// windowsSegments splits a drive or share path; the first segment is the
// drive with its backslash ("C:\") or the share ("\\server\share"). Repeated
// separators count once, as files made from JSON have them.
func windowsSegments(path string) ([]string, bool) {
	unified := strings.ReplaceAll(path, "/", `\`)
	parts := strings.FieldsFunc(unified, func(r rune) bool { return r == '\\' })
	switch {
	case len(unified) >= 2 && unified[1] == ':' && isLetter(unified[0]):
		if len(parts[0]) > 2 {
			return nil, false // "C:folder" depends on a current directory
		}
		parts[0] += `\`
	case strings.HasPrefix(unified, `\\`) && len(parts) >= 2 && parts[0] != "?" && parts[0] != ".":
		parts = append([]string{`\\` + parts[0] + `\` + parts[1]}, parts[2:]...)
	default:
		return nil, false
	}
	return parts, !slices.Contains(parts, "..")
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func fold(segments []string) []string {
	folded := make([]string, len(segments))
	for i, s := range segments {
		folded[i] = vpath.Fold(s)
	}
	return folded
}
