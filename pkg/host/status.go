package host

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// SiteStatus is how one configured site is.
type SiteStatus struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	// State is Started or Stopped, IIS's words.
	State string `json:"state"`
	// Reason says why a site is stopped or which of its bindings are not open.
	Reason string `json:"reason,omitempty"`
	// Listen are the addresses the site is reached at.
	Listen []string `json:"listen,omitempty"`
	// URL is one way to reach the site from this machine, for a first try.
	URL string `json:"url,omitempty"`
	// LogFolder is where the site's W3C log is.
	LogFolder string `json:"logFolder,omitempty"`
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
	for _, s := range h.snapshot.Sites {
		status := SiteStatus{ID: s.ID, Name: s.Name, State: Started, Reason: strings.Join(h.failed[s.Name], "; "), LogFolder: s.LogFolder}
		for _, open := range h.opened {
			for _, b := range s.Bindings {
				if open.endpoint.Holds(b, s) {
					status.Listen = append(status.Listen, address(open.listener.Addr(), b.Host))
					if b.Host == "" && status.URL == "" {
						status.URL = localURL(open.listener.Addr(), s.Login.AllowAnonymous)
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
	for _, s := range h.snapshot.Stopped {
		list = append(list, SiteStatus{ID: s.ID, Name: s.Name, State: Stopped, Reason: s.Reason})
	}
	return list
}

// localURL reaches a site from this machine; a site without anonymous access
// needs an account's name in it.
func localURL(addr net.Addr, anonymous bool) string {
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
	return "ftp://" + user + net.JoinHostPort(host, port) + "/"
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
