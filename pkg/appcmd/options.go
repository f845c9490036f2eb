package appcmd

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ftphost/ftphost/pkg/compile"
)

// options are the parameters that are no properties.
type options struct {
	text    string // a property, or "*"
	hasText bool
	xml, in bool
	config  bool
	all     bool // /config:*
	section string
	// names are /site.name: and the like, by lower case name.
	names map[string]string
}

// ofObject are options that name objects.
func ofObject(name string) bool {
	switch name {
	case "site.name", "site.id", "app.name", "vdir.name", "backup.name", "config.path":
		return true
	}
	return false
}

// takeOptions tells options from properties.
func (r *run) takeOptions() error {
	r.options.names = map[string]string{}
	seen := map[string]bool{}
	for _, p := range r.cmd.Params {
		name := p.optionName()
		known := isOption(name) || ofObject(name) || name == "section" && strings.EqualFold(r.cmd.Object, "config")
		if !known {
			r.props = append(r.props, p)
			continue
		}
		if seen[name] {
			return twice(name)
		}
		seen[name] = true
		if err := r.option(name, p); err != nil {
			return err
		}
	}
	return nil
}

// optionName is the lower case name of a parameter that may be an option, else
// "".
func (p Param) optionName() string {
	if p.Escaped || p.Op != Assign {
		return ""
	}
	for _, s := range p.Path {
		if s.Indexer != nil {
			return ""
		}
	}
	return strings.ToLower(pathString(p.Path))
}

func isOption(name string) bool {
	switch name {
	case "text", "xml", "in", "config", "metadata", "commit", "apphostconfig", "debug":
		return true
	}
	return false
}

func (r *run) option(name string, p Param) error {
	o := &r.options
	switch name {
	case "text":
		o.text, o.hasText = p.Value, p.Given
	case "xml":
		o.xml = true
	case "in":
		o.in = true
	case "config":
		o.config, o.all = true, p.Value == "*"
	case "section":
		o.section = strings.Trim(p.Value, "/")
	case "commit":
		return r.commit(p.Value)
	case "apphostconfig":
		if p.Value == "" {
			return &failure{code: codeInvalid, text: "/apphostconfig needs the path of a file."}
		}
		file, err := filepath.Abs(p.Value)
		if err != nil {
			return err
		}
		r.home, r.alone = compile.Alone(file).Knowing(r.env.schema), true
	case "metadata", "debug":
	default:
		o.names[name] = strip(p.Value, "'")
	}
	return nil
}

func twice(name string) error {
	f := &failure{code: codeInvalid, text: fmt.Sprintf("The parameter \"%s\" is given twice.", name)}
	if name == "commit" {
		f.hint = "two command lines were probably glued together; nothing was changed"
	}
	return f
}

// commit judges where a change is to go. There is one file; whatever names a
// web.config means a location of it here, and setConfig says so.
func (r *run) commit(where string) error {
	word := strings.ToLower(strings.Trim(where, "/"))
	switch word {
	case "", "url", "site", "app", "parent", "apphost":
		return nil
	case "webroot", "machine", "machine/webroot":
		return &failure{
			code: codeInvalid, text: fmt.Sprintf("Cannot commit configuration changes to \"%s\".", where),
			hint: "there is no machine.config or root web.config here; write /commit:apphost",
		}
	}
	if word == rootPath || strings.HasPrefix(word, rootPath+"/") {
		return nil
	}
	return &failure{
		code: codeInvalid, text: fmt.Sprintf("Invalid configuration commit path \"%s\".", where),
		hint: "write /commit:apphost; if the value has another command in it, two command lines were glued together. Nothing was changed",
	}
}

// rootPath is the server level, in lower case.
const rootPath = "machine/webroot/apphost"
