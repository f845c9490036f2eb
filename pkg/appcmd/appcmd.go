// Package appcmd is IIS's appcmd over an applicationHost.config: its grammar,
// its output and its exit codes, with edits by pkg/apphost and runtime verbs by
// the admin interface of a running host.
package appcmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/admin/api"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

// DefaultHome is where a packaged installation keeps its configuration.
const DefaultHome = "/etc/ftphost"

// HomeVariable is the environment variable that names the home.
const HomeVariable = "FTPHOST_HOME"

// Env is what a command works with.
type Env struct {
	Home compile.Home
	// In is read with /in. Out gets what appcmd prints, Err what is only for
	// people.
	In       io.Reader
	Out, Err io.Writer
	// Now is the time that names backups; nil is the clock.
	Now func() time.Time

	schema *apphost.Schema // for tests, which run many commands
}

// Main takes --home DIR and --config FILE out of the arguments, which otherwise
// come from the environment, and runs the rest. It returns the exit code.
func Main(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errs io.Writer) int {
	home, rest, err := homeOf(args, getenv)
	if err != nil {
		fmt.Fprintln(errs, "appcmd: "+err.Error())
		return codeInvalid
	}
	return Run(ctx, rest, Env{Home: home, In: in, Out: out, Err: errs})
}

// homeOf finds the home of a command line.
func homeOf(args []string, getenv func(string) string) (compile.Home, []string, error) {
	var rest []string
	dir, config := "", ""
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if name != "--home" && name != "--config" {
			rest = append(rest, args[i])
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return compile.Home{}, nil, errors.New(name + " needs a value")
			}
			value = args[i]
		}
		if name == "--home" {
			dir = value
		} else {
			config = value
		}
	}
	switch {
	case dir != "" && config != "":
		return compile.Home{}, nil, errors.New("--home and --config say the same thing; give one of them")
	case config != "":
		return compile.Home{Dir: filepath.Dir(config), Config: config}, rest, nil
	case dir != "":
		return compile.NewHome(dir), rest, nil
	case getenv(HomeVariable) != "":
		return compile.NewHome(getenv(HomeVariable)), rest, nil
	}
	return compile.NewHome(DefaultHome), rest, nil
}

// Run runs one command line, without the program's name, and returns the exit
// code, which may be larger than a Unix system passes on (ExitStatus).
func Run(ctx context.Context, args []string, env Env) int {
	if runtime.GOOS == "windows" {
		env.Out = crlf{env.Out}
	}
	if isHelp(args) {
		fmt.Fprint(env.Out, helpText)
		return codeHelp
	}
	err := runLine(ctx, args, env)
	if err == nil {
		return codeDone
	}
	f := failureOf(err)
	if f.text != "" {
		fmt.Fprintln(env.Out, f.line())
	}
	if f.hint != "" {
		fmt.Fprintln(env.Err, "appcmd: "+f.hint)
	}
	return f.code
}

// ExitStatus is an exit code as the operating system takes it: Unix keeps the
// lower eight bits, so what would become a success there becomes 1.
func ExitStatus(code int) int {
	if runtime.GOOS != "windows" && code != 0 && code%256 == 0 {
		return 1
	}
	return code
}

func isHelp(args []string) bool {
	for _, a := range args {
		switch a {
		case "/?", "-?", "/help", "-help", "--help":
			return true
		}
	}
	return len(args) == 0
}

// errNothing ends a list that found nothing, without a word.
var errNothing = &failure{code: codeHelp}

func runLine(ctx context.Context, args []string, env Env) error {
	c, err := Parse(args)
	if err != nil {
		return err
	}
	r := &run{ctx: ctx, env: env, home: env.Home, cmd: c}
	if err := r.takeOptions(); err != nil {
		return err
	}
	object, verb := strings.ToUpper(c.Object), strings.ToLower(c.Verb)
	verbs, ok := objects()[strings.TrimSuffix(object, "S")]
	if !ok {
		return noObject(c.Object)
	}
	r.kind = strings.TrimSuffix(object, "S")
	do := verbs[verb]
	if do == nil {
		return noVerb(c.Verb, r.kind)
	}
	if r.options.in {
		return r.each(do)
	}
	return do(r)
}

// objects are the objects with their verbs.
func objects() map[string]map[string]func(*run) error {
	return map[string]map[string]func(*run) error{
		"SITE": {
			"list": (*run).list, "add": (*run).addSite, "set": (*run).setObject, "delete": (*run).deleteObject,
			"start": (*run).start, "stop": (*run).stop,
		},
		"APP":  {"list": (*run).list, "add": (*run).addApp, "set": (*run).setObject, "delete": (*run).deleteObject},
		"VDIR": {"list": (*run).list, "add": (*run).addVdir, "set": (*run).setObject, "delete": (*run).deleteObject},
		"CONFIG": {
			"list": (*run).listConfig, "set": (*run).setConfig, "search": (*run).searchConfig, "lock": (*run).lockConfig,
			"unlock": (*run).unlockConfig, "clear": (*run).clearConfig, "reset": (*run).clearConfig,
		},
		"BACKUP": {"list": (*run).listBackups, "add": (*run).addBackup, "delete": (*run).deleteBackup, "restore": (*run).restoreBackup},
	}
}

func noObject(object string) error {
	f := &failure{code: codeInvalid, usage: true, text: fmt.Sprintf("Object '%s' is not supported.  Run 'appcmd.exe /?' to display supported objects.", strings.ToUpper(object))}
	switch strings.TrimSuffix(strings.ToUpper(object), "S") {
	case "APPPOOL", "WP", "REQUEST", "MODULE", "TRACE", "BINDING":
		f.hint = "it belongs to web sites and has no meaning for FTP"
	}
	return f
}

func noVerb(verb, object string) error {
	f := &failure{
		code: codeInvalid, usage: true,
		text: fmt.Sprintf("Command '%s' is not supported on object '%s'. Run 'appcmd.exe %s /?'\nto display supported commands.", strings.ToUpper(verb), object, object),
	}
	if strings.EqualFold(verb, "migrate") {
		f.hint = "migrate is for sections of ASP.NET, which FTP has none of"
	}
	return f
}

// run is one command being executed.
type run struct {
	ctx     context.Context //nolint:containedctx // one command is one call
	env     Env
	home    compile.Home
	alone   bool // /apphostconfig: the file is all there is
	cmd     *Command
	kind    string
	options options
	props   []Param
	input   *apphost.Tree // the object that /in is at
	states  map[string]string
	silent  bool // a host runs, but does not tell its states
}

// note tells people something; scripts do not see it.
func (r *run) note(format string, args ...any) {
	fmt.Fprintf(r.env.Err, "appcmd: "+format+"\n", args...)
}

// say prints a line of output.
func (r *run) say(format string, args ...any) { fmt.Fprintf(r.env.Out, format+"\n", args...) }

// edit changes the file and tells what is doubtful afterwards.
func (r *run) edit(change func(*apphost.Draft) error) error {
	result, err := r.home.Edit(change)
	for _, p := range result.Problems {
		word := "error"
		if p.Warning {
			word = "warning"
		}
		r.note("%s: %s: %s", p.Pos, word, p.Msg)
	}
	return err
}

// configuration is the file as it is.
func (r *run) configuration() (*apphost.Configuration, error) {
	draft, err := r.home.Read()
	if err != nil {
		return nil, err
	}
	cfg, problems := draft.Load()
	if cfg == nil {
		return nil, problems
	}
	return cfg, nil
}

// client talks to the running host.
func (r *run) client() *api.Client { return api.NewClient(r.home.Folder(), r.home.Sockets()...) }

// crlf writes line ends as Windows has them.
type crlf struct{ io.Writer }

func (w crlf) Write(b []byte) (int, error) {
	if _, err := w.Writer.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}
