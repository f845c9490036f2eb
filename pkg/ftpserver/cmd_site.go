package ftpserver

import (
	"context"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
)

// siteCommand runs a command of SITE.
func (s *session) siteCommand(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	name, arg, _ := strings.Cut(cmd.Arg, " ")
	name = strings.ToUpper(name)
	if !slices.Contains(s.siteCommands(), name) {
		return ftp.Reply{}, errArgument
	}
	switch name {
	case "UTIME":
		return s.siteUtime(arg)
	case "CHMOD":
		return s.siteChmod(arg)
	}
	switch {
	case arg != "":
		return ftp.Reply{}, errArgument
	case name == "DIRSTYLE":
		return s.dirStyle(), nil
	}
	var lines []string
	for _, known := range s.siteCommands() {
		lines = append(lines, "    "+known)
	}
	return block(214, append([]string{textSiteHelp}, lines...), "HELP command successful."), nil
}

// siteCommands are the commands of SITE in this session: those of IIS, and
// those that the site does not refuse.
func (s *session) siteCommands() []string {
	known := []string{"DIRSTYLE", "HELP"}
	if s.extended() && s.site.Protocol.SiteChmod != site.Refuse {
		known = slices.Insert(known, 0, "CHMOD")
	}
	if s.extended() && s.site.Protocol.SiteUtime != site.Refuse {
		known = append(known, "UTIME")
	}
	return known
}

// offeredSite is the line of SITE in FEAT.
func offeredSite(s *session) string { return "SITE " + strings.Join(s.siteCommands(), ";") }

// dirStyle toggles between the two styles of LIST.
func (s *session) dirStyle() ftp.Reply {
	s.params.otherStyle = !s.params.otherStyle
	if s.unixStyle() {
		return reply(200, textDirStyle+"off.")
	}
	return reply(200, textDirStyle+"on.")
}

// siteUtime sets the time of a file.
func (s *session) siteUtime(arg string) (ftp.Reply, error) {
	name, t, err := parseUtime(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	p := s.resolve(name)
	if s.site.Protocol.SiteUtime == site.Apply {
		if err := s.who.view.SetModTime(p, t); err != nil {
			return ftp.Reply{}, err
		}
	}
	return successful(200, "SITE UTIME"), nil
}

// parseUtime reads both forms of SITE UTIME: "YYYYMMDDhhmm[ss] path", and
// "path access-time modification-time creation-time UTC".
func parseUtime(arg string) (name string, t time.Time, err error) {
	if rest, ok := cutSuffixFold(arg, " UTC"); ok {
		var stamps [3]string
		for i := range stamps {
			at := strings.LastIndexByte(rest, ' ')
			if at <= 0 {
				return "", time.Time{}, errParameters
			}
			stamps[len(stamps)-1-i], rest = rest[at+1:], rest[:at]
		}
		t, err = ftp.ParseTime(stamps[1])
		return rest, t, argumentError(err)
	}
	stamp, name, _ := strings.Cut(arg, " ")
	if name == "" {
		return "", time.Time{}, errParameters
	}
	const toTheMinute = len("YYYYMMDDhhmm")
	if len(stamp) == toTheMinute {
		stamp += "00"
	}
	t, err = ftp.ParseTime(stamp)
	return name, t, argumentError(err)
}

func argumentError(err error) error {
	if err != nil {
		return errArgument
	}
	return nil
}

func cutSuffixFold(s, suffix string) (before string, ok bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

// siteChmod sets the UNIX permissions of a file: "mode path", the mode in
// octal. Bits beyond reading, writing and executing are not given away.
func (s *session) siteChmod(arg string) (ftp.Reply, error) {
	digits, name, _ := strings.Cut(arg, " ")
	if name == "" {
		return ftp.Reply{}, errParameters
	}
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || fs.FileMode(mode) > fs.ModePerm {
		return ftp.Reply{}, errArgument
	}
	p := s.resolve(name)
	if s.site.Protocol.SiteChmod == site.Apply {
		if err := s.who.view.SetMode(p, fs.FileMode(mode)); err != nil {
			return ftp.Reply{}, err
		}
	}
	return successful(200, "SITE CHMOD"), nil
}
