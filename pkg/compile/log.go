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

// openLog gives s its log: its own file, or the one of all sites.
func (c *compiler) openLog(s *site.Site, e *apphost.Element, own *logFileSettings) {
	settings, section, name := own, sectionSites, fmt.Sprintf(siteLogFolder, s.ID)
	central := c.log.CentralLogFileMode == centralMode
	if central {
		settings, section, name = &c.log.Central, sectionLog, centralLogFolder
		e = c.cfg.Section(sectionLog, "").Child("centralLogFile")
	}
	extra := c.logExtra(s.Name, central)
	if !settings.Enabled {
		return
	}
	c.logDoubts(e, section, settings)
	directory, err := c.paths.resolve(settings.Directory)
	if err != nil {
		directory = filepath.Join(c.parts.Home.Dir, fallbackLogs)
		if v := e.Attr("directory"); v.Set {
			c.warnf(v.Pos(), section, "site %q: log directory: %v; the log goes to %s", s.Name, err, directory)
		}
	}
	s.LogFolder = filepath.Join(directory, name)
	s.Log = c.parts.Logs.Open(w3clog.Settings{
		Enabled: true, Directory: s.LogFolder, Period: w3clog.Period(settings.Period),
		TruncateSize: settings.TruncateSize, LocalTimeRollover: settings.LocalTimeRollover,
		Fields: w3clog.Fields(settings.Fields), Selective: w3clog.Selective(settings.Selective),
		UTF8: c.log.LogInUTF8, JSON: extra.JSON, FlushInterval: extra.FlushInterval,
	})
}

// logDoubts points out what is accepted in a logFile and has no effect.
func (c *compiler) logDoubts(e *apphost.Element, section string, settings *logFileSettings) {
	v := e.Attr("logExtFileFlags")
	if !v.Set || c.said[v.Pos()] || settings.Fields&physicalPathFlag == 0 {
		return
	}
	c.said[v.Pos()] = true
	c.warnf(v.Pos(), section, "logExtFileFlags: PhysicalPath adds no column, as IIS documents none for it; FullPath is the path that clients see")
}

// logExtra is ftpHost/log as it is in force for one site, or for the log of
// all.
func (c *compiler) logExtra(siteName string, central bool) hostLogSettings {
	extra := c.hostLog
	for _, l := range c.cfg.Locations(sectionHostLog, siteName) {
		switch {
		case central:
			c.warnf(l.Element.Pos(), sectionHostLog, "all sites share the central log; in a location it changes nothing, so say it for the server")
		case l.Path != "" && l.Path != "/":
			c.warnf(l.Element.Pos(), sectionHostLog, `below a site it changes nothing; move it to <location path="%s">`, siteName)
		default:
			extra = c.readHostLog(siteName)
		}
	}
	return extra
}

func (c *compiler) readHostLog(location string) hostLogSettings {
	var settings hostLogSettings
	c.decode(c.cfg.Section(sectionHostLog, location), &settings)
	return settings
}
