package apphost

import "strings"

// misplaced tells where something belongs that people are known to put in
// the wrong place. The parent is a schema path; an attribute begins with "@".
func misplaced(parent, name string) string {
	const ftpServer = "system.applicationHost/sites/site/ftpServer"
	in := func(path string) bool {
		return strings.EqualFold(parent, path) ||
			strings.EqualFold(parent, strings.Replace(path, "/site/", "/siteDefaults/", 1))
	}
	is := func(names ...string) bool {
		for _, n := range names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	switch {
	case in(ftpServer+"/security") && is("authorization", "ipSecurity", "requestFiltering"):
		return `; it belongs in system.ftpServer/security, at the server level or in a <location path="SITE">`
	case in(ftpServer) && is("ssl", "authentication", "sslClientCertificates", "dataChannelSecurity", "commandFiltering"):
		return "; it belongs in the <security> element of ftpServer"
	case in("system.ftpServer/security") && is("ssl", "sslClientCertificates", "dataChannelSecurity", "commandFiltering"):
		return "; it belongs in ftpServer/security of a site or of siteDefaults"
	case in(ftpServer+"/firewallSupport") && is("@lowDataChannelPort", "@highDataChannelPort"):
		return "; the passive range is server-wide: system.ftpServer/firewallSupport"
	case in("system.ftpServer/firewallSupport") && is("@externalIp4Address"):
		return "; the external address is set per site: ftpServer/firewallSupport"
	case in("system.ftpServer/security/requestFiltering") && is("commands", "verbs"):
		return "; FTP commands are filtered in ftpServer/security/commandFiltering of a site"
	}
	return ""
}
