package ftpserver

import (
	"context"

	"github.com/ftphost/ftphost/pkg/ftp"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// handler runs one command in its session. It returns the reply, or an error
// that outcome.go turns into one; it never writes to the control connection.
type handler func(*session, context.Context, ftp.Command) (ftp.Reply, error)

// argument says whether a command takes one.
type argument uint8

const (
	none argument = iota
	optional
	required
)

// state is a set of the states in which a command may come.
type state uint8

const (
	stranger state = 1 << iota
	loggedIn
	anyTime = stranger | loggedIn
)

// command is one row of the command table: everything the gates, FEAT, HELP
// and the log need to know about a verb.
type command struct {
	verb string
	run  handler
	arg  argument
	when state
	// extended verbs are there in the feature set Extended only; IIS does not
	// know them.
	extended bool
	// inClear commands are answered on an unencrypted connection even where the
	// policy wants it encrypted; USER and PASS look at the policy themselves.
	inClear bool
	// duringTransfer commands are answered while a transfer runs.
	duringTransfer bool
	// data commands use a data channel.
	data bool
	// asks is what the command asks of the path in its argument.
	asks vfs.Request
	// refuses is what the command is answered whatever it says; nil for most.
	refuses *refusal
	// lastInBuffer commands throw away what was pipelined behind them.
	lastInBuffer bool
	// infrastructure commands are logged as such (selectiveLogging).
	infrastructure bool
	// feat is the line of FEAT, and utf8 marks lines that allowUTF8 controls.
	feat string
	utf8 bool
	// feature is a line of FEAT in the feature set Extended; it may depend on
	// the session, and "" is none.
	feature func(*session) string
	// syntax and help are what HELP says; unimplemented verbs have no help.
	syntax, help  string
	unimplemented bool
}

// commands is the command table. FEAT lists its lines in the order of the
// rows. What is not here, or not in the site's feature set, is answered 500, on
// which clients fall back to what is.
func commands() []command {
	const file, path, directory = "<sp> file-name", "<sp> path-name", "[ <sp> path-name ]"
	const part = "<sp> file-name [ <sp> start [ <sp> end ] ]"
	return []command{
		// Access control: RFC 959 §4.1.1, RFC 7151.
		{verb: "USER", run: (*session).user, arg: required, when: anyTime, inClear: true, syntax: "<sp> username", help: "specify user name"},
		{verb: "PASS", run: (*session).pass, arg: optional, when: anyTime, inClear: true, syntax: "<sp> password", help: "specify password"},
		{verb: "ACCT", run: (*session).acct, arg: required, when: loggedIn, syntax: "<sp> account", help: "specify account"},
		{verb: "REIN", run: (*session).rein, when: anyTime, inClear: true, help: "reinitialize the session"},
		{verb: "QUIT", run: (*session).quit, when: anyTime, inClear: true, help: "terminate the session"},
		{verb: "CWD", run: (*session).cwdir, asks: vfs.Enter, arg: required, when: loggedIn, syntax: path, help: "change working directory"},
		{verb: "XCWD", run: (*session).cwdir, asks: vfs.Enter, arg: required, when: loggedIn, syntax: path, help: "change working directory"},
		{verb: "CDUP", run: (*session).cdup, when: loggedIn, help: "change to parent directory"},
		{verb: "XCUP", run: (*session).cdup, when: loggedIn, help: "change to parent directory"},
		{verb: "SMNT", run: (*session).notImplemented, refuses: errNotImplemented, arg: required, when: loggedIn, syntax: path, help: "mount file system structure"},

		// Security: RFC 2228, RFC 4217; negotiation: RFC 2389, RFC 2640.
		{verb: "LANG", run: (*session).lang, arg: optional, when: anyTime, inClear: true, feat: "LANG EN*", utf8: true, syntax: "[ <sp> language ]", help: "choose the language of replies"},
		{verb: "OPTS", run: (*session).opts, arg: required, when: anyTime, inClear: true, feat: "UTF8", utf8: true, syntax: "<sp> command [ <sp> options ]", help: "set an option of a command"},
		{verb: "AUTH", run: (*session).auth, arg: required, when: anyTime, inClear: true, lastInBuffer: true, feat: "AUTH TLS;TLS-C;SSL;TLS-P;", syntax: "<sp> mechanism", help: "begin a secured session"},
		{verb: "PBSZ", run: (*session).pbsz, arg: required, when: anyTime, inClear: true, feat: "PBSZ", syntax: "<sp> decimal-integer", help: "set protection buffer size"},
		{verb: "PROT", run: (*session).prot, arg: required, when: anyTime, inClear: true, feat: "PROT C;P;", syntax: "<sp> prot-code", help: "set data channel protection"},
		{verb: "CCC", run: (*session).ccc, when: anyTime, inClear: true, feat: "CCC", help: "return the control channel to clear text"},
		{verb: "HOST", run: (*session).hostName, arg: required, when: anyTime, inClear: true, feat: "HOST", syntax: "<sp> host-name", help: "choose the site by host name"},
		{verb: "ADAT", run: (*session).notImplemented, refuses: errNotImplemented, arg: optional, when: anyTime, inClear: true, unimplemented: true},
		{verb: "ENC", run: (*session).notImplemented, refuses: errNotImplemented, arg: optional, when: anyTime, inClear: true, unimplemented: true},
		{verb: "MIC", run: (*session).notImplemented, refuses: errNotImplemented, arg: optional, when: anyTime, inClear: true, unimplemented: true},

		// Files: RFC 959 §4.1.3, RFC 3659.
		{verb: "SIZE", run: (*session).size, asks: vfs.StatFile, arg: required, when: loggedIn, feat: "SIZE", syntax: path, help: "return the size of a file"},
		{verb: "MDTM", run: (*session).mdtm, asks: vfs.StatFile, arg: required, when: loggedIn, feat: "MDTM", syntax: path, help: "return or set the modification time of a file"},
		{verb: "REST", run: (*session).rest, arg: required, when: loggedIn, feat: "REST STREAM", syntax: "<sp> marker", help: "restart a transfer at an offset"},
		{verb: "RETR", run: (*session).retr, asks: vfs.Open, arg: required, when: loggedIn, data: true, syntax: file, help: "retrieve file"},
		{verb: "STOR", run: (*session).stor, asks: vfs.Create, arg: required, when: loggedIn, data: true, syntax: file, help: "store file"},
		{verb: "APPE", run: (*session).appe, asks: vfs.Create, arg: required, when: loggedIn, data: true, syntax: file, help: "append to file"},
		{verb: "STOU", run: (*session).stou, asks: vfs.Create, arg: optional, when: loggedIn, data: true, syntax: file, help: "store file under a unique name"},
		{verb: "LIST", run: (*session).list, asks: vfs.List, arg: optional, when: loggedIn, data: true, syntax: directory, help: "list directory"},
		{verb: "NLST", run: (*session).nlst, asks: vfs.List, arg: optional, when: loggedIn, data: true, syntax: directory, help: "list names in directory"},
		{verb: "DELE", run: (*session).dele, asks: vfs.Remove, arg: required, when: loggedIn, syntax: file, help: "delete file"},
		{verb: "RNFR", run: (*session).rnfr, asks: vfs.Rename, arg: required, when: loggedIn, syntax: file, help: "specify file to rename"},
		{verb: "RNTO", run: (*session).rnto, asks: vfs.RenameTo, arg: required, when: loggedIn, syntax: file, help: "specify the new name"},
		{verb: "MKD", run: (*session).mkd, asks: vfs.MakeDirectory, arg: required, when: loggedIn, syntax: path, help: "make directory"},
		{verb: "XMKD", run: (*session).mkd, asks: vfs.MakeDirectory, arg: required, when: loggedIn, syntax: path, help: "make directory"},
		{verb: "RMD", run: (*session).rmd, asks: vfs.RemoveDirectory, arg: required, when: loggedIn, syntax: path, help: "remove directory"},
		{verb: "XRMD", run: (*session).rmd, asks: vfs.RemoveDirectory, arg: required, when: loggedIn, syntax: path, help: "remove directory"},
		{verb: "PWD", run: (*session).pwd, when: loggedIn, help: "return current directory"},
		{verb: "XPWD", run: (*session).pwd, when: loggedIn, help: "return current directory"},

		// Transfer parameters: RFC 959 §4.1.2, RFC 2428.
		{verb: "PORT", run: (*session).port, arg: required, when: loggedIn, infrastructure: true, syntax: "<sp> b0,b1,b2,b3,b4,b5", help: "specify the client's data address"},
		{verb: "EPRT", run: (*session).eprt, arg: required, when: loggedIn, infrastructure: true, feature: always("EPRT"), syntax: "<sp> |family|address|port|", help: "specify the client's extended data address"},
		{verb: "PASV", run: (*session).pasv, when: loggedIn, infrastructure: true, help: "enter passive mode"},
		{verb: "EPSV", run: (*session).epsv, arg: optional, when: loggedIn, infrastructure: true, feature: always("EPSV"), syntax: "[ <sp> family ]", help: "enter extended passive mode"},
		{verb: "TYPE", run: (*session).typ, arg: required, when: loggedIn, syntax: "<sp> type-code", help: "specify transfer type"},
		{verb: "STRU", run: (*session).stru, arg: required, when: loggedIn, syntax: "<sp> structure-code", help: "specify file structure"},
		{verb: "MODE", run: (*session).mode, arg: required, when: loggedIn, syntax: "<sp> mode-code", help: "specify transfer mode"},
		{verb: "ALLO", run: (*session).allo, arg: required, when: loggedIn, syntax: "<sp> decimal-integer", help: "announce the size of an upload"},
		{verb: "ABOR", run: (*session).abor, when: loggedIn, duringTransfer: true, help: "abort the transfer"},

		// Information.
		{verb: "FEAT", run: (*session).feat, when: anyTime, inClear: true, help: "list extensions"},
		{verb: "HELP", run: (*session).help, arg: optional, when: anyTime, inClear: true, syntax: "[ <sp> command ]", help: "list commands or explain one"},
		{verb: "NOOP", run: (*session).noop, when: anyTime, inClear: true, help: "do nothing"},
		{verb: "SITE", run: (*session).siteCommand, arg: required, when: loggedIn, feature: offeredSite, syntax: "<sp> command", help: "run a command of this server"},
		{verb: "STAT", run: (*session).stat, asks: vfs.List, arg: optional, when: loggedIn, duringTransfer: true, syntax: directory, help: "return status, or list a path"},
		{verb: "SYST", run: (*session).syst, when: anyTime, inClear: true, help: "return the kind of system"},

		// Facts of files: RFC 3659 §7, draft-somers-ftp-mfxx. TVFS (RFC 3659 §6)
		// stands with the listing that shows such names.
		{verb: "MLST", run: (*session).mlst, asks: vfs.Stat, arg: optional, when: loggedIn, extended: true, feature: offeredFacts, syntax: directory, help: "tell the facts of a file or directory"},
		{verb: "MLSD", run: (*session).mlsd, asks: vfs.List, arg: optional, when: loggedIn, extended: true, data: true, feat: "TVFS", syntax: directory, help: "list a directory with the facts of its entries"},
		{verb: "MFMT", run: (*session).mfmt, asks: vfs.SetAttributes, arg: required, when: loggedIn, extended: true, feat: "MFMT", syntax: "<sp> time <sp> path-name", help: "set the modification time of a file"},
		{verb: "MFCT", run: (*session).mfct, asks: vfs.SetAttributes, arg: required, when: loggedIn, extended: true, feature: settableCreation, syntax: "<sp> time <sp> path-name", help: "set the creation time of a file"},

		// Parts and hashes of files: draft-bryan-ftp-range, draft-bryan-ftp-hash.
		{verb: "RANG", run: (*session).rang, arg: required, when: loggedIn, extended: true, feat: "RANG STREAM", syntax: "<sp> first-byte <sp> last-byte", help: "specify the bytes for the next RETR or HASH"},
		{verb: "HASH", run: (*session).hash, asks: vfs.Open, arg: required, when: loggedIn, extended: true, feature: offeredHashes, syntax: file, help: "return the hash of a file"},
		{verb: "XCRC", run: hashBy(hashCRC32), asks: vfs.Open, arg: required, when: loggedIn, extended: true, feat: "XCRC", syntax: part, help: "return the CRC32 of a file"},
		{verb: "XMD5", run: hashBy(hashMD5), asks: vfs.Open, arg: required, when: loggedIn, extended: true, feat: "XMD5", syntax: part, help: "return the MD5 of a file"},
		{verb: "XSHA1", run: hashBy(hashSHA1), asks: vfs.Open, arg: required, when: loggedIn, extended: true, feat: "XSHA1", syntax: part, help: "return the SHA-1 of a file"},
		{verb: "XSHA256", run: hashBy(hashSHA256), asks: vfs.Open, arg: required, when: loggedIn, extended: true, feat: "XSHA256", syntax: part, help: "return the SHA-256 of a file"},
		{verb: "XSHA512", run: hashBy(hashSHA512), asks: vfs.Open, arg: required, when: loggedIn, extended: true, feat: "XSHA512", syntax: part, help: "return the SHA-512 of a file"},

		// Space and parts: draft-peterson-streamlined-ftp-command-extensions.
		{verb: "AVBL", run: (*session).avbl, asks: vfs.List, arg: optional, when: loggedIn, extended: true, feat: "AVBL", syntax: directory, help: "return the bytes available in a directory"},
		{verb: "COMB", run: (*session).comb, arg: required, when: loggedIn, extended: true, feat: "COMB", syntax: "<sp> target <sp> part [ <sp> part ... ]", help: "append files to one and remove them"},

		// What clients say of themselves.
		{verb: "CLNT", run: (*session).clnt, arg: required, when: anyTime, extended: true, inClear: true, feat: "CLNT", syntax: "<sp> client-name", help: "tell the name of the client"},
	}
}

// always is a line of FEAT that does not depend on the session.
func always(line string) func(*session) string {
	return func(*session) string { return line }
}

// commandTable is the table by verb.
func commandTable() map[string]*command {
	rows := commands()
	table := make(map[string]*command, len(rows))
	for i := range rows {
		table[rows[i].verb] = &rows[i]
	}
	return table
}

// offeredFacts is the line of MLST in FEAT.
func offeredFacts(s *session) string { return s.params.facts.offered() }

// settableCreation offers MFCT where it can work.
func settableCreation(s *session) string {
	if !s.site.Root.SetsCreated() {
		return ""
	}
	return "MFCT"
}

// row is the row of a verb in the site's feature set, or nil. Without a site
// it is IIS's: nobody knows yet whether the site will have more.
func (s *session) row(verb string) *command {
	row := s.server.commands[verb]
	if row != nil && row.extended && !s.extended() {
		return nil
	}
	return row
}

// extended reports whether the site has the feature set Extended.
func (s *session) extended() bool {
	return s.site != nil && s.site.Protocol.FeatureSet == site.Extended
}
