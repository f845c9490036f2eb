package appcmd

import (
	"fmt"
	"strings"
)

// Command is a command line that was understood as far as grammar goes.
type Command struct {
	Verb, Object string
	// Identifier is the object that is meant, "" for none.
	Identifier string
	Params     []Param
}

// Op is what a parameter does.
type Op string

// The operations.
const (
	Assign Op = ""  // set a property, filter by it, or give an option
	Insert Op = "+" // add an element to a collection
	Delete Op = "-" // take an element, or a value, away
	Empty  Op = "~" // clear a collection
)

// Param is one parameter.
type Param struct {
	Op Op
	// Escaped means that a name is a property, even if it is that of an option.
	Escaped bool
	Path    []Step
	Value   string
	// Given tells /name: from /name.
	Given bool
}

// Step is one step of a path: an element or attribute, or an indexer.
type Step struct {
	Name    string
	Indexer *Indexer
}

// Parse reads the arguments of one command line, without the program. What other
// shells leave of quotes is taken for what was meant.
func Parse(args []string) (*Command, error) {
	c := &Command{}
	var words []string
	split := ""
	for _, arg := range args {
		arg = unwrap(arg)
		switch {
		case arg == "":
			continue
		case split == "" && arg[0] != '/' && arg[0] != '-':
			words = append(words, arg)
			if len(words) > 3 {
				return nil, mustBegin(arg, split)
			}
			continue
		case split != "" && arg[0] != '/' && arg[0] != '-' && len(words) < 3:
			// An identifier, as far as anybody can tell.
			words = append(words, arg)
			continue
		case arg[0] != '/' && arg[0] != '-':
			return nil, mustBegin(arg, split)
		}
		p, err := parseParam(arg)
		if err != nil {
			if !openBracket(arg) {
				return nil, err
			}
			split = arg
			continue
		}
		c.Params = append(c.Params, p)
	}
	if split != "" {
		return nil, splitIndexer(split, words)
	}
	if len(words) > 0 {
		c.Verb = words[0]
	}
	if len(words) > 1 {
		c.Object = words[1]
	}
	if len(words) > 2 {
		c.Identifier = identifierOf(words[2])
	}
	return c, nil
}

// identifierOf takes away the single quotes that modules for PowerShell leave.
func identifierOf(word string) string {
	for {
		inner := strip(word, "'")
		if inner == word || inner == "" || inner[0] == '/' || inner[0] == '-' {
			return word
		}
		word = inner
	}
}

// unwrap takes quotes away that stand around a whole argument.
func unwrap(arg string) string {
	arg = straight(arg)
	for {
		inner := strip(arg, `"`)
		if strings.HasPrefix(arg, `\"`) && strings.HasSuffix(arg, `\"`) && len(arg) >= 4 {
			inner = arg[2 : len(arg)-2]
		}
		if inner == arg {
			return arg
		}
		arg = inner
	}
}

// straight turns the quotes of word processors and web pages around an argument
// into plain ones.
func straight(arg string) string {
	return strings.NewReplacer("\u201c", `"`, "\u201d", `"`).Replace(arg)
}

// strip takes a pair of quotes away.
func strip(text, quote string) string {
	if len(text) >= 2 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
		return text[1 : len(text)-1]
	}
	return text
}

// parseParam reads one parameter, which begins with / or -.
func parseParam(arg string) (Param, error) {
	rest := arg[1:]
	var p Param
	// A lone - is /in.
	if arg == "-" {
		return Param{Path: []Step{{Name: "in"}}}, nil
	}
	rest = innerQuote(rest)
	if after, ok := strings.CutPrefix(rest, "!"); ok {
		p.Escaped, rest = true, after
	}
	for _, op := range []Op{Insert, Delete, Empty} {
		if after, ok := strings.CutPrefix(rest, string(op)); ok {
			p.Op, rest = op, after
			break
		}
	}
	rest = innerQuote(rest)
	path, value, given, err := parsePath(rest)
	if err != nil {
		return p, wrongPath(arg, err)
	}
	p.Path, p.Given, p.Value = path, given, unwrap(value)
	if len(p.Path) == 0 && !(p.Op == Empty || p.Op == Delete) {
		return p, &failure{code: codeInvalid, usage: true, text: "Failed to process input: The parameter '" + arg + "' is not understood (HRESULT=80070057)."}
	}
	return p, nil
}

// innerQuote takes quotes away that stand around what follows a prefix, as in
// /"[name='x']..." or /+"...".
func innerQuote(text string) string {
	for _, q := range []string{`\"`, `"`} {
		if after, ok := strings.CutPrefix(text, q); ok {
			return strings.TrimSuffix(after, q)
		}
	}
	return text
}

// parsePath reads a path up to the ":" of its value.
func parsePath(text string) (path []Step, value string, given bool, err error) {
	for text != "" {
		switch text[0] {
		case ':':
			return path, text[1:], true, nil
		case '.':
			text = text[1:]
			continue
		case '[':
			x, rest, err := parseIndexer(text)
			if err != nil {
				return nil, "", false, err
			}
			path, text = append(path, Step{Indexer: x}), rest
			continue
		}
		end := strings.IndexAny(text, ":.[")
		if end < 0 {
			end = len(text)
		}
		if !isName(text[:end]) {
			return nil, "", false, fmt.Errorf("%q is not a name", text[:end])
		}
		path, text = append(path, Step{Name: text[:end]}), text[end:]
	}
	return path, "", false, nil
}

// Args are the arguments that Parse reads as this command.
func (c *Command) Args() []string {
	var args []string
	for _, word := range []string{c.Verb, c.Object, c.Identifier} {
		if word != "" {
			args = append(args, word)
		}
	}
	for _, p := range c.Params {
		args = append(args, p.String())
	}
	return args
}

// String is a parameter as one argument.
func (p Param) String() string {
	var b strings.Builder
	b.WriteByte('/')
	if p.Escaped {
		b.WriteByte('!')
	}
	b.WriteString(string(p.Op) + pathString(p.Path))
	if p.Given {
		b.WriteString(":" + p.Value)
	}
	return b.String()
}

func pathString(path []Step) string {
	parts := make([]string, len(path))
	for i, s := range path {
		parts[i] = s.Name
		if s.Indexer != nil {
			parts[i] = s.Indexer.String()
		}
	}
	return strings.Join(parts, ".")
}
