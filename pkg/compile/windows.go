package compile

import "strings"

// WindowsPath splits an absolute Windows path into its root, `C:\` or
// `\\server\share`, and the names below that. It reads a path as
// ftpHost/pathMap does: slashes are backslashes, repeated ones count once.
func WindowsPath(path string) (root string, below []string, ok bool) {
	segments, ok := windowsSegments(path)
	if !ok {
		return "", nil, false
	}
	return segments[0], segments[1:], true
}

// ExpandVariables replaces %Name% in a physical path by the given values, whose
// names compare without case, and by those that every Windows machine has. The
// error says which variable has none.
func ExpandVariables(path string, values map[string]string) (string, error) {
	m := newPathMap("")
	for name, value := range values {
		m.setVariable(strings.TrimSpace(name), value)
	}
	return m.expand(path)
}
