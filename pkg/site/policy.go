package site

import "github.com/ftphost/ftphost/pkg/access"

// Command returns the sub-status that refuses a command on the control channel,
// or 0. secure says that the channel is encrypted, inClear that the command is
// always heard; those with credentials are judged by Credentials.
func (p ChannelPolicy) Command(secure, inClear bool) int {
	if p.Control == ControlRequire && !secure && !inClear {
		return access.SubStatusControlRequiresSSL
	}
	return access.SubStatusOK
}

// Credentials returns the sub-status that refuses USER and PASS, or 0.
func (p ChannelPolicy) Credentials(secure bool) int {
	switch {
	case secure, p.Control == ControlAllow:
		return access.SubStatusOK
	case p.Control == ControlRequire:
		return access.SubStatusControlRequiresSSL
	default:
		return access.SubStatusCredentialsRequireSSL
	}
}

// Transfer returns the sub-status that refuses a transfer, or 0. protected says
// that its data connection is to be encrypted.
func (p ChannelPolicy) Transfer(protected bool) int {
	switch {
	case p.Data == DataRequire && !protected:
		return access.SubStatusDataRequiresSSL
	case p.Data == DataDeny && protected:
		return access.SubStatusDataDeniesSSL
	default:
		return access.SubStatusOK
	}
}
