package access

// The sub-statuses of IIS (KB 969061): why a command was refused, written to
// the log beside the reply code.
const (
	SubStatusOK                        = 0
	SubStatusAuthorization             = 1
	SubStatusFileSystemDenied          = 2
	SubStatusFileSystemError           = 3
	SubStatusIPRestriction             = 4
	SubStatusVirtualDirectoryRoot      = 5
	SubStatusShortNameCheck            = 6
	SubStatusShortNameForbidden        = 7
	SubStatusHiddenSegment             = 8
	SubStatusDeniedSequence            = 9
	SubStatusHighBit                   = 10
	SubStatusExtension                 = 11
	SubStatusPathTooLong               = 12
	SubStatusNotFileOrDirectory        = 13
	SubStatusControlTimeout            = 14
	SubStatusDataTimeout               = 15
	SubStatusNewConnectionTimeout      = 16
	SubStatusSiteConfiguration         = 17
	SubStatusConfiguration             = 18
	SubStatusMaxConnections            = 19
	SubStatusAborted                   = 20
	SubStatusSiteStopping              = 21
	SubStatusDataAbortedByServer       = 22
	SubStatusDataAbortedByClient       = 23
	SubStatusDataRequiresSSL           = 24
	SubStatusControlRequiresSSL        = 25
	SubStatusCredentialsRequireSSL     = 26
	SubStatusDataDeniesSSL             = 27
	SubStatusControlDeniesSSL          = 28
	SubStatusCredentialsDenySSL        = 29
	SubStatusCommandsDenySSL           = 30
	SubStatusNoCertificate             = 31
	SubStatusSSLInitialization         = 32
	SubStatusHomeDirectory             = 33
	SubStatusCustomAuthentication      = 34
	SubStatusAuthenticationFailed      = 35
	SubStatusNoAuthenticationMethod    = 36
	SubStatusHostMismatch              = 37
	SubStatusDataAddressMismatch       = 38
	SubStatusFileTooLarge              = 39
	SubStatusIsolationNeedsBasic       = 40
	SubStatusAuthenticationError       = 41
	SubStatusAnonymousNotAllowed       = 42
	SubStatusProtectionNegotiation     = 43
	SubStatusCertificateNotFound       = 44
	SubStatusNoPrivateKey              = 45
	SubStatusCertificateHashLength     = 46
	SubStatusClientCertificateRequired = 47
	SubStatusClientCertificateInvalid  = 48
	SubStatusClientCertificateMismatch = 49
	SubStatusBelowMinimumBandwidth     = 50
	SubStatusCommandFiltered           = 51
	SubStatusDisconnectedByAdmin       = 52
	SubStatusConnectionError           = 53
	SubStatusConfigurationChanged      = 54
	SubStatusSSL128Required            = 55
)

// Text returns the detail text of a sub-status, or "" for a number that is
// none.
func Text(subStatus int) string {
	texts := [...]string{ //nolint:gosec // "credentials" is a word here
		SubStatusOK:                        "Successful operation.",
		SubStatusAuthorization:             "Authorization rules denied the access.",
		SubStatusFileSystemDenied:          "File system denied the access.",
		SubStatusFileSystemError:           "File system returned an error.",
		SubStatusIPRestriction:             "IP restriction rules denied the access.",
		SubStatusVirtualDirectoryRoot:      "Write access for the root of the virtual directory is forbidden.",
		SubStatusShortNameCheck:            "Short file name check has failed.",
		SubStatusShortNameForbidden:        "Short file names are forbidden.",
		SubStatusHiddenSegment:             "Hidden segment was detected in the path based on request filtering rules.",
		SubStatusDeniedSequence:            "Denied Url sequence detected in the path based on request filtering rules.",
		SubStatusHighBit:                   "High bit characters detected in the path based on request filtering rules.",
		SubStatusExtension:                 "File extension was denied based on request filtering rules.",
		SubStatusPathTooLong:               "Path is too long based on request filtering rules.",
		SubStatusNotFileOrDirectory:        "Attempt was made to open object that is not a file or directory.",
		SubStatusControlTimeout:            "Control channel timed out.",
		SubStatusDataTimeout:               "Data channel timed out.",
		SubStatusNewConnectionTimeout:      "Control channel timed out based on new connection timeout.",
		SubStatusSiteConfiguration:         "Invalid site configuration.",
		SubStatusConfiguration:             "Invalid configuration.",
		SubStatusMaxConnections:            "Maximum connection limit was reached.",
		SubStatusAborted:                   "Data channel was closed by ABOR command from client.",
		SubStatusSiteStopping:              "Site is being stopped.",
		SubStatusDataAbortedByServer:       "Data channel was aborted by server due to an error.",
		SubStatusDataAbortedByClient:       "Data channel was aborted by client.",
		SubStatusDataRequiresSSL:           "SSL policy requires SSL for data channel.",
		SubStatusControlRequiresSSL:        "SSL policy requires SSL for control channel.",
		SubStatusCredentialsRequireSSL:     "SSL policy requires SSL for credentials.",
		SubStatusDataDeniesSSL:             "SSL policy denies SSL for data channel.",
		SubStatusControlDeniesSSL:          "SSL policy denies SSL for control channel.",
		SubStatusCredentialsDenySSL:        "SSL policy denies SSL for credentials.",
		SubStatusCommandsDenySSL:           "SSL policy denies SSL for commands.",
		SubStatusNoCertificate:             "SSL certificate was not configured.",
		SubStatusSSLInitialization:         "SSL initialization failed.",
		SubStatusHomeDirectory:             "Home directory lookup failed.",
		SubStatusCustomAuthentication:      "Custom authentication call failed.",
		SubStatusAuthenticationFailed:      "User failed to authenticate.",
		SubStatusNoAuthenticationMethod:    "All authentication methods are disabled.",
		SubStatusHostMismatch:              "Hostname didn't match any configured ftp site.",
		SubStatusDataAddressMismatch:       "Client IP on the control channel didn't match the client IP on the data channel.",
		SubStatusFileTooLarge:              "Maximum file size was exceeded.",
		SubStatusIsolationNeedsBasic:       "ActiveDirectory Isolation must be combined with basic authentication.",
		SubStatusAuthenticationError:       "An error occurred during the authentication process.",
		SubStatusAnonymousNotAllowed:       "Anonymous authentication is not allowed.",
		SubStatusProtectionNegotiation:     "Protection negotiation failed. PROT command with recognized parameter must precede this command.",
		SubStatusCertificateNotFound:       "SSL certificate was not found.",
		SubStatusNoPrivateKey:              "Private key was not found for the specified SSL certificate.",
		SubStatusCertificateHashLength:     "SSL certificate hash has invalid length.",
		SubStatusClientCertificateRequired: "SSL policy requires client certificate.",
		SubStatusClientCertificateInvalid:  "User provided invalid client certificate.",
		SubStatusClientCertificateMismatch: "SSL policy requires matching client certificate for control and data channel.",
		SubStatusBelowMinimumBandwidth:     "Data channel timed out due to not meeting the minimum bandwidth requirement.",
		SubStatusCommandFiltered:           "Command filtering rules denied the access.",
		SubStatusDisconnectedByAdmin:       "Session disconnected by administrator.",
		SubStatusConnectionError:           "Connection error.",
		SubStatusConfigurationChanged:      "Session closed because of configuration change.",
		SubStatusSSL128Required:            "128-bit encryption is required for SSL connections.",
	}
	if subStatus < 0 || subStatus >= len(texts) {
		return ""
	}
	return texts[subStatus]
}
