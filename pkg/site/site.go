// Package site says what one FTP site is once it has been built: its
// bindings, policies, logins, files and log, and which site answers on which
// endpoint. It never changes after building and never sees configuration
// text.
package site

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// Site is one FTP site as built from one configuration. It is fixed: all
// sessions share it, and a changed configuration yields another Site.
type Site struct {
	// ID is site@id; the log folder is named after it.
	ID uint32
	// Name is site@name, the first segment of location paths.
	Name string
	// Bindings are the site's usable ftp bindings in file order.
	Bindings []Binding

	Connections Connections
	Messages    Messages
	Channel     ChannelPolicy
	TLS         TLS
	DataChannel DataChannel
	Browse      Browse
	Protocol    Protocol

	// MaxCommandLine is the longest command line in bytes, line end not counted.
	MaxCommandLine int
	// Commands decides which verbs the site knows (commandFiltering).
	Commands *access.CommandFilter
	// AllowUTF8 offers UTF-8 in FEAT and OPTS.
	AllowUTF8 bool

	// Login proves who someone is.
	Login *auth.Chain
	// Root is the tree of files; a session gets its own view of it.
	Root *vfs.Namespace
	// Log is the site's W3C log; nil when logging is off.
	Log *w3clog.Log
	// LogFolder is where Log writes, for people to find it; "" when off.
	LogFolder string
	// Counters live as long as the site does and survive its rebuilding.
	Counters *Counters
	// UserNames is how many users have counters of their own.
	UserNames uint32
}

// Binding is one ftp binding of a site.
type Binding struct {
	// Address is the local address, or the zero Addr for all of them.
	Address netip.Addr
	// Port is the configured port, before any port offset.
	Port uint16
	// Host is the virtual host name, lower case, or "" for the default site of
	// the endpoint.
	Host string
	// Origin is where the binding is written, as file:line:col.
	Origin string
}

// Implicit reports whether TLS starts with the connection: IIS decides it on
// the configured port alone.
func (b Binding) Implicit() bool { return b.Port == ImplicitPort }

// Same reports whether two bindings ask for the same place.
func (b Binding) Same(o Binding) bool {
	return b.Address == o.Address && b.Port == o.Port && b.Host == o.Host
}

// String is the binding as IIS writes it.
func (b Binding) String() string {
	address := "*"
	if b.Address.IsValid() {
		address = b.Address.String()
	}
	if b.Address.Is6() {
		address = "[" + address + "]"
	}
	return fmt.Sprintf("%s:%d:%s", address, b.Port, b.Host)
}

// ImplicitPort is the one port on which FTPS is implicit.
const ImplicitPort = 990

// Connections are the limits of ftpServer/connections.
type Connections struct {
	// UnauthenticatedTimeout runs from accept until login.
	UnauthenticatedTimeout time.Duration
	// ControlChannelTimeout is the idle time of a logged-in control channel.
	ControlChannelTimeout time.Duration
	// DataChannelTimeout is the idle time of a data channel.
	DataChannelTimeout time.Duration
	// MinBytesPerSecond ends transfers slower than this; 0 is no limit.
	MinBytesPerSecond int
	// MaxConnections is the number of control channels the site serves at once.
	MaxConnections uint32
	// ResetOnMaxConnections drops a connection over the limit without a word.
	ResetOnMaxConnections bool
	// PoolSockets opens the ports of the site on all addresses, whatever its
	// bindings name: disableSocketPooling is false, and that is written.
	PoolSockets bool
	// ServerListenBacklog is how many connections may wait to be accepted; 0
	// leaves it to the operating system.
	ServerListenBacklog int
}

// Messages are the texts of ftpServer/messages.
type Messages struct {
	Banner, Greeting, Exit, MaxClients string
	// SuppressDefaultBanner leaves out the product line of the greeting.
	SuppressDefaultBanner bool
	// AllowLocalDetailedErrors gives clients on this machine the four-line form.
	AllowLocalDetailedErrors bool
	// ExpandVariables replaces %SiteName% and its like in the texts.
	ExpandVariables bool
}

// ControlPolicy says when the control channel must be encrypted.
type ControlPolicy int

// The control channel policies, with IIS's numbers.
const (
	ControlAllow ControlPolicy = iota
	ControlRequire
	ControlRequireCredentialsOnly
)

// DataPolicy says when data channels must be encrypted.
type DataPolicy int

// The data channel policies, with IIS's numbers.
const (
	DataAllow DataPolicy = iota
	DataRequire
	DataDeny
)

// ChannelPolicy is the TLS policy of ftpServer/security/ssl.
type ChannelPolicy struct {
	Control ControlPolicy
	Data    DataPolicy
	// ControlOrigin and DataOrigin are where they are written, as file:line:col,
	// or "default".
	ControlOrigin, DataOrigin string
}

// DataChannel says which peers a data channel may have and which address a
// passive reply names.
type DataChannel struct {
	MatchClientAddressForPort bool
	MatchClientAddressForPasv bool
	// ExternalIPv4 is told in 227 replies; the zero Addr means the local address.
	ExternalIPv4 netip.Addr
}

// Browse is how listings look (directoryBrowse/@showFlags).
type Browse struct {
	LongDate, Unix, AvailableBytes, VirtualDirectories, UseGMT bool
}

// The flags of showFlags, with IIS's numbers.
const (
	showLongDate           = 2
	showStyleUnix          = 4
	showAvailableBytes     = 16
	showVirtualDirectories = 32
	showGMT                = 64
)

// BrowseFlags reads showFlags.
func BrowseFlags(flags int) Browse {
	return Browse{
		LongDate:           flags&showLongDate != 0,
		Unix:               flags&showStyleUnix != 0,
		AvailableBytes:     flags&showAvailableBytes != 0,
		VirtualDirectories: flags&showVirtualDirectories != 0,
		UseGMT:             flags&showGMT != 0,
	}
}

// Protocol is how a site speaks FTP beyond what IIS knows (ftpHost/protocol).
type Protocol struct {
	FeatureSet FeatureSet
	// Identity is the product line of the greeting.
	Identity string
	// Replies says whose words are used where the versions of IIS differ.
	Replies Replies
	// LegacyCodePage is what sessions speak that have not asked for UTF-8.
	LegacyCodePage codepage.Page
	// SiteUtime and SiteChmod say what becomes of SITE UTIME and SITE CHMOD.
	SiteUtime, SiteChmod Policy
}

// FeatureSet says which commands clients find.
type FeatureSet int

// The feature sets, with the numbers of the schema.
const (
	// Extended is IIS's commands and those that newer clients want.
	Extended FeatureSet = iota
	// IIS is IIS's commands alone.
	IIS
)

// Replies is a version of IIS by its words.
type Replies int

// The versions whose words differ, with the numbers of the schema.
const (
	// RepliesIIS10 are those of IIS 8 and later.
	RepliesIIS10 Replies = iota
	// RepliesIIS75 are those of IIS 7.5.
	RepliesIIS75
)

// Policy is what becomes of a command that an administrator may not want.
type Policy int

// The policies, with the numbers of the schema.
const (
	// Apply does what the command says.
	Apply Policy = iota
	// Accept answers as if it were done, and does nothing.
	Accept
	// Refuse refuses.
	Refuse
)
