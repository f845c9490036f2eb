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

// physicalPathFlag is the one of logExtFileFlags that has no column.
const physicalPathFlag = uint32(w3clog.PhysicalPath)

// openLog gives s its log: its own, or the one of all sites.
func (c *compiler) openLog(s *site.Site, e *apphost.Element, own *logFileSettings) {
	central := c.log.CentralLogFileMode == centralMode
	extra := c.logExtra(s.Name, central)
	if !central {
		what := fmt.Sprintf("site %q: log", s.Name)
		s.Log, s.LogFolder = c.open(logPlace{e, sectionSites, what, fmt.Sprintf(siteLogFolder, s.ID)}, own, extra)
		return
	}
	s.Log, s.LogFolder = c.central, c.centralFolder
}

// openCentral opens the log of all sites, if that is how they are logged.
func (c *compiler) openCentral() {
	if c.log.CentralLogFileMode == centralMode {
		e := c.cfg.Section(sectionLog, "").Child("centralLogFile")
		c.central, c.centralFolder = c.open(logPlace{e, sectionLog, "central log", centralLogFolder}, &c.log.Central, c.hostLog)
	}
}

// logPlace is where a log is configured, what to call it, and its folder below
// the configured directory.
type logPlace struct {
	element               *apphost.Element
	section, what, folder string
}

// open opens a log, unless it is off.
func (c *compiler) open(at logPlace, settings *logFileSettings, extra hostLogSettings) (log *w3clog.Log, folder string) {
	if !settings.Enabled {
		return nil, ""
	}
	c.logDoubts(at, settings)
	directory, err := c.paths.resolve(settings.Directory)
	if err != nil {
		directory = filepath.Join(c.parts.Home.Dir, fallbackLogs)
		if v := at.element.Attr("directory"); v.Set {
			c.warnf(v.Pos(), at.section, "%s directory: %v; the log goes to %s", at.what, err, directory)
		}
	}
	folder = filepath.Join(directory, at.folder)
	return c.parts.Logs.Open(w3clog.Settings{
		Enabled: true, Directory: folder, Period: w3clog.Period(settings.Period),
		TruncateSize: settings.TruncateSize, LocalTimeRollover: settings.LocalTimeRollover,
		Fields: w3clog.Fields(settings.Fields), Selective: w3clog.Selective(settings.Selective),
		UTF8: c.log.LogInUTF8, JSON: extra.JSON, FlushInterval: extra.FlushInterval,
	}), folder
}

// logDoubts points out what is accepted in a logFile and has no effect.
func (c *compiler) logDoubts(at logPlace, settings *logFileSettings) {
	v := at.element.Attr("logExtFileFlags")
	if !v.Set || settings.Fields&physicalPathFlag == 0 {
		return
	}
	c.warnf(v.Pos(), at.section, "logExtFileFlags: PhysicalPath adds no column, as IIS documents none for it; FullPath is the path that clients see")
}

// logExtra is ftpHost/log as it is in force for one site, or for the log of
// all.
func (c *compiler) logExtra(siteName string, central bool) hostLogSettings {
	if central {
		for _, l := range c.cfg.Locations(sectionHostLog, siteName) {
			c.warnf(l.Element.Pos(), sectionHostLog, "all sites share the central log; in a location it changes nothing, so say it for the server")
		}
		return c.hostLog
	}
	if c.saidOf(siteName, sectionHostLog) {
		return c.readHostLog(siteName)
	}
	return c.hostLog
}

func (c *compiler) readHostLog(location string) hostLogSettings {
	var settings hostLogSettings
	c.decode(c.cfg.Section(sectionHostLog, location), &settings)
	return settings
}
