package ftpserver

import (
	"strconv"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/content"
)

// listStyle is how the lines of LIST look (directoryBrowse/@showFlags).
type listStyle struct {
	unix bool
	// longDate has four digits for the year in MS-DOS lines.
	longDate bool
	// gmt shows times in UTC instead of the server's local time.
	gmt bool
	// page is what names are written in.
	page codepage.Page
}

const (
	// dosSizeWidth is the columns of the size in MS-DOS lines, unixSizeWidth
	// those in UNIX lines.
	dosSizeWidth  = 21
	unixSizeWidth = 16
	// dosDirectory takes the place of the size.
	dosDirectory = "       <DIR>         "
	// unixOwner is the part of a UNIX line that never changes.
	unixOwner = "   1 owner    group"
	// unixWritable and unixReadOnly are the permissions: which of them IIS
	// shows when is not known.
	unixWritable = "rwxrwxrwx"
	unixReadOnly = "r-xr-xr-x"
)

// appendLine appends the line of one entry. now is the present time in the
// server's time zone, and writable whether the session may write the entry.
func (s listStyle) appendLine(dst []byte, info content.Info, now time.Time, writable bool) []byte {
	if s.gmt {
		now = now.UTC()
	}
	at := info.ModTime.In(now.Location())
	if s.unix {
		dst = appendUnix(dst, info, at, now, writable)
	} else {
		dst = s.appendDOS(dst, info, at)
	}
	return appendName(dst, s.page.Encode(info.Name))
}

// appendDOS appends "07-19-24  04:46PM                    4 ".
func (s listStyle) appendDOS(dst []byte, info content.Info, at time.Time) []byte {
	year, month, day := at.Date()
	dst = append(appendTwo(dst, int(month), '0'), '-')
	dst = append(appendTwo(dst, day, '0'), '-')
	if s.longDate {
		dst = appendYear(dst, year)
	} else {
		dst = appendTwo(dst, max(year, 0)%100, '0')
	}
	hour, minute, _ := at.Clock()
	half := "AM"
	if hour >= 12 {
		hour, half = hour-12, "PM"
	}
	if hour == 0 {
		hour = 12
	}
	dst = append(appendTwo(append(dst, "  "...), hour, '0'), ':')
	dst = append(appendTwo(dst, minute, '0'), half...)
	if info.Dir {
		dst = append(dst, dosDirectory...)
	} else {
		dst = appendPadded(dst, info.Size, dosSizeWidth)
	}
	return append(dst, ' ')
}

// appendUnix appends "-rwxrwxrwx   1 owner    group           11069 Jun 15  2024 ".
// Files of this calendar year show the time of day instead of the year; its
// hour is padded with a space.
func appendUnix(dst []byte, info content.Info, at, now time.Time, writable bool) []byte {
	kind, size := byte('-'), info.Size
	if info.Dir {
		kind, size = 'd', 0
	}
	dst = append(dst, kind)
	if writable {
		dst = append(dst, unixWritable...)
	} else {
		dst = append(dst, unixReadOnly...)
	}
	dst = append(dst, unixOwner...)
	dst = append(appendPadded(dst, size, unixSizeWidth), ' ')
	year, month, day := at.Date()
	dst = append(append(dst, month.String()[:3]...), ' ')
	dst = append(appendTwo(dst, day, ' '), ' ')
	if year != now.Year() {
		dst = appendYear(append(dst, ' '), year)
	} else {
		hour, minute, _ := at.Clock()
		dst = append(appendTwo(dst, hour, ' '), ':')
		dst = appendTwo(dst, minute, '0')
	}
	return append(dst, ' ')
}

// appendTwo appends a number of at most two digits, padded to two. This and
// appendYear are what most of a line costs.
func appendTwo(dst []byte, n int, pad byte) []byte {
	if n < 10 {
		return append(dst, pad, byte('0'+n)) //nolint:gosec // one digit
	}
	return append(dst, byte('0'+n/10), byte('0'+n%10)) //nolint:gosec // two digits
}

// appendYear appends four digits; a file system may have other years all the
// same, and shows the nearest.
func appendYear(dst []byte, year int) []byte {
	year = max(0, min(year, 9999))
	return appendTwo(appendTwo(dst, year/100, '0'), year%100, '0')
}

// appendPadded appends n, padded with spaces on the left to width.
func appendPadded(dst []byte, n int64, width int) []byte {
	const spaces = "                     " // of the widest column
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	dst = append(dst, spaces[:max(width-len(text), 0)]...)
	return append(dst, text...)
}

// appendName appends a name unchanged and ends the line. Only control
// characters, which no name may have, become "?", so that a file that another
// program made cannot pretend to be two.
func appendName(dst []byte, name string) []byte {
	start := len(dst)
	dst = append(dst, name...)
	for i := start; i < len(dst); i++ {
		if dst[i] < ' ' {
			dst[i] = '?'
		}
	}
	return append(dst, '\r', '\n')
}

// listArgs is the argument of LIST and NLST.
type listArgs struct {
	// path is what is to be listed, empty for the current directory.
	path string
	// all shows hidden entries (-a), long asks NLST for the lines of LIST (-l).
	all, long bool
}

// parseListArgs takes flags off the argument; those that mean nothing to IIS
// are ignored.
func parseListArgs(arg string) listArgs {
	args := listArgs{path: arg}
	for strings.HasPrefix(args.path, "-") {
		flags, rest, _ := strings.Cut(args.path, " ")
		args.all = args.all || strings.ContainsAny(flags, "aA")
		args.long = args.long || strings.Contains(flags, "l")
		args.path = strings.TrimLeft(rest, " ")
	}
	return args
}

// nlstPrefix returns what NLST puts before each name: the path of the argument
// up to its last slash, so that a client can use the names as they are. A
// backslash does not count. directory says whether the argument names a
// directory; its entries then get no prefix unless the slash is at the end:
// the literal rule would make names that do not exist, and what IIS does there
// is not known.
func nlstPrefix(path string, directory bool) string {
	prefix := path[:strings.LastIndexByte(path, '/')+1]
	if directory && prefix != path {
		return ""
	}
	return prefix
}
