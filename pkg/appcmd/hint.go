package appcmd

import (
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// sectionHint says what may be meant by the name of a section.
func sectionHint(schema *apphost.Schema, name string, found []*apphost.ElementSchema) string {
	if len(found) > 1 {
		var paths []string
		for _, s := range found {
			paths = append(paths, s.Path)
		}
		return "; several sections are called so: " + strings.Join(paths, ", ")
	}
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, "sytem."): //nolint:misspell // the slip itself
		return "; it is spelled system.ftpServer; the documentation has this slip in some steps"
	case strings.HasPrefix(lower, "system.ftpserver/security/authentication/"):
		return "; authentication is switched on per site: set config /section:sites /[name='SITE'].ftpServer.security.authentication.basicAuthentication.enabled:true"
	case strings.HasPrefix(lower, "system.ftpserver/security/ssl"), lower == "system.ftpserver/userisolation", lower == "system.ftpserver/directorybrowse",
		lower == "system.ftpserver/messages", lower == "system.ftpserver/connections", lower == "system.ftpserver/logfile":
		return "; that is an element of each site: set config /section:sites /[name='SITE'].ftpServer..., or siteDefaults.ftpServer..."
	case strings.HasPrefix(lower, "system.ftpserver/log/customlogging"):
		return "; it was there in FTP 7.0 only and has no effect"
	case strings.HasPrefix(lower, "system.web"), strings.HasPrefix(lower, "system.applicationhost/"), lower == "applicationpools":
		return "; it belongs to web sites, which are not served here"
	}
	for at := strings.LastIndexByte(name, '/'); at > 0; at = strings.LastIndexByte(name[:at], '/') {
		if s := schema.Section(name[:at]); s != nil {
			return "; the section is " + s.Path + ", the rest belongs to the path of a parameter"
		}
	}
	return ""
}

// nameHint says what is meant by names that people try.
func nameHint(name string) string {
	switch strings.ToLower(name) {
	case "pasvportrange", "datachannelportrange", "pasvminport", "pasvmaxport":
		return "the passive range is lowDataChannelPort and highDataChannelPort of system.ftpServer/firewallSupport, for the whole server"
	case "lowdatachannelport", "highdatachannelport":
		return "the passive range is one for the whole server: set config /section:system.ftpServer/firewallSupport; a site has externalIp4Address"
	case "welcomemessage":
		return "did you mean greetingMessage?"
	case "denybydefault":
		return "did you mean allowUnlisted?"
	case "maxallowedcontentlength":
		return "it is an attribute of requestLimits: /requestLimits.maxAllowedContentLength:"
	case "ssl":
		return "ssl belongs under ftpServer/security: ftpServer.security.ssl"
	case "impersonationlevel", "customlogging":
		return "it was there in FTP 7.0 only and has no effect"
	}
	return ""
}

// valueHint says what is meant by values that people try.
func valueHint(v *apphost.ValueError) string {
	text := v.Err.Error()
	for _, known := range []struct{ attribute, value, hint string }{
		{"logExtFileFlags", "HttpStatus", "the flags of FTP are FtpStatus, FtpSubStatus and BytesRecv; UriQuery, UserAgent and Referer are of HTTP"},
		{"logExtFileFlags", "HttpSubStatus", "the flags of FTP are FtpStatus, FtpSubStatus and BytesRecv"},
		{"logExtFileFlags", "BytesReceived", "the flag is BytesRecv"},
		{"mode", "Isolated", "IsolateAllDirectories keeps users in their own folders"},
	} {
		if strings.EqualFold(v.Attribute, known.attribute) && strings.Contains(text, known.value) {
			return known.hint
		}
	}
	return ""
}
