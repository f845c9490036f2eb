package compile

import "time"

// The structs below mirror the sections as the schema declares them; defaults
// and types come from there. A test holds both against each other.

type siteSettings struct {
	Name         string                `config:"name"`
	ID           uint32                `config:"id"`
	Bindings     []bindingSettings     `config:"bindings"`
	Applications []applicationSettings `config:"application"`
	FTP          ftpServerSettings     `config:"ftpServer"`
}

type bindingSettings struct {
	Protocol    string `config:"protocol"`
	Information string `config:"bindingInformation"`
}

type applicationSettings struct {
	Path               string                     `config:"path"`
	VirtualDirectories []virtualDirectorySettings `config:"virtualDirectory"`
}

type virtualDirectorySettings struct {
	Path         string `config:"path"`
	PhysicalPath string `config:"physicalPath"`
}

type ftpServerSettings struct {
	AllowUTF8       bool                    `config:"allowUTF8"`
	ServerAutoStart bool                    `config:"serverAutoStart"`
	Connections     connectionsSettings     `config:"connections"`
	Security        securitySettings        `config:"security"`
	Messages        messagesSettings        `config:"messages"`
	FileHandling    fileHandlingSettings    `config:"fileHandling"`
	Firewall        siteFirewallSettings    `config:"firewallSupport"`
	UserIsolation   userIsolationSettings   `config:"userIsolation"`
	Browse          directoryBrowseSettings `config:"directoryBrowse"`
	LogFile         logFileSettings         `config:"logFile"`
}

type connectionsSettings struct {
	UnauthenticatedTimeout int    `config:"unauthenticatedTimeout"`
	ControlChannelTimeout  int    `config:"controlChannelTimeout"`
	DataChannelTimeout     int    `config:"dataChannelTimeout"`
	MinBytesPerSecond      int    `config:"minBytesPerSecond"`
	MaxConnections         uint32 `config:"maxConnections"`
	ResetOnMaxConnections  bool   `config:"resetOnMaxConnections"`
	ServerListenBacklog    int    `config:"serverListenBacklog"`
	DisableSocketPooling   bool   `config:"disableSocketPooling"`
}

type securitySettings struct {
	DataChannel         dataChannelSettings         `config:"dataChannelSecurity"`
	CommandFiltering    commandFilteringSettings    `config:"commandFiltering"`
	Authentication      authenticationSettings      `config:"authentication"`
	SSL                 sslSettings                 `config:"ssl"`
	Clients             clientCertificateSettings   `config:"sslClientCertificates"`
	CustomAuthorization customAuthorizationSettings `config:"customAuthorization"`
}

type dataChannelSettings struct {
	MatchClientAddressForPort bool `config:"matchClientAddressForPort"`
	MatchClientAddressForPasv bool `config:"matchClientAddressForPasv"`
}

type commandFilteringSettings struct {
	MaxCommandLine uint32            `config:"maxCommandLine"`
	AllowUnlisted  bool              `config:"allowUnlisted"`
	Commands       []commandSettings `config:",collection"`
}

type commandSettings struct {
	Command string `config:"command"`
	Allowed bool   `config:"allowed"`
}

type authenticationSettings struct {
	Anonymous  methodSettings       `config:"anonymousAuthentication"`
	Basic      methodSettings       `config:"basicAuthentication"`
	ClientCert methodSettings       `config:"clientCertAuthentication"`
	Custom     customAuthentication `config:"customAuthentication"`
}

type methodSettings struct {
	Enabled bool `config:"enabled"`
}

type customAuthentication struct {
	Providers []providerSettings `config:"providers"`
}

type providerSettings struct {
	Name    string `config:"name"`
	Enabled bool   `config:"enabled"`
}

type sslSettings struct {
	Hash                 string `config:"serverCertHash"`
	Store                string `config:"serverCertStoreName"`
	ControlChannelPolicy int    `config:"controlChannelPolicy"`
	DataChannelPolicy    int    `config:"dataChannelPolicy"`
}

type clientCertificateSettings struct {
	Policy          int           `config:"clientCertificatePolicy"`
	ActiveDirectory bool          `config:"useActiveDirectoryMapping"`
	Flags           int           `config:"validationFlags"`
	Freshness       time.Duration `config:"revocationFreshnessTime"`
}

type customAuthorizationSettings struct {
	Provider providerSettings `config:"provider"`
}

type messagesSettings struct {
	Banner                   string `config:"bannerMessage"`
	SuppressDefaultBanner    bool   `config:"suppressDefaultBanner"`
	Greeting                 string `config:"greetingMessage"`
	Exit                     string `config:"exitMessage"`
	MaxClients               string `config:"maxClientsMessage"`
	AllowLocalDetailedErrors bool   `config:"allowLocalDetailedErrors"`
	ExpandVariables          bool   `config:"expandVariables"`
}

type fileHandlingSettings struct {
	KeepPartialUploads         bool `config:"keepPartialUploads"`
	AllowReplaceOnRename       bool `config:"allowReplaceOnRename"`
	AllowReadUploadsInProgress bool `config:"allowReadUploadsInProgress"`
}

type siteFirewallSettings struct {
	ExternalIP4Address string `config:"externalIp4Address"`
}

type userIsolationSettings struct {
	Mode int `config:"mode"`
}

type directoryBrowseSettings struct {
	ShowFlags               int `config:"showFlags"`
	VirtualDirectoryTimeout int `config:"virtualDirectoryTimeout"`
}

type logFileSettings struct {
	Enabled           bool   `config:"enabled"`
	Directory         string `config:"directory"`
	Period            int    `config:"period"`
	TruncateSize      int64  `config:"truncateSize"`
	LocalTimeRollover bool   `config:"localTimeRollover"`
	Fields            uint32 `config:"logExtFileFlags"`
	Selective         uint8  `config:"selectiveLogging"`
}

type logSettings struct {
	CentralLogFileMode int             `config:"centralLogFileMode"`
	LogInUTF8          bool            `config:"logInUTF8"`
	Central            logFileSettings `config:"centralLogFile"`
}

type hostLogSettings struct {
	JSON          bool          `config:"json"`
	FlushInterval time.Duration `config:"flushInterval"`
}

type cachingSettings struct {
	Credentials struct {
		Enabled       bool   `config:"enabled"`
		FlushInterval uint32 `config:"flushInterval"`
	} `config:"credentialsCache"`
}

type attemptSettings struct {
	Deny struct {
		Enabled     bool          `config:"enabled"`
		MaxFailure  uint32        `config:"maxFailure"`
		Expiration  time.Duration `config:"entryExpiration"`
		LoggingOnly bool          `config:"loggingOnlyMode"`
	} `config:"denyByFailure"`
}

type serverRuntimeSettings struct {
	HostNames struct {
		UseDomainNameAsHostName bool `config:"useDomainNameAsHostName"`
	} `config:"hostNameSupport"`
}

type ruleSettings struct {
	AccessType  int    `config:"accessType"`
	Users       string `config:"users"`
	Roles       string `config:"roles"`
	Permissions uint8  `config:"permissions"`
}

type ipSecuritySettings struct {
	EnableReverseDNS bool              `config:"enableReverseDns"`
	AllowUnlisted    bool              `config:"allowUnlisted"`
	Entries          []ipEntrySettings `config:",collection"`
}

type ipEntrySettings struct {
	IPAddress  string `config:"ipAddress"`
	SubnetMask string `config:"subnetMask"`
	DomainName string `config:"domainName"`
	Allowed    bool   `config:"allowed"`
}

type requestFilteringSettings struct {
	AllowHighBitCharacters bool `config:"allowHighBitCharacters"`
	FileExtensions         struct {
		AllowUnlisted bool                `config:"allowUnlisted"`
		Extensions    []extensionSettings `config:",collection"`
	} `config:"fileExtensions"`
	Limits struct {
		MaxAllowedContentLength int64 `config:"maxAllowedContentLength"`
		MaxURL                  int   `config:"maxUrl"`
	} `config:"requestLimits"`
	HiddenSegments   []segmentSettings  `config:"hiddenSegments"`
	DenyURLSequences []sequenceSettings `config:"denyUrlSequences"`
}

type extensionSettings struct {
	Extension string `config:"fileExtension"`
	Allowed   bool   `config:"allowed"`
}

type segmentSettings struct {
	Segment string `config:"segment"`
}

type sequenceSettings struct {
	Sequence string `config:"sequence"`
}

type pathMapSettings struct {
	Maps []struct {
		From string `config:"from"`
		To   string `config:"to"`
	} `config:",collection"`
	Variables []struct {
		Name  string `config:"name"`
		Value string `config:"value"`
	} `config:"variable"`
}

type protocolSettings struct {
	FeatureSet int    `config:"featureSet"`
	Identity   string `config:"identity"`
	Replies    int    `config:"replies"`
	CodePage   uint32 `config:"legacyCodePage"`
	SiteUtime  int    `config:"siteUtime"`
	SiteChmod  int    `config:"siteChmod"`
}

type tlsSettings struct {
	MinimumVersion int  `config:"minimumVersion"`
	Resumption     int  `config:"sessionResumption"`
	SNI            bool `config:"sni"`
}

type accountsSettings struct {
	Sources            []sourceSettings     `config:"sources"`
	ClientCertificates []certificateMapping `config:"clientCertificates"`
	OSUsers            []osUserSettings     `config:"osUsers"`
}

type sourceSettings struct {
	Name                 string        `config:"name"`
	Type                 int           `config:"type"`
	Service              string        `config:"service"`
	AsOSUser             bool          `config:"asOsUser"`
	URLs                 string        `config:"urls"`
	StartTLS             bool          `config:"startTls"`
	AllowClearText       bool          `config:"allowClearText"`
	CAFile               string        `config:"caFile"`
	BindDN               string        `config:"bindDn"`
	BindPasswordFile     string        `config:"bindPasswordFile"`
	BindPasswordVariable string        `config:"bindPasswordVariable"`
	BaseDN               string        `config:"baseDn"`
	UserFilter           string        `config:"userFilter"`
	NameAttribute        string        `config:"nameAttribute"`
	GroupBaseDN          string        `config:"groupBaseDn"`
	GroupFilter          string        `config:"groupFilter"`
	GroupAttribute       string        `config:"groupAttribute"`
	GroupNameAttribute   string        `config:"groupNameAttribute"`
	NestedGroups         bool          `config:"nestedGroups"`
	Domain               string        `config:"domain"`
	UPNSuffix            string        `config:"upnSuffix"`
	HomeAttribute        string        `config:"homeAttribute"`
	Timeout              time.Duration `config:"timeout"`
	GroupCache           time.Duration `config:"groupCache"`
	MaxConnections       uint32        `config:"maxConnections"`
}

type osUserSettings struct {
	Account string `config:"account"`
	OSUser  string `config:"osUser"`
}

type certificateMapping struct {
	Account    string `config:"account"`
	Thumbprint string `config:"thumbprint"`
	Subject    string `config:"subject"`
	Name       string `config:"name"`
}

// seconds turns a whole number of seconds, as IIS writes timeouts, into a
// duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
