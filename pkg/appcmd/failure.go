package appcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Exit codes: those of Windows, as appcmd has them.
const (
	codeDone       = 0
	codeHelp       = 1 // or nothing was found
	codeNoFile     = 2
	codeDenied     = 5
	codeMalformed  = 13
	codeLocked     = 33
	codeInvalid    = 87
	codeDuplicate  = 183
	codeNotRunning = 1062
	codeNotFound   = 1168
	codeNoElement  = 4312
	codeFailed     = 1
)

// failure is what a command ends with: a text as IIS has it, for scripts, and
// perhaps what to do about it, for people.
type failure struct {
	code int
	// hresult goes before the text, unless it is "".
	hresult string
	text    string
	// usage means that the text is not wrapped in ERROR ( message: ).
	usage bool
	hint  string
}

func (f *failure) Error() string { return f.text }

// line is what is printed.
func (f *failure) line() string {
	switch {
	case f.usage:
		return f.text
	case f.hresult != "":
		return fmt.Sprintf("ERROR ( hresult:%s, message:%s )", f.hresult, f.text)
	default:
		return fmt.Sprintf("ERROR ( message:%s )", f.text)
	}
}

// mustBegin is an argument that is no parameter.
func mustBegin(arg, split string) error {
	f := &failure{code: codeInvalid, usage: true, text: "Failed to process input: The parameter '" + arg + "' must begin with a / or - (HRESULT=80070057)."}
	if split != "" || strings.ContainsRune(arg, ']') {
		f.hint = splitHint
	}
	return f
}

const splitHint = `an indexer with a space or a comma was split by the shell; put the whole argument in double quotes: "/[name='Default FTP Site'].ftpServer...", or name the site by its number: /[id='2']`

// splitIndexer is an indexer of which only a part arrived.
func splitIndexer(arg string, words []string) error {
	text := "Failed to process input: The parameter '" + arg + "' is not understood (HRESULT=80070057)."
	if len(words) > 2 {
		return &failure{code: codeNotFound, text: fmt.Sprintf("Cannot find SITE object with identifier \"%s\".", words[2]), hint: splitHint}
	}
	return &failure{code: codeInvalid, usage: true, text: text, hint: splitHint}
}

// wrongPath is a parameter whose path cannot be read.
func wrongPath(arg string, err error) error {
	return &failure{
		code: codeInvalid, usage: true, text: "Failed to process input: The parameter '" + arg + "' is not understood (HRESULT=80070057).",
		hint: err.Error() + "; in an indexer stand NAME='VALUE' pairs with commas: [name='Site',id='2']",
	}
}

func notFound(object, identifier string) error {
	return &failure{code: codeNotFound, text: fmt.Sprintf("Cannot find %s object with identifier \"%s\".", object, identifier)}
}

func unnamed(object string) error {
	return &failure{code: codeInvalid, text: fmt.Sprintf("Must specify the %s object with identifier.", object)}
}

// failureOf turns an error into what is printed.
func failureOf(err error) *failure {
	var (
		f         *failure
		unknown   *apphost.UnknownError
		value     *apphost.ValueError
		duplicate *apphost.DuplicateError
		refused   *compile.Refused
		list      apphost.ErrorList
		parse     *xmldoc.Error
	)
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &unknown):
		return unknownFailure(unknown)
	case errors.As(err, &value):
		return &failure{code: codeInvalid, text: fmt.Sprintf("Invalid value for attribute \"%s\": %v.", value.Attribute, value.Err), hint: valueHint(value)}
	case errors.As(err, &duplicate):
		return &failure{code: codeDuplicate, text: fmt.Sprintf("Failed to add duplicate collection element \"%s\".", keyText(duplicate.Key))}
	case errors.Is(err, apphost.ErrNoElement):
		return &failure{code: codeNoElement, text: "Cannot find requested collection element."}
	case errors.Is(err, apphost.ErrServerOnly):
		return &failure{
			code: codeLocked, hresult: "80070021", text: "This configuration section cannot be used at this path. This happens when the section is locked at a parent level.",
			hint: "the section is one of the server: leave the site out, and write /commit:apphost",
		}
	case errors.As(err, &refused):
		return malformed(refused.Problems, "nothing was written")
	case errors.As(err, &list) && list.Errors() > 0:
		if f := fileFailure(causeOf(list)); f != nil {
			return f
		}
		return malformed(list, "")
	case errors.As(err, &parse):
		return malformed(apphost.ErrorList{{Pos: parse.Pos, Msg: parse.Msg}}, "")
	case errors.Is(err, api.ErrNotRunning):
		return &failure{code: codeNotRunning, hresult: "80070426", text: "The service has not been started.", hint: err.Error()}
	}
	if f := fileFailure(err); f != nil {
		return f
	}
	return &failure{code: codeFailed, text: err.Error()}
}

// causeOf is the cause of the first error.
func causeOf(list apphost.ErrorList) error {
	for _, p := range list {
		if !p.Warning {
			return p.Err
		}
	}
	return nil
}

// fileFailure is for files that are not there or that one may not use; nil for
// anything else.
func fileFailure(err error) *failure {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &failure{code: codeNoFile, hresult: "80070002", text: "Cannot read configuration file. " + err.Error(), hint: "name the home with --home, " + HomeVariable + " or /apphostconfig:FILE"}
	case errors.Is(err, fs.ErrPermission) && errors.As(err, &path) && strings.HasSuffix(path.Path, ".config"):
		return &failure{code: codeDenied, hresult: "80070005", text: "Cannot read configuration file due to insufficient permissions", hint: err.Error()}
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: codeDenied, hresult: "80070005", text: "Failed to commit configuration changes. Access is denied.", hint: err.Error()}
	}
	return nil
}

// malformed names the first error of a file in IIS's shape.
func malformed(problems apphost.ErrorList, hint string) *failure {
	for _, p := range problems {
		if p.Warning {
			continue
		}
		text := fmt.Sprintf("Configuration error\nFilename: %s\nLine Number: %d\nDescription: %s\n.", p.Pos.File, p.Pos.Line, p.Error())
		return &failure{code: codeMalformed, text: text, hint: hint}
	}
	return &failure{code: codeFailed, text: problems.Error()}
}

func unknownFailure(u *apphost.UnknownError) *failure {
	f := &failure{code: codeInvalid, text: fmt.Sprintf("Unknown attribute \"%s\".  Replace with -? for help.", u.Name), hint: strings.TrimPrefix(u.Hint, "; ")}
	if u.Kind == "section" {
		f.text = fmt.Sprintf("Unknown config section \"%s\".  Replace with ? for help.", u.Name)
	}
	if h := nameHint(u.Name); h != "" {
		f.hint = h
	}
	return f
}

// keyText is the key of an entry as IIS prints it.
func keyText(key []apphost.Setting) string {
	var values []string
	for _, s := range key {
		if s.Value != "" {
			values = append(values, s.Value)
		}
	}
	return strings.Join(values, ",")
}
