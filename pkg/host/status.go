package host

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/ftps"
	"github.com/ftphost/ftphost/pkg/site"
)

// SiteStatus is how one configured site is.
type SiteStatus struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	// State is Started or Stopped, IIS's words.
	State string `json:"state"`
	// Reason says why a site is stopped or which of its bindings are not open.
	Reason string `json:"reason,omitempty"`
	// Sessions is how many there are.
	Sessions int64 `json:"sessions"`
	// Listen are the addresses the site is reached at.
	Listen []string `json:"listen,omitempty"`
	// Certificate is that of the site; nil when none is configured and none needed.
	Certificate *CertificateStatus `json:"certificate,omitempty"`
	// URLs reach the site from this machine, for a first try.
	URLs URLs `json:"urls,omitzero"`
	// LogFolder is where the site's W3C log is.
	LogFolder string `json:"logFolder,omitempty"`
}

// URLs are ways to reach a site from this machine, "" where there is none. A
// site without anonymous access has USER in them.
type URLs struct {
	// Plain is without TLS, Explicit begins with AUTH TLS, Implicit with TLS.
	Plain    string `json:"plain,omitempty"`
	Explicit string `json:"explicit,omitempty"`
	Implicit string `json:"implicit,omitempty"`
	// ClearData says that data connections may not be encrypted.
	ClearData bool `json:"clearData,omitempty"`
}

// The states of a site.
const (
	Started = "Started"
	Stopped = "Stopped"
)

// Status returns every ftp site of the configuration: those that run first,
// in file order.
func (h *Host) Status() []SiteStatus {
	var list []SiteStatus
	now := h.current.Load()
	for _, s := range now.Sites {
		status := SiteStatus{ID: s.ID, Name: s.Name, State: Started, Reason: strings.Join(now.failed[s.ID], "; "), LogFolder: s.LogFolder}
		if reason := now.Kept[s]; reason != "" {
			status.Reason = "it goes on as it was: " + reason
		}
		status.Sessions = s.Counters.Connections.Now()
		status.Certificate = certificateStatus(s, time.Now())
		for _, open := range now.opened {
			endpoint := now.endpointAt(open.at)
			for _, b := range s.Bindings {
				if endpoint.Holds(b, s) {
					status.Listen = append(status.Listen, address(open.listener.Addr(), b.Host))
					if b.Host == "" {
						status.URLs.add(open.listener.Addr(), s, b.Implicit())
					}
				}
			}
		}
		slices.Sort(status.Listen)
		if len(status.Listen) == 0 {
			status.State = Stopped
		}
		list = append(list, status)
	}
	for _, s := range now.Stopped {
		list = append(list, SiteStatus{ID: s.ID, Name: s.Name, State: Stopped, Reason: s.Reason})
	}
	return list
}

// add enters what reaches s at an address, unless something does already.
func (u *URLs) add(addr net.Addr, s *site.Site, implicit bool) {
	// One who needs a certificate of their own knows how to use it.
	secure := s.TLS.Settings != nil && s.TLS.ClientCertificates != ftps.Require
	plain := s.Channel.Control == site.ControlAllow && s.Channel.Data != site.DataRequire
	u.ClearData = s.Channel.Data == site.DataDeny
	switch {
	case implicit && secure && u.Implicit == "":
		u.Implicit = localURL("ftps", addr, s.Login.AllowAnonymous)
	case implicit:
	default:
		if plain && u.Plain == "" {
			u.Plain = localURL("ftp", addr, s.Login.AllowAnonymous)
		}
		if secure && u.Explicit == "" {
			u.Explicit = localURL("ftp", addr, s.Login.AllowAnonymous)
		}
	}
}

// localURL reaches a site from this machine; a site without anonymous access
// needs an account's name in it.
func localURL(scheme string, addr net.Addr, anonymous bool) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	user := ""
	if !anonymous {
		user = "USER@"
	}
	return scheme + "://" + user + net.JoinHostPort(host, port) + "/"
}

// address is how people write an endpoint: "*" for all addresses, and the
// host name behind it when there is one.
func address(addr net.Addr, host string) string {
	text := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		_, port, err := net.SplitHostPort(text)
		if err == nil {
			text = "*:" + port
		}
	}
	if host != "" {
		text += " (" + host + ")"
	}
	return text
}
