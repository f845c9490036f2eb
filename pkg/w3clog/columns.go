package w3clog

import (
	"strings"
	"time"
)

// column is one column: the flag that asks for it, and its name in #Fields.
type column struct {
	flag Fields
	name string
}

// columns returns all columns in the order of a line, whatever the order in
// logExtFileFlags. The places of the default set and of sc-bytes, cs-bytes and
// time-taken are confirmed by logs of IIS; those of c-port, s-sitename,
// s-computername, cs-host and x-debug are not, and this table is the only
// place that decides them.
func columns() []column {
	return []column{
		{Date, "date"},
		{Time, "time"},
		{ClientIP, "c-ip"},
		{ClientPort, "c-port"},
		{UserName, "cs-username"},
		{SiteName, "s-sitename"},
		{ComputerName, "s-computername"},
		{Host, "cs-host"},
		{ServerIP, "s-ip"},
		{ServerPort, "s-port"},
		{Method, "cs-method"},
		{UriStem, "cs-uri-stem"},
		{FtpStatus, "sc-status"},
		{Win32Status, "sc-win32-status"},
		{FtpSubStatus, "sc-substatus"},
		{BytesSent, "sc-bytes"},
		{BytesRecv, "cs-bytes"},
		{TimeTaken, "time-taken"},
		{Session, "x-session"},
		{FullPath, "x-fullpath"},
		{Info, "x-debug"},
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
