// Package w3clog writes W3C extended log files as the IIS FTP service does:
// fields, escaping, file names and rollover. It never decides what is an event
// and never makes the one who writes wait for the disk.
package w3clog

import (
	"net/netip"
	"time"
)

// Entry is one event. A zero value of a text, address or port is logged as
// "-".
type Entry struct {
	// Time is when the event ended; the columns show it in UTC.
	Time time.Time
	// ClientIP and ClientPort are the client's end of the connection.
	ClientIP   netip.Addr
	ClientPort uint16
	// UserName is DOMAIN\name, empty before login and for anonymous.
	UserName string
	// SiteName is FTPSVC and the site's id.
	SiteName string
	// ComputerName is the server's name.
	ComputerName string
	// Host is the virtual host name the client asked for.
	Host string
	// ServerIP and ServerPort are the server's end of the connection: of the
	// data connection where the event is about one.
	ServerIP   netip.Addr
	ServerPort uint16
	// Method is the command as typed, or the name of a pseudo method.
	Method string
	// Argument is the command's argument as typed, secrets already masked.
	Argument string
	// Status is the FTP reply code; 0 is logged as "-".
	Status int
	// Win32 is the Windows error code, 0 for success.
	Win32 uint32
	// SubStatus is the reason of a refusal, 0 for none.
	SubStatus int
	// BytesSent and BytesReceived count the bytes of the event.
	BytesSent, BytesReceived int64
	// TimeTaken is logged in milliseconds.
	TimeTaken time.Duration
	// Session is the identifier of the control connection.
	Session string
	// FullPath is the resolved virtual path.
	FullPath string
	// Info is free text.
	Info string
	// Infrastructure marks channel events and the commands PORT, EPRT, PASV and
	// EPSV, which LogInfrastructure selects.
	Infrastructure bool
}

// failed reports whether the event counts as an error for LogError.
func (e *Entry) failed() bool {
	return e.Status >= 400 || e.Win32 != 0 || e.SubStatus != 0
}

// Fields is a set of columns, with the numbers of logExtFileFlags.
type Fields uint32

// The columns.
const (
	Date         Fields = 1
	Time         Fields = 2
	ClientIP     Fields = 4
	UserName     Fields = 8
	SiteName     Fields = 16
	ComputerName Fields = 32
	ServerIP     Fields = 64
	Method       Fields = 128
	UriStem      Fields = 256
	FtpStatus    Fields = 1024
	Win32Status  Fields = 2048
	BytesSent    Fields = 4096
	BytesRecv    Fields = 8192
	TimeTaken    Fields = 16384
	ServerPort   Fields = 32768
	Host         Fields = 1048576
	FtpSubStatus Fields = 2097152
	Session      Fields = 4194304
	FullPath     Fields = 8388608
	Info         Fields = 16777216
	ClientPort   Fields = 33554432
	// PhysicalPath is a name the schema accepts; IIS documents no column for
	// it, and none is written.
	PhysicalPath Fields = 67108864

	// DefaultFields are those of a site that does not say otherwise.
	DefaultFields = Date | Time | ClientIP | UserName | ServerIP | Method | UriStem |
		FtpStatus | Win32Status | FtpSubStatus | ServerPort | Session | FullPath
)

// Selective is a set of events to log, with the numbers of selectiveLogging.
type Selective uint8

// The events. An infrastructure event is selected by LogInfrastructure alone.
const (
	LogSuccessful     Selective = 1
	LogError          Selective = 2
	LogInfrastructure Selective = 4
)

// selects reports whether the event is one to log.
func (s Selective) selects(e *Entry) bool {
	switch {
	case e.Infrastructure:
		return s&LogInfrastructure != 0
	case e.failed():
		return s&LogError != 0
	default:
		return s&LogSuccessful != 0
	}
}

// Period is when a new file begins, with the numbers of logFile@period.
type Period int

// The periods.
const (
	MaxSize Period = 0
	Daily   Period = 1
	Weekly  Period = 2
	Monthly Period = 3
	Hourly  Period = 4
)

// Settings say what one log is. They are comparable.
type Settings struct {
	// Enabled is false for no log at all.
	Enabled bool
	// Directory holds the files, FTPSVC and the site's id included; it is
	// created when missing.
	Directory string
	// Period is when a new file begins.
	Period Period
	// TruncateSize is the size in bytes at which Period MaxSize begins a new
	// file. Less than MinTruncateSize counts as that; Unlimited is never
	// reached.
	TruncateSize int64
	// LocalTimeRollover takes names and rollover from local time; the columns
	// stay UTC.
	LocalTimeRollover bool
	// Fields are the columns; none means nothing is written.
	Fields Fields
	// Selective are the events to log.
	Selective Selective
	// UTF8 writes UTF-8 and names files u_ex...; otherwise the code page
	// Windows-1252 and ex....
	UTF8 bool
	// JSON writes every selected event as a JSON line too, with all it has,
	// beside the W3C file: same name, but .json.
	JSON bool
	// FlushInterval is how long lines may wait in memory: a second at least,
	// MaxFlushInterval at most.
	FlushInterval time.Duration
}

// flushInterval is FlushInterval within its bounds.
func (s *Settings) flushInterval() time.Duration {
	return min(max(s.FlushInterval, tickInterval), MaxFlushInterval)
}

// MaxFlushInterval bounds what a crash can cost.
const MaxFlushInterval = 5 * time.Minute

// Limits of Settings.TruncateSize.
const (
	MinTruncateSize int64 = 1048576
	Unlimited       int64 = 4294967295
)
