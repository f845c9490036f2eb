package w3clog

import (
	"encoding/json"
	"net/netip"
	"time"
)

// record is an event as a JSON line. The names are those that IIS gives the
// same facts when it hands them to a log provider; Time, Win32Status and
// ComputerName are additions.
type record struct {
	Time                time.Time
	SiteName            string
	ComputerName        string
	SessionID           string `json:"SessionId"`
	RemoteIPAddress     netip.Addr
	RemoteIPPort        uint16
	LocalIPAddress      netip.Addr
	LocalIPPort         uint16
	HostName            string
	UserName            string
	Command             string
	CommandParameters   string
	FullPath            string
	FtpStatus           int
	FtpSubStatus        int
	HRStatus            int32
	Win32Status         uint32
	BytesSent           int64
	BytesReceived       int64
	ElapsedMilliseconds int64
	Information         string
}

// recorder makes JSON lines; it keeps what would be garbage for each of them.
type recorder struct {
	encoder *json.Encoder
	record  record
	buf     []byte
}

func newRecorder() *recorder {
	r := &recorder{}
	r.encoder = json.NewEncoder((*sink)(&r.buf))
	r.encoder.SetEscapeHTML(false)
	return r
}

// append appends the line of e to dst. Whatever is in its texts stays within
// one value of one line.
func (r *recorder) append(dst []byte, e *Entry) []byte {
	r.record = record{
		Time: e.Time.UTC().Truncate(time.Millisecond), SiteName: e.SiteName, ComputerName: e.ComputerName, SessionID: e.Session,
		RemoteIPAddress: e.ClientIP.Unmap().WithZone(""), RemoteIPPort: e.ClientPort,
		LocalIPAddress: e.ServerIP.Unmap().WithZone(""), LocalIPPort: e.ServerPort,
		HostName: e.Host, UserName: e.UserName, Command: e.Method, CommandParameters: e.Argument, FullPath: e.FullPath,
		FtpStatus: e.Status, FtpSubStatus: e.SubStatus, HRStatus: hresult(e.Win32), Win32Status: e.Win32,
		BytesSent: e.BytesSent, BytesReceived: e.BytesReceived, ElapsedMilliseconds: e.TimeTaken.Milliseconds(), Information: e.Info,
	}
	r.buf = dst
	err := r.encoder.Encode(&r.record)
	dst, r.buf, r.record = r.buf, nil, record{}
	if err != nil { // a year beyond 9999: the clock, not the client, and no line to write
		return dst
	}
	return dst
}

// sink collects what the encoder writes, which it does once for each line.
type sink []byte

func (s *sink) Write(b []byte) (int, error) {
	*s = append(*s, b...)
	return len(b), nil
}

// hresult is a Windows error code as the number that .NET programs see.
func hresult(win32 uint32) int32 {
	if win32 == 0 {
		return 0
	}
	const facilityWin32 = 0x80070000
	return int32(facilityWin32 | win32&0xffff) //nolint:gosec // the sign is meant
}
