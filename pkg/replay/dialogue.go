package replay

import (
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/vpath"
)

// dialogue is what the lines of one session have told so far.
type dialogue struct {
	// tenant is the site that the last line is of.
	tenant *tenant
	// loose says that the log does not tell sessions apart: the lines are only of
	// one address.
	loose bool
	// arrived says that the address was asked about, gone that the session would
	// have ended now.
	arrived, gone bool
	// named says that user is what USER said last.
	named bool
	user  string
	login *login // since PASS
	tls   tls
	// protect says that data connections are encrypted.
	protect bool
	// cwd is followed where the log has no x-fullpath; "" is unknown.
	cwd vpath.Path
}

// tls says whether the control connection is encrypted.
type tls uint8

// What is known of it. It is unknown when the log does not have the beginning
// of the session.
const (
	unknownTLS tls = iota
	inClear
	secure
)

// keyOf is what tells a session from others.
func (l *line) keyOf() (key string, loose bool) {
	if id := l.raw(session); id != nil {
		return string(id), false
	}
	return strconv.FormatUint(uint64(l.tenant.site.ID), 10) + " " + string(l.raw(clientIP)) + " " + string(l.raw(clientPort)), !l.has(clientPort)
}

// event takes a line that could be read.
func (r *replayer) event(l *line) {
	key, loose := l.keyOf()
	d, known := r.sessions.get(key)
	if !known || l.verb.pseudo == opensControl {
		d = &dialogue{tenant: l.tenant, loose: loose}
		r.sessions.put(key, d)
	}
	if d.tenant != l.tenant { // HOST or USER has named another one
		d.tenant, d.arrived, d.login = l.tenant, false, nil
	}
	switch l.verb.pseudo {
	case isCommand:
		r.command(l, d)
		return
	case opensControl:
		d.open(l)
	case closesControl:
		r.sessions.drop(key)
		if l.turnedAway() && !d.arrived {
			r.arrives(l, d, refused)
			return
		}
	case isData, isNothing:
	}
	r.skip("lines of channels and of what was no command", l)
}

// open begins a session that is in the log from its beginning.
func (d *dialogue) open(l *line) {
	switch {
	case !l.has(serverPort), d.loose:
	case l.number(serverPort) == site.ImplicitPort:
		d.tls, d.protect = secure, true
	default:
		d.tls = inClear
	}
}

// command takes the line of a command.
func (r *replayer) command(l *line, d *dialogue) {
	was, why := l.then()
	switch {
	case d.gone:
		r.skip("commands of sessions that would have ended before", l)
	case l.turnedAway():
		d.arrived = false // USER may name another site
		r.arrives(l, d, refused)
	case l.code != 421 && !d.arrived && !r.arrives(l, d, allowed):
		d.gone = true
	case was == open:
		r.skip(why, l)
	case l.verb.name == "PASS":
		r.pass(l, d, was)
	default:
		r.compare(l, d, was)
	}
	if was == allowed {
		d.follow(l)
	}
}

// follow keeps what a command that was allowed changed.
func (d *dialogue) follow(l *line) {
	switch l.verb.name {
	case "USER":
		d.named, d.login = len(l.raw(stem)) <= longestValue, nil
		if d.user = ""; d.named {
			d.user = l.text(stem)
		}
	case "PASS":
		d.cwd = vpath.Root
	case "REIN":
		*d = dialogue{tenant: d.tenant, loose: d.loose, arrived: d.arrived, gone: d.gone}
	case "AUTH":
		d.tls, d.login = secure, nil
		mechanism := l.text(stem)
		d.protect = strings.EqualFold(mechanism, "SSL") || strings.EqualFold(mechanism, "TLS-P")
	case "PROT":
		d.protect = strings.EqualFold(l.text(stem), "P")
	case "CCC":
		d.tls = unknownTLS
	case "CWD", "XCWD", "CDUP", "XCUP":
		if !l.has(fullPath) && !d.loose {
			path, known := d.path(l)
			if d.cwd = vpath.Clean(spaced(path)); !known || len(d.cwd) > longestPath {
				d.cwd = ""
			}
		}
	}
}

// path is the path that a command was about, with plus signs as the log has
// them; "" when it was about none. It is not known when the log has neither it
// nor the directory it counts from.
func (d *dialogue) path(l *line) (path string, known bool) {
	switch {
	case !l.verb.asks:
		return "", true
	case l.has(fullPath):
		return decoded(l.raw(fullPath)), true
	}
	argument := decoded(l.raw(stem))
	switch l.verb.name {
	case "CDUP", "XCUP":
		argument = ".."
	case "LIST", "NLST", "STAT":
		for strings.HasPrefix(argument, "-") {
			_, argument, _ = strings.Cut(argument, "+")
		}
		if argument == "" && l.verb.name != "STAT" {
			argument = "."
		}
	case "MFMT", "MFCT":
		_, argument, _ = strings.Cut(argument, "+")
	}
	switch {
	case argument == "":
		return "", true
	case argument[0] == '/' || argument[0] == '\\':
		return string(vpath.Clean(argument)), true
	case d.cwd == "" || d.loose:
		return "", false
	default:
		return string(d.cwd.Join(argument)), true
	}
}
