package compile

import (
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// Admin says where the running host is looked at and told what to do (ftpHost/admin and
// ftpHost/metrics).
type Admin struct {
	// Socket is the path that is configured, "" for the usual one.
	Socket string
	// Address and Metrics are addresses of the network, "" for none.
	Address, Metrics string
	// Keys are for Address.
	Keys []AdminKey
}

// AdminKey is one who may use the interface over the network.
type AdminKey struct {
	Name string `config:"name"`
	// Hash is of the key, which is nowhere.
	Hash string `config:"hash"`
}

type adminSettings struct {
	Socket  string     `config:"socket"` // read by AdminSocket
	Address string     `config:"address"`
	Keys    []AdminKey `config:"keys"`
}

type metricsSettings struct {
	Address string `config:"address"`
	Users   uint32 `config:"users"`
}

// keyHash is how a key is written.
var keyHash = regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)

// AdminSocket is the socket that a configuration names, "" for the usual one.
func AdminSocket(cfg *apphost.Configuration, home Home) string {
	socket := cfg.Section(sectionAdmin, "").Attr("socket").Text
	if socket != "" && !filepath.IsAbs(socket) {
		socket = filepath.Join(home.Dir, socket)
	}
	return socket
}

// readAdmin reads where the host is looked at. What is wrong with it is left
// out and warned of: sites are served all the same.
func (c *compiler) readAdmin() Admin {
	e := c.cfg.Section(sectionAdmin, "")
	var settings adminSettings
	c.decode(e, &settings)
	numbers := c.cfg.Section(sectionMetrics, "")
	var metrics metricsSettings
	c.decode(numbers, &metrics)
	c.userNames = metrics.Users
	a := Admin{Socket: AdminSocket(c.cfg, c.parts.Home)}
	for i, key := range settings.Keys {
		if !keyHash.MatchString(key.Hash) {
			c.warnf(e.Child("keys").Entries()[i].Attr("hash").Pos(), sectionAdmin, "key %q: hash is not sha256: and 64 hexadecimal digits, so nobody has this key; make one with: ftphost admin key %q", key.Name, key.Name)
			continue
		}
		a.Keys = append(a.Keys, key)
	}
	a.Address = c.listenAddress(e, sectionAdmin)
	a.Metrics = c.listenAddress(numbers, sectionMetrics)
	switch v := e.Attr("address"); {
	case a.Address == "":
	case len(a.Keys) == 0:
		c.warnf(v.Pos(), sectionAdmin, "nobody can use address %s, since there is no key; make one with: ftphost admin key NAME", a.Address)
	case !isLoopback(a.Address):
		c.warnf(v.Pos(), sectionAdmin, "address %s is open to other machines, and HTTP shows keys to everybody on the way; listen on 127.0.0.1 and put a server with TLS in front", a.Address)
	}
	if meet(a.Address, a.Metrics) {
		c.warnf(numbers.Attr("address").Pos(), sectionMetrics, "address %s is that of ftpHost/admin, which has /metrics too, for those with a key; give another one", a.Metrics)
		a.Metrics = ""
	}
	return a
}

// listenAddress is the attribute address of a section, or "" when it is none.
func (c *compiler) listenAddress(e *apphost.Element, section string) string {
	v := e.Attr("address")
	if v.Text == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(v.Text)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 {
		c.warnf(v.Pos(), section, "address %q is not an address and a port, such as 127.0.0.1:8021; nothing listens there", v.Text)
		return ""
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		c.warnf(v.Pos(), section, "address %q does not begin with an address of this machine, such as 127.0.0.1; nothing listens there", v.Text)
		return ""
	}
	return v.Text
}

// meet reports whether only one of two addresses can be listened on.
func meet(a, b string) bool {
	hostA, portA, err := net.SplitHostPort(a)
	hostB, portB, err2 := net.SplitHostPort(b)
	if err != nil || err2 != nil || portA != portB {
		return false
	}
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return hostA == hostB || all(hostA) || all(hostB) || isLoopback(a) && isLoopback(b) && (hostA == "localhost" || hostB == "localhost")
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
