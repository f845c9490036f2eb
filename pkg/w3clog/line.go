package w3clog

import (
	"net/netip"
	"strconv"
	"time"
)

// line appends the columns of one entry to buf.
type line struct {
	buf  []byte
	utf8 bool
	// stamp shows second, in Unix time: most lines are of the same second as
	// the one before.
	stamp  [len(time.DateTime)]byte
	second int64
}

// write appends one whole line.
func (w *line) write(list []column, e *Entry) {
	start := len(w.buf)
	for i := range list {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		w.value(list[i].flag, e)
	}
	if start < len(w.buf) && w.buf[start] == '#' {
		// Without the leading columns a client's words begin the line, and
		// must not pass for a header.
		w.buf[start] = replacement
	}
	w.buf = append(w.buf, "\r\n"...)
}

// value appends one column. It is a switch and not a function of each column
// because the compiler sees through it that e is not kept: the caller's entry
// need not be on the heap.
func (w *line) value(f Fields, e *Entry) {
	switch f {
	case Date:
		w.date(e.Time)
	case Time:
		w.time(e.Time)
	case ClientIP:
		w.addr(e.ClientIP)
	case ClientPort:
		w.positive(int64(e.ClientPort))
	case UserName:
		w.text(e.UserName)
	case SiteName:
		w.text(e.SiteName)
	case ComputerName:
		w.text(e.ComputerName)
	case Host:
		w.text(e.Host)
	case ServerIP:
		w.addr(e.ServerIP)
	case ServerPort:
		w.positive(int64(e.ServerPort))
	case Method:
		w.text(e.Method)
	case UriStem:
		w.text(e.Argument)
	case FtpStatus:
		w.positive(int64(e.Status))
	case Win32Status:
		w.number(int64(e.Win32))
	case FtpSubStatus:
		w.number(int64(e.SubStatus))
	case BytesSent:
		w.number(e.BytesSent)
	case BytesRecv:
		w.number(e.BytesReceived)
	case TimeTaken:
		w.number(e.TimeTaken.Milliseconds())
	case Session:
		w.text(e.Session)
	case FullPath:
		w.text(e.FullPath)
	default: // Info, the last of columns
		w.text(e.Info)
	}
}

func (w *line) date(t time.Time) {
	w.format(t)
	w.buf = append(w.buf, w.stamp[:len(time.DateOnly)]...)
}

func (w *line) time(t time.Time) {
	w.format(t)
	w.buf = append(w.buf, w.stamp[len(w.stamp)-len(time.TimeOnly):]...)
}

// format makes stamp show t.
func (w *line) format(t time.Time) {
	if unix := t.Unix(); unix != w.second || w.stamp[0] == 0 {
		w.second = unix
		t.UTC().AppendFormat(w.stamp[:0], time.DateTime)
	}
}

func (w *line) number(n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) }

// positive appends n, or "-" when there is none.
func (w *line) positive(n int64) {
	if n <= 0 {
		w.buf = append(w.buf, '-')
		return
	}
	w.number(n)
}

func (w *line) addr(a netip.Addr) {
	if !a.IsValid() {
		w.buf = append(w.buf, '-')
		return
	}
	w.buf = a.Unmap().WithZone("").AppendTo(w.buf)
}

func (w *line) text(s string) { w.buf = appendText(w.buf, s, w.utf8) }
