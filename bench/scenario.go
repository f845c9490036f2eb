//go:build linux

package main

import "time"

// scenario is one row of the benchmark. A new one is a line in scenarios and
// a function that uses the client.
type scenario struct {
	name   string
	unit   unit
	tls    bool   // control and data connections are encrypted, TLS 1.3
	pinned bool   // the server may use one core only
	disk   bool   // the account's folder is on disk, not in memory
	hosts  bool   // compares ftphost with itself holding many sites
	fresh  bool   // each round has processes of its own: memory that was used once seems to cost nothing later
	except string // the server that cannot do it
	why    string // it cannot
	uses   part   // of the content
	amount func(sizes) float64
	run    func(*trial) error
	limit  string // kind of runLimit, empty: no physical limit to compare with
	bare   func(*trial) error
}

// unit is what the cost of a scenario is counted in.
type unit struct {
	name string
	one  time.Duration // of CPU time; 0: the cost is memory in KiB
}

// scenarios is the table. amount says how many units of work one run does.
func scenarios() []scenario {
	perGiB := unit{"ms/GiB", time.Millisecond}
	perOp := func(what string) unit { return unit{"µs/" + what, time.Microsecond} }
	return []scenario{
		{name: "RETR large", uses: big, unit: perGiB, amount: downloads, run: retrLarge, limit: "sendfile", bare: bareReceive},
		{name: "STOR large, memory", uses: source, unit: perGiB, amount: uploads, run: storLarge, limit: "splice", bare: bareSend},
		{name: "STOR large, disk", uses: source, disk: true, unit: perGiB, amount: uploads, run: storLarge, limit: "splice", bare: bareSend},
		{name: "RETR 4 KiB, 1 session", uses: small, unit: perOp("file"), amount: func(n sizes) float64 { return float64(n.files) }, run: retrSmall, limit: "ftp", bare: retrSmall},
		{name: "RETR 4 KiB, 16 sessions", uses: small, unit: perOp("file"), amount: manyFiles, run: retrSmallMany, limit: "ftp", bare: retrSmallMany},
		{name: "STOR 4 KiB, 16 sessions", uses: source, unit: perOp("file"), amount: manyFiles, run: storSmallMany, limit: "ftp", bare: storSmallMany},
		{name: "login and logout, 1 at a time", unit: perOp("login"), amount: logouts, run: logins(1), limit: "accept", bare: bareAccept(1)},
		{name: "login and logout, 32 at a time", unit: perOp("login"), amount: logouts, run: logins(mostLogins), limit: "accept", bare: bareAccept(mostLogins)},
		{name: "idle sessions", fresh: true, unit: unit{name: "KiB/session"}, amount: held, run: idleSessions, limit: "hold", bare: bareHold},
		{name: "LIST long", uses: long, unit: unit{"ms", time.Millisecond}, amount: one, run: listing("LIST"), limit: "ftp", bare: listing("LIST")},
		{name: "NLST long", uses: long, unit: unit{"ms", time.Millisecond}, amount: one, run: listing("NLST"), limit: "ftp", bare: listing("NLST")},
		{name: "MLSD long", uses: long, except: "vsftpd", why: "has no MLSD", unit: unit{"ms", time.Millisecond}, amount: one, run: listing("MLSD"), limit: "ftp", bare: listing("MLSD")},
		{name: "RETR parallel", uses: piece, unit: perGiB, amount: pieces, run: retrParallel, limit: "ftp", bare: retrParallel},
		{name: "NOOP", pinned: true, unit: perOp("reply"), amount: roundTrips, run: repeat("NOOP")},
		{name: "SIZE", uses: small, pinned: true, unit: perOp("reply"), amount: roundTrips, run: repeat("SIZE " + smallName(0))},
		{name: "many sites: login", hosts: true, unit: perOp("login"), amount: logouts, run: logins(1)},
		{name: "many sites: RETR 4 KiB", uses: small, hosts: true, unit: perOp("file"), amount: func(n sizes) float64 { return float64(n.files) }, run: retrSmall},

		{name: "RETR large TLS", tls: true, uses: big, unit: perGiB, amount: downloads, run: retrLarge, limit: "tls-send", bare: bareReceive},
		{name: "RETR parallel TLS", tls: true, uses: piece, unit: perGiB, amount: pieces, run: retrParallel},
		{name: "STOR large TLS", tls: true, uses: source, unit: perGiB, amount: uploads, run: storLarge, limit: "tls-receive", bare: bareSend},
		{name: "RETR 4 KiB TLS, 16 sessions", tls: true, uses: small, unit: perOp("file"), amount: manyFiles, run: retrSmallMany},
		{name: "STOR 4 KiB TLS, 16 sessions", tls: true, uses: source, unit: perOp("file"), amount: manyFiles, run: storSmallMany},
		{name: "login and logout TLS, full handshake", tls: true, unit: perOp("login"), amount: logouts, run: logins(1), limit: "tls-accept", bare: bareAccept(1)},
		{name: "login and logout TLS, resumed", tls: true, except: "pure-ftpd", why: "resumes no sessions", unit: perOp("login"), amount: logouts, run: resumedLogins, limit: "tls-accept", bare: bareResumed},
		{name: "idle sessions TLS", tls: true, fresh: true, unit: unit{name: "KiB/session"}, amount: held, run: idleSessions, limit: "hold", bare: bareHold},
	}
}

func one(sizes) float64          { return 1 }
func gib(n int64) float64        { return float64(n) / (1 << 30) }
func downloads(n sizes) float64  { return gib(n.download) }
func uploads(n sizes) float64    { return gib(n.upload) }
func pieces(n sizes) float64     { return gib(n.piece) * float64(n.parallel) }
func manyFiles(n sizes) float64  { return float64(n.sessions * n.perSession) }
func logouts(n sizes) float64    { return float64(n.logins) }
func held(n sizes) float64       { return float64(n.idle) }
func roundTrips(n sizes) float64 { return float64(n.roundTrips) }
