package compile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/source"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

const (
	// RedirectionFile says that the configuration is in another folder, which
	// several servers share.
	RedirectionFile = "redirection.config"
	// SharedDir has the copies of what was read there.
	SharedDir = "shared"
)

const sectionRedirection = "configurationRedirection"

type redirectionSettings struct {
	Enabled          bool          `config:"enabled"`
	Path             string        `config:"path"`
	UserName         string        `config:"userName"`
	EnableUNCPolling bool          `config:"enableUncPolling"`
	PollingPeriod    time.Duration `config:"pollingPeriod"`
}

// shared is a configuration that is read from another folder.
type shared struct {
	folder string
	// files is what was read from there, or from the copies, by name; nil before
	// that.
	files map[string][]byte
	// copied says that the folder could not be read, so that files is from the
	// copies.
	copied bool
	// period is how often the folder is looked at; 0 for all the time.
	period time.Duration
}

// sharedFiles are what IIS reads from the folder. What is ours stays with each
// machine: drives, accounts and addresses differ between them.
func sharedFiles() []string { return []string{ConfigFile, AdministrationFile} }

// Redirection is the path of redirection.config.
func (h Home) Redirection() string { return filepath.Join(h.Dir, RedirectionFile) }

// Resolve follows redirection.config. If that says so, the home it returns has
// applicationHost.config and administration.config as they are in the shared
// folder at this moment, or in the local copies when the folder cannot be
// read, which is a warning; and its Config is where that came from. The list
// has errors when the home cannot be read as it wants to be. A home that was
// resolved stays as it is.
func (h Home) Resolve() (Home, apphost.ErrorList) {
	if h.resolved {
		return h, nil
	}
	s, path, problems := h.redirected()
	if problems.Errors() > 0 {
		return h, problems
	}
	h.resolved, h.shared = true, s
	if s == nil {
		return h, problems
	}
	h.Config = filepath.Join(s.folder, ConfigFile)
	away := s.read(s.folder, answer)
	if away == nil {
		return h, problems
	}
	told := &apphost.Error{Pos: path, Section: sectionRedirection, Err: away, Warning: true}
	copied := filepath.Join(h.Dir, SharedDir)
	switch info, err := os.Stat(filepath.Join(copied, ConfigFile)); {
	case err != nil || s.read(copied, answer) != nil:
		told.Warning = false
		told.Msg = fmt.Sprintf("the shared configuration cannot be read (%v), and there is no copy of an earlier one in %s; is the share mounted?", away, copied)
	default:
		h.Config, s.copied = filepath.Join(copied, ConfigFile), true
		told.Msg = fmt.Sprintf("the shared configuration cannot be read (%v); the copy in %s is used, which was taken %v ago, at %s",
			away, copied, time.Since(info.ModTime()).Round(time.Second), info.ModTime().Format(time.DateTime))
	}
	return h, append(problems, told)
}

// With is a home that was resolved, but with another file in the place of
// applicationHost.config.
func (h Home) With(config string) Home {
	h.Config, h.draft = config, true
	return h
}

// redirected reads redirection.config: nil when the configuration is at home.
func (h Home) redirected() (s *shared, path xmldoc.Pos, problems apphost.ErrorList) {
	doc, err := readDocument(h.Redirection())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, path, nil
	case err != nil:
		return nil, path, fileErrors(err)
	}
	definitions, err := h.schema()
	if err != nil {
		return nil, path, fileErrors(err)
	}
	cfg, problems := apphost.Load(definitions, doc)
	if cfg == nil {
		return nil, path, problems
	}
	e := cfg.Section(sectionRedirection, "")
	c := &compiler{problems: problems}
	var settings redirectionSettings
	c.decode(e, &settings)
	if !settings.Enabled {
		return nil, path, c.problems
	}
	if path = e.Pos(); e.Attr("path").Set {
		path = e.Attr("path").Pos()
	}
	// Nobody misses a password that is not used.
	password := e.Attr("password")
	c.problems = slices.DeleteFunc(c.problems, func(p *apphost.Error) bool { return password.Set && p.Warning && p.Pos == password.Pos() })
	if settings.UserName != "" {
		c.warnf(e.Attr("userName").Pos(), sectionRedirection, "userName and password have no effect: the share is mounted by the operating system, with an account that may read it")
	}
	s = &shared{}
	if settings.EnableUNCPolling {
		s.period = settings.PollingPeriod
	}
	s.folder, err = h.folder(definitions, settings.Path)
	var list apphost.ErrorList
	switch {
	case errors.As(err, &list):
		c.problems = append(c.problems, list...)
	case err != nil:
		c.errorf(path, sectionRedirection, "path: %v", err)
	}
	return s, path, c.problems
}

// folder finds the shared folder by the path map of this machine.
func (h Home) folder(definitions *apphost.Schema, path string) (string, error) {
	if path == "" {
		return "", errors.New("is missing: name the folder that has the shared applicationHost.config, or write enabled=\"false\"")
	}
	cfg, problems := h.loadOwn(definitions)
	if cfg == nil {
		return "", problems
	}
	c := &compiler{cfg: cfg, parts: Parts{Home: h}}
	c.readPathMap()
	if c.problems.Errors() > 0 {
		return "", c.problems
	}
	return c.paths.resolve(path)
}

// answer is how long a share has to be read: a file server that is gone must not
// hold up whoever reloads.
const answer = 10 * time.Second

// read reads the shared files from dir within a time, all or none.
func (s *shared) read(dir string, limit time.Duration) error {
	type result struct {
		files map[string][]byte
		err   error
	}
	done := make(chan result, 1)
	go func() { // it cannot be waited for while the system waits for the server
		files, err := readShared(dir)
		done <- result{files, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		s.files = r.files
		return r.err
	case <-timer.C:
		return fmt.Errorf("%s does not answer within %v", dir, limit)
	}
}

// readShared reads the shared files. There need not be an administration.config.
func readShared(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range sharedFiles() {
		data, err := readSettled(filepath.Join(dir, name))
		switch {
		case err == nil:
			files[name] = data
		case name == ConfigFile || !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return files, nil
}

// readSettled reads a file that others may be writing to: what is read has the
// length that the file has afterwards.
func readSettled(path string) ([]byte, error) {
	const tries = 5
	for range tries {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Size() == int64(len(data)) {
			return data, nil
		}
	}
	return nil, fmt.Errorf("%s is being written", path)
}

// KeepShared keeps copies of the shared files in the home, as they were read,
// for the time when the shared folder cannot be read. Call it when they have
// turned out good. It does nothing for a home that is not shared, or that was
// read from the copies.
func (h Home) KeepShared() error {
	if h.shared == nil || h.shared.copied || h.shared.files == nil {
		return nil
	}
	dir := filepath.Join(h.Dir, SharedDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keeping a copy of the shared configuration: %w", err)
	}
	errs := []error{durable.Adopt(dir)}
	for _, name := range sharedFiles() {
		errs = append(errs, keepCopy(filepath.Join(dir, name), h.shared.files[name]))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("keeping a copy of the shared configuration: %w", err)
	}
	return nil
}

// keepCopy makes a copy hold data, and nil remove it. Its time says when it was
// good.
func keepCopy(path string, data []byte) error {
	if data == nil {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, data) {
		now := time.Now()
		return os.Chtimes(path, now, now)
	}
	if err := durable.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return durable.Adopt(path)
}

// Sources says which files make up the configuration, to be watched. The home
// need not be resolved.
func (h Home) Sources() source.Set {
	set := source.Set{
		Files:   []string{h.Own(), h.Accounts(), h.Redirection()},
		Folders: []string{h.Certificates(), h.schemas()},
	}
	s := h.shared
	if !h.resolved {
		// A file that is wrong leads nowhere until it is changed.
		s, _, _ = h.redirected()
	}
	switch {
	case s == nil || s.folder == "":
		set.Files = append(set.Files, h.Config, h.Administration())
	case s.period > 0:
		set.Rare, set.Period = s.sources(), s.period
	default:
		set.Files = append(set.Files, s.sources()...)
	}
	return set
}

func (s *shared) sources() []string {
	var paths []string
	for _, name := range sharedFiles() {
		paths = append(paths, filepath.Join(s.folder, name))
	}
	return paths
}
