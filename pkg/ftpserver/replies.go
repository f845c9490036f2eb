package ftpserver

import (
	"strconv"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// This file holds every text a client can read, apart from HELP's lines
// (command.go) and the Windows messages (win32.go), so that there is one place
// to compare with a real server. Texts that no public log shows are
// marked "unseen": they are our best guess and may be changed in this one
// place.

// product is how the server calls itself in the greeting and in STAT, as long
// as there is no site that says otherwise.
const product = "Microsoft FTP Service"

// reply is a one-line answer.
func reply(code int, text string) ftp.Reply { return ftp.Reply{Code: code, Text: text} }

// successful is the answer of the family "VERB command successful.".
func successful(code int, verb string) ftp.Reply { return reply(code, verb+" command successful.") }

// Texts of answers that are not refusals.
const (
	textSystem         = "Windows_NT"
	textLoggedIn       = "User logged in."
	textSendIdentity   = "Anonymous access allowed, send identity (e-mail name) as password."
	textPasswordNeeded = "Password required"
	textGoodbye        = "Goodbye."
	textHostAccepted   = "Host accepted."
	textExpectTLS      = "AUTH command ok. Expecting TLS Negotiation."
	textRenamePending  = "Requested file action pending further information."
	textAlreadyOpen    = "Data connection already open; Transfer starting."
	textComplete       = "Transfer complete."
	textUTF8           = "OPTS UTF8 command successful - UTF8 encoding now "
	textDirStyle       = "MSDOS-like directory output is "
	textFeatures       = "Extended features supported:"
	textEnd            = "END"
	textHelp           = "The following commands are recognized (* ==>'s unimplemented)."
	textLoggedInByTLS  = "User logged in, authorized by security data exchange." // unseen
	textAcctIgnored    = "ACCT command ignored."                                 // unseen
	textSiteHelp       = "The following SITE commands are recognized."           // unseen
	textStatus         = " status:"                                              // unseen
	textStatusFollows  = "Status follows:"                                       // unseen
	textEndOfStatus    = "End of status."                                        // unseen
	textUnavailable    = "Service not available, closing control connection."    // unseen
)

// textPasswordNeededFor repeats the argument of USER as IIS 7.5 does, with the
// host name if there is one.
func textPasswordNeededFor(user string) string { return textPasswordNeeded + " for " + user + "." }

func textOpening(binary bool) string {
	if binary {
		return "Opening BINARY mode data connection."
	}
	return "Opening ASCII mode data connection."
}

func textRestarting(offset int64) string {
	return "Restarting at " + strconv.FormatInt(offset, 10) + "." // unseen
}

func textRange(p span) string {
	return textRestarting(p.from) + " End byte range at " + strconv.FormatInt(p.to-1, 10) + "."
}

func textUnique(name string) string {
	return "Transfer complete (unique file name:" + name + ")." // unseen
}

// refusal is an answer that refuses, in the form of an error.
type refusal struct {
	code int
	text string
	// lines come before the text, when there are several.
	lines []string
	// win32 and sub say why, in the log and to local clients.
	win32 uint32
	sub   int
	// why says more of it, for the log alone.
	why string
	// ends says that the session ends with it.
	ends bool
}

func (r *refusal) Error() string { return r.text }

// The refusals. Syntax and sequence have no sub-status and therefore no
// detailed form.
var (
	errNotUnderstood  = &refusal{code: 500, text: "Command not understood."}
	errOtherProtocol  = &refusal{code: 500, text: "Command not understood.", ends: true}
	errNotImplemented = &refusal{code: 502, text: "Command not implemented."}
	errFiltered       = &refusal{code: 502, text: "Command not implemented.", sub: access.SubStatusCommandFiltered} // unseen
	errParameters     = &refusal{code: 501, text: "Invalid number of parameters.", win32: win32InvalidParameter}
	errArgument       = &refusal{code: 501, text: "Server cannot accept argument.", win32: win32InvalidParameter}
	errForeignAddress = &refusal{code: 501, text: "Server cannot accept argument.", win32: win32InvalidParameter, sub: access.SubStatusDataAddressMismatch}
	errOption         = &refusal{code: 501, text: "Option not supported.", win32: win32InvalidParameter}
	errParameterValue = &refusal{code: 504, text: "Server cannot accept argument.", win32: win32InvalidParameter} // unseen
	errNetworkFamily  = &refusal{code: 522, text: "Network protocol not supported, use (1,2)"}                    // unseen
	errNoDirectory    = &refusal{code: 501, text: win32Text(win32Directory), win32: win32Directory, sub: access.SubStatusFileSystemError}
	errSequence       = &refusal{code: 503, text: "Bad sequence of commands."} // unseen
	errUserFirst      = &refusal{code: 503, text: "Login with USER first."}
	errLoginNeeded    = &refusal{code: 530, text: "Please login with USER and PASS."}

	errHostExpected = &refusal{code: 530, text: "Valid hostname is expected.", sub: access.SubStatusHostMismatch}
	errHostUnknown  = &refusal{code: 504, text: "Server cannot accept argument.", sub: access.SubStatusHostMismatch} // unseen

	errControlNeedsTLS  = policyRequires(access.SubStatusControlRequiresSSL)
	errDataDeniesTLS    = &refusal{code: 534, text: "Policy denies SSL.", win32: win32AccessDenied, sub: access.SubStatusDataDeniesSSL} // unseen
	errProtection       = &refusal{code: 536, text: "Server cannot accept argument.", win32: win32InvalidParameter}                     // unseen
	errNotProtected     = &refusal{code: 534, text: "Protection level negotiation failed", win32: win32AccessDenied, sub: access.SubStatusProtectionNegotiation}
	errNotSecure        = &refusal{code: 533, text: "Command protection level denied."} // unseen
	errUnknownMechanism = &refusal{code: 504, text: "Security mechanism not implemented."}
	errNoDataConnection = &refusal{code: 425, text: "Cannot open data connection."}
	errLowPort          = &refusal{code: 425, text: "Cannot open data connection.", win32: win32InvalidParameter}
	errBadlyFormatted   = &refusal{code: 550, text: win32Text(win32IllegalMessage), win32: win32IllegalMessage, sub: access.SubStatusDataAbortedByServer}
	errDataTimedOut     = &refusal{code: 425, text: "Data channel timed out.", sub: access.SubStatusDataTimeout} // unseen
	errDataTooSlow      = &refusal{code: 425, text: "Data channel timed out due to not meeting the minimum bandwidth requirement.", sub: access.SubStatusBelowMinimumBandwidth}
	errAborted          = &refusal{code: 426, text: "Connection closed; transfer aborted.", win32: win32Aborted, sub: access.SubStatusAborted}             // unseen
	errServerAborted    = &refusal{code: 426, text: "Connection closed; transfer aborted.", win32: win32Aborted, sub: access.SubStatusDataAbortedByServer} // unseen
	errControlGone      = &refusal{code: 426, text: "Connection closed; transfer aborted.", win32: win32NetNameDeleted, sub: access.SubStatusDataAbortedByClient}
	errTooLarge         = &refusal{code: 552, text: "Maximum file size was exceeded.", sub: access.SubStatusFileTooLarge} // unseen
)

// noCertificate refuses AUTH where there is no certificate, for one of the
// reasons that a certificate can be missing for.
func noCertificate(sub int) *refusal {
	if sub == access.SubStatusOK || sub == access.SubStatusNoCertificate {
		return &refusal{code: 534, text: "Local policy on server does not allow TLS secure connections.", win32: win32AccessDenied, sub: sub}
	}
	return &refusal{code: 431, text: "Failed to setup secure session.", win32: win32AccessDenied, sub: sub}
}

// policyRefusal is the refusal that a sub-status of a channel policy means; nil
// for none.
func policyRefusal(sub int) error {
	switch sub {
	case access.SubStatusOK:
		return nil
	case access.SubStatusDataDeniesSSL:
		return errDataDeniesTLS
	default:
		return policyRequires(sub)
	}
}

func policyRequires(sub int) *refusal {
	return &refusal{code: 534, text: "Policy requires SSL.", win32: win32AccessDenied, sub: sub}
}

// cannotLogIn refuses a login for a reason that only the log and local clients
// learn.
func cannotLogIn(win32 uint32, sub int) *refusal {
	return &refusal{code: 530, text: "User cannot log in.", win32: win32, sub: sub}
}

// blocked ends a session from whose address too many logins failed. Only the
// log has the reply, since the connection is closed without one.
func blocked() *refusal {
	r := because(cannotLogIn(win32LogonFailure, access.SubStatusAuthenticationError), auth.ErrBlocked)
	r.ends = true
	return r
}

func homeInaccessible(win32 uint32, sub int) *refusal {
	return &refusal{code: 530, text: "User cannot log in, home directory inaccessible.", win32: win32, sub: sub}
}

// goodbye ends the session on the server's initiative.
func goodbye(sub int) *refusal {
	return &refusal{code: 421, text: textUnavailable, sub: sub, ends: true}
}

// turnedAway ends the session of a client whose address is not served. What IIS
// says then, no public log shows.
func turnedAway(d *access.Denied) *refusal {
	r := goodbye(d.SubStatus)
	r.win32, r.why = win32AccessDenied, d.Error()
	return r
}

// addressRefused refuses a site that was chosen by its name; the session stays
// where it is. It is unseen, too.
func addressRefused(d *access.Denied) *refusal {
	r := cannotLogIn(win32AccessDenied, d.SubStatus)
	r.why = d.Error()
	return r
}

// clientGone is the answer to a client that dropped its data connection. The
// code and the missing sub-status are as seen in a log of such a listing.
func clientGone() *refusal {
	return &refusal{code: 550, text: win32Text(win32NetNameDeleted), win32: win32NetNameDeleted}
}

// block is a reply whose lines between the first and the last stand without
// the code, as FEAT and HELP have them.
func block(code int, lines []string, last string) ftp.Reply {
	return ftp.Reply{Code: code, Lines: lines, Text: last, Raw: true}
}

// detailed is the four-line form of a refusal for clients on this machine. What
// ends a session has none: its lines are the site's own message.
func detailed(out outcome) ftp.Reply {
	if out.ends {
		return out.reply
	}
	return block(out.reply.Code, []string{
		out.reply.Text,
		" Win32 error:   " + win32Text(out.win32),
		" Error details: " + access.Text(out.sub),
	}, "End")
}
