package w3clog

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// column is one column: the flag that asks for it, its name in #Fields, and
// how an entry fills it.
type column struct {
	flag  Fields
	name  string
	value func(w *line, e *Entry)
}

// columns returns all columns in the order of a line, whatever the order in
// logExtFileFlags. The places of the default set and of sc-bytes, cs-bytes and
// time-taken are confirmed by logs of IIS; those of c-port, s-sitename,
// s-computername, cs-host and x-debug are not, and this table is the only
// place that decides them.
func columns() []column {
	return []column{
		{Date, "date", func(w *line, e *Entry) { w.time(e.Time, time.DateOnly) }},
		{Time, "time", func(w *line, e *Entry) { w.time(e.Time, time.TimeOnly) }},
		{ClientIP, "c-ip", func(w *line, e *Entry) { w.addr(e.ClientIP) }},
		{ClientPort, "c-port", func(w *line, e *Entry) { w.positive(int64(e.ClientPort)) }},
		{UserName, "cs-username", func(w *line, e *Entry) { w.text(e.UserName) }},
		{SiteName, "s-sitename", func(w *line, e *Entry) { w.text(e.SiteName) }},
		{ComputerName, "s-computername", func(w *line, e *Entry) { w.text(e.ComputerName) }},
		{Host, "cs-host", func(w *line, e *Entry) { w.text(e.Host) }},
		{ServerIP, "s-ip", func(w *line, e *Entry) { w.addr(e.ServerIP) }},
		{ServerPort, "s-port", func(w *line, e *Entry) { w.positive(int64(e.ServerPort)) }},
		{Method, "cs-method", func(w *line, e *Entry) { w.text(e.Method) }},
		{UriStem, "cs-uri-stem", func(w *line, e *Entry) { w.text(e.Argument) }},
		{FtpStatus, "sc-status", func(w *line, e *Entry) { w.positive(int64(e.Status)) }},
		{Win32Status, "sc-win32-status", func(w *line, e *Entry) { w.number(int64(e.Win32)) }},
		{FtpSubStatus, "sc-substatus", func(w *line, e *Entry) { w.number(int64(e.SubStatus)) }},
		{BytesSent, "sc-bytes", func(w *line, e *Entry) { w.number(e.BytesSent) }},
		{BytesRecv, "cs-bytes", func(w *line, e *Entry) { w.number(e.BytesReceived) }},
		{TimeTaken, "time-taken", func(w *line, e *Entry) { w.number(e.TimeTaken.Milliseconds()) }},
		{Session, "x-session", func(w *line, e *Entry) { w.text(e.Session) }},
		{FullPath, "x-fullpath", func(w *line, e *Entry) { w.text(e.FullPath) }},
		{Info, "x-debug", func(w *line, e *Entry) { w.text(e.Info) }},
	}
}

// layout is how the lines of a field set look.
type layout struct {
	columns []column
	header  string // the #Fields line
}

// selected returns the columns of a field set.
func selected(fields Fields) []column {
	var list []column
	for _, c := range columns() {
		if fields&c.flag != 0 {
			list = append(list, c)
		}
	}
	return list
}

// software is the product line of the header: tools choose their parser by it.
const software = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"

// fieldsLine is the last line of the header.
func fieldsLine(list []column) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.name
	}
	return "#Fields: " + strings.Join(names, " ") + "\r\n"
}

// appendHeader appends the header block as of now.
func appendHeader(dst []byte, now time.Time, fields string) []byte {
	dst = append(dst, software...)
	dst = append(dst, "#Date: "...)
	dst = now.UTC().AppendFormat(dst, time.DateTime)
	dst = append(dst, "\r\n"...)
	return append(dst, fields...)
}

// line appends the columns of one entry to buf.
type line struct {
	buf  []byte
	utf8 bool
}

// write appends one whole line.
func (w *line) write(list []column, e *Entry) {
	start := len(w.buf)
	for i := range list {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		list[i].value(w, e)
	}
	if start < len(w.buf) && w.buf[start] == '#' {
		// Without the leading columns a client's words begin the line, and
		// must not pass for a header.
		w.buf[start] = replacement
	}
	w.buf = append(w.buf, "\r\n"...)
}

func (w *line) time(t time.Time, layout string) { w.buf = t.UTC().AppendFormat(w.buf, layout) }

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
