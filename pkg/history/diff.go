package history

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
)

// Current is the name of the present state, where a history can be named.
const Current = "current"

// Difference is how a file differs in two states.
type Difference struct {
	// File is its name.
	File string
	// Text is a unified diff.
	Text string
}

// contextLines are the lines around each change.
const contextLines = 3

// Diff says how the files of two histories differ. A name may be Current.
func Diff(parts []Part, folder, from, to string) ([]Difference, error) {
	a, err := stateOf(parts, folder, from)
	if err != nil {
		return nil, err
	}
	b, err := stateOf(parts, folder, to)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, f := range append(slices.Clone(a), b...) {
		if !slices.Contains(all, f.name) {
			all = append(all, f.name)
		}
	}
	var list []Difference
	for _, name := range all {
		before, inA := a.data(name)
		after, inB := b.data(name)
		if inA == inB && bytes.Equal(before, after) {
			continue
		}
		label := func(state string, there bool) string {
			if !there {
				return "/dev/null" // as every tool writes it that reads these
			}
			return state + "/" + name
		}
		text, err := unified(label(from, inA), label(to, inB), before, after)
		if err != nil {
			return nil, err
		}
		list = append(list, Difference{name, text})
	}
	return list, nil
}

func unified(from, to string, before, after []byte) (string, error) {
	if !utf8.Valid(before) || !utf8.Valid(after) {
		return fmt.Sprintf("%s and %s differ, and are not UTF-8 text\n", from, to), nil
	}
	edits := udiff.Lines(string(before), string(after))
	return udiff.ToUnified(from, to, string(before), edits, contextLines)
}

func stateOf(parts []Part, folder, name string) (state, error) {
	if name == Current {
		return read(parts)
	}
	e, err := Find(folder, name)
	if err != nil {
		return nil, err
	}
	return readEntry(folder, e.Name)
}
