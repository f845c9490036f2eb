package compile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/history"
)

// HistoryDir has the histories of the configuration, unless it says otherwise.
const HistoryDir = "history"

const sectionHistory = "system.applicationHost/configHistory"

type historySettings struct {
	Enabled      bool          `config:"enabled"`
	Path         string        `config:"path"`
	MaxHistories uint32        `config:"maxHistories"`
	Period       time.Duration `config:"period"`
}

// HistorySettings says where and how histories of a configuration are kept. It
// is Result.History for whoever needs no sites.
func HistorySettings(cfg *apphost.Configuration, home Home) history.Settings {
	c := &compiler{cfg: cfg, parts: Parts{Home: home}}
	c.readPathMap()
	return c.history()
}

// history reads configHistory: without a path histories are in the home, and so
// they are with that of every Windows machine unless the path map says where
// that is here.
func (c *compiler) history() history.Settings {
	e := c.cfg.Section(sectionHistory, "")
	var settings historySettings
	c.decode(e, &settings)
	s := history.Settings{Enabled: settings.Enabled, Folder: c.parts.Home.History(), Max: settings.MaxHistories, Period: settings.Period}
	written := e.Attr("path")
	if !written.Set {
		return s
	}
	switch folder, err := c.paths.resolve(settings.Path); {
	case err == nil:
		s.Folder = folder
	case settings.Enabled && !(errors.Is(err, errUnmapped) && isDefault(written, e, "path")):
		c.warnf(written.Pos(), sectionHistory, "path: %v; histories are kept in %s", err, s.Folder)
	}
	return s
}

// isDefault reports whether a value that is written is the default.
func isDefault(v apphost.Value, e *apphost.Element, name string) bool {
	return slices.ContainsFunc(e.Schema().Attributes, func(a *apphost.AttributeSchema) bool {
		return a.Name == name && strings.EqualFold(a.Default, v.Text)
	})
}

// History is the folder of histories, unless the configuration has another.
func (h Home) History() string { return filepath.Join(h.Dir, HistoryDir) }

// Kept says what of the home goes into its histories: all that says how sites
// are, from where a home after Resolve has it. Accounts and certificates do
// not, so that nothing brings back a password that was changed.
func (h Home) Kept() []history.Part {
	administration := filepath.Join(h.Dir, AdministrationFile)
	if h.shared != nil {
		administration = filepath.Join(filepath.Dir(h.Config), AdministrationFile)
	}
	return []history.Part{
		{Name: ConfigFile, Path: h.Config},
		{Name: OwnFile, Path: h.Own()},
		{Name: AdministrationFile, Path: administration},
		{Name: SchemaDir, Path: h.schemas(), Folder: true},
	}
}

// Away says that the configuration is a shared one that could not be read, so
// that the copies in the home count. Only a home after Resolve knows.
func (h Home) Away() bool { return h.shared != nil && h.shared.copied }

// WithFilesOf returns the home with the files of dir in place of its own, as far as
// they are there, to see whether they would do. It follows no redirection.
func (h Home) WithFilesOf(dir string) Home {
	h.resolved, h.shared, h.known = true, nil, nil
	h.instead = map[string]string{}
	for _, name := range []string{ConfigFile, OwnFile, AdministrationFile, SchemaDir} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			h.instead[name] = path
		}
	}
	h.Config = h.at(ConfigFile, h.Config)
	return h
}

// at is where a file of the home is, when it is not elsewhere.
func (h Home) at(name, path string) string {
	if other, ok := h.instead[name]; ok {
		return other
	}
	return path
}
