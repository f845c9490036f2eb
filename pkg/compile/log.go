package compile

import (
	"fmt"
	"path/filepath"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Names of log folders below the configured directory.
const (
	siteLogFolder    = "FTPSVC%d"
	centralLogFolder = "FTPSVC" // not documented by IIS
)

const centralMode = 1

// fallbackLogs is used when the configured directory is on a drive that the
// path map does not know: a log is no reason to keep a site stopped.
const fallbackLogs = "logs"

// openLog gives s its log: its own file, or the one of all sites.
func (c *compiler) openLog(s *site.Site, e *apphost.Element, own *logFileSettings) {
	settings, name := own, fmt.Sprintf(siteLogFolder, s.ID)
	if c.log.CentralLogFileMode == centralMode {
		settings, name = &c.log.Central, centralLogFolder
		e = c.cfg.Section(sectionLog, "").Child("centralLogFile")
	}
	if !settings.Enabled {
		return
	}
	directory, err := c.paths.resolve(settings.Directory)
	if err != nil {
		directory = filepath.Join(c.parts.Home.Dir, fallbackLogs)
		if v := e.Attr("directory"); v.Set {
			c.warnf(v.Pos(), sectionSites, "site %q: log directory: %v; the log goes to %s", s.Name, err, directory)
		}
	}
	s.LogFolder = filepath.Join(directory, name)
	s.Log = c.parts.Logs.Open(w3clog.Settings{
		Enabled: true, Directory: s.LogFolder, Period: w3clog.Period(settings.Period),
		TruncateSize: settings.TruncateSize, LocalTimeRollover: settings.LocalTimeRollover,
		Fields: w3clog.Fields(settings.Fields), Selective: w3clog.Selective(settings.Selective),
		UTF8: c.log.LogInUTF8,
	})
}
