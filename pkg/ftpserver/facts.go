package ftpserver

import (
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/content"
	"github.com/ftphost/ftphost/pkg/vfs"
)

// facts is a set of the facts of MLST and MLSD (RFC 3659 §7.5).
type facts uint8

// The facts, in the order in which they are sent.
const (
	factType facts = 1 << iota
	factSize
	factModify
	factPerm
	factUnique
	factCreate
	factMode
)

// standardFacts are sent unless OPTS MLST says otherwise: those that come
// with the file at no cost and that clients use.
const standardFacts = factType | factSize | factModify | factPerm | factUnique

// factNames are the names of the facts in their order.
func factNames() [7]string {
	return [...]string{"type", "size", "modify", "perm", "unique", "create", "UNIX.mode"}
}

// offered is the line of FEAT: every fact, those that are sent with a star.
func (f facts) offered() string {
	var b strings.Builder
	b.WriteString("MLST ")
	for i, name := range factNames() {
		b.WriteString(name)
		if f&(1<<i) != 0 {
			b.WriteByte('*')
		}
		b.WriteByte(';')
	}
	return b.String()
}

// String is the answer of OPTS MLST: the facts that are sent.
func (f facts) String() string {
	var b strings.Builder
	for i, name := range factNames() {
		if f&(1<<i) != 0 {
			b.WriteString(name + ";")
		}
	}
	return b.String()
}

// parseFacts reads the argument of OPTS MLST. Facts that we do not know are
// left out (RFC 3659 §7.8).
func parseFacts(list string) (f facts, ok bool) {
	if list == "" {
		return 0, true
	}
	rest, ended := strings.CutSuffix(list, ";")
	if !ended || strings.Contains(rest, " ") {
		return 0, false
	}
	for name := range strings.SplitSeq(rest, ";") {
		for i, known := range factNames() {
			if strings.EqualFold(name, known) {
				f |= 1 << i
			}
		}
	}
	return f, true
}

// described is one file or directory as facts tell about it.
type described struct {
	content.Info
	// perm is what may be done, in letters.
	perm string
	// created is zero when it is not known.
	created time.Time
}

// appendFacts appends the facts of d that are asked for and known, and the
// space that ends them.
func appendFacts(dst []byte, asked facts, d *described) []byte {
	if asked&factType != 0 {
		if d.Dir {
			dst = append(dst, "type=dir;"...)
		} else {
			dst = append(dst, "type=file;"...)
		}
	}
	if asked&factSize != 0 && !d.Dir {
		dst = append(strconv.AppendInt(append(dst, "size="...), d.Size, 10), ';')
	}
	if asked&factModify != 0 {
		dst = append(appendStamp(append(dst, "modify="...), d.ModTime), ';')
	}
	if asked&factPerm != 0 {
		dst = append(append(append(dst, "perm="...), d.perm...), ';')
	}
	if asked&factUnique != 0 && d.ID != (content.FileID{}) {
		dst = append(strconv.AppendUint(append(dst, "unique="...), d.ID.Volume, 16), 'U')
		dst = append(strconv.AppendUint(dst, d.ID.Number, 16), ';')
	}
	if asked&factCreate != 0 && !d.created.IsZero() {
		dst = append(appendStamp(append(dst, "create="...), d.created), ';')
	}
	if asked&factMode != 0 && d.Mode != 0 {
		dst = append(appendOctal(append(dst, "UNIX.mode=0"...), uint32(d.Mode.Perm())), ';')
	}
	return append(dst, ' ')
}

// letters are the values of perm, for files and for directories, by the rights
// there are.
type letters struct{ file, dir [vfs.MayMove << 1]string }

// lettersFor are the letters of a client that may use the verbs that allowed
// says: a letter promises that a command may succeed (RFC 3659 §7.5.5).
func lettersFor(allowed func(verb string) bool) *letters {
	var l letters
	for _, p := range []struct {
		letter    string
		right     vfs.Rights
		file, dir string // the command, "" for none
	}{
		{"a", vfs.MayWrite, "APPE", ""},
		{"w", vfs.MayWrite, "STOR", ""},
		{"c", vfs.MayWrite, "", "STOR"},
		{"m", vfs.MayWrite, "", "MKD"},
		{"p", vfs.MayWrite, "", "DELE"},
		{"d", vfs.MayMove, "DELE", "RMD"},
		{"f", vfs.MayMove, "RNFR", "RNFR"},
		{"r", vfs.MayRead, "RETR", ""},
		{"e", vfs.MayRead, "", "CWD"},
		{"l", vfs.MayRead, "", "MLSD"},
	} {
		for rights := range l.file {
			if vfs.Rights(rights)&p.right == 0 { //nolint:gosec // a handful
				continue
			}
			if p.file != "" && allowed(p.file) {
				l.file[rights] += p.letter
			}
			if p.dir != "" && allowed(p.dir) {
				l.dir[rights] += p.letter
			}
		}
	}
	return &l
}

// of returns the value of perm.
func (l *letters) of(dir bool, rights vfs.Rights) string {
	if dir {
		return l.dir[rights]
	}
	return l.file[rights]
}

// appendStamp appends a time as ftp.FormatTime returns it, without allocation.
// Years that have no four digits do not happen.
func appendStamp(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendYear(dst, year)
	for _, n := range [...]int{int(month), day, hour, minute, second} {
		dst = appendTwo(dst, n, '0')
	}
	return dst
}

// appendOctal appends three octal digits.
func appendOctal(dst []byte, mode uint32) []byte {
	return append(dst, byte('0'+mode>>6&7), byte('0'+mode>>3&7), byte('0'+mode&7))
}
