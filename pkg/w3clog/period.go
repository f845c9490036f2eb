package w3clog

import (
	"fmt"
	"math"
	"time"
)

// clockSlack is how far before the beginning of the current file an event may
// lie and still go into it: events of several sessions arrive a little out of
// order. A clock that was set back further begins the earlier file again.
const clockSlack = 60 // seconds

// span is the time that one file covers, in Unix seconds, and its name without
// the extension. For MaxSize the name is the part before the number.
type span struct {
	from, until int64
	name        string
}

func (s *span) holds(t time.Time) bool {
	unix := t.Unix()
	return unix >= s.from-clockSlack && unix < s.until
}

// spanOf returns the span of the file that takes an event of time t, counted
// in the time zone loc.
func (s *Settings) spanOf(t time.Time, loc *time.Location) span {
	prefix := "ex"
	if s.UTF8 {
		prefix = "u_ex"
	}
	if s.Period == MaxSize {
		return span{math.MinInt64 + clockSlack, math.MaxInt64, prefix + "tend"}
	}
	t = t.In(loc)
	from, until, stamp := bounds(s.Period, t)
	return span{from.Unix(), until.Unix(), prefix + stamp}
}

// bounds returns beginning and end of the period that holds t, and its digits
// in the file name.
func bounds(p Period, t time.Time) (from, until time.Time, stamp string) {
	year, month, day := t.Date()
	date := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, t.Location())
	}
	switch p {
	case Hourly:
		// Counted back from t, because an hour may occur twice in local time.
		from = t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second)
		return from, from.Add(time.Hour), t.Format("06010215")
	case Weekly:
		week := weekOfMonth(day)
		from, until = date(year, month, week*7-6), date(year, month, week*7+1)
		if end := date(year, month+1, 1); until.After(end) {
			until = end
		}
		return from, until, t.Format("0601") + fmt.Sprintf("%02d", week)
	case Monthly:
		return date(year, month, 1), date(year, month+1, 1), t.Format("0601")
	default:
		return date(year, month, day), date(year, month, day+1), t.Format("060102")
	}
}

// weekOfMonth numbers the weeks of a file name, 1 to 5. Whether IIS begins one
// on each Sunday or counts seven days from the first is not documented; the
// names end at 05, which only the latter does.
func weekOfMonth(day int) int { return (day-1)/7 + 1 }

func (s *Settings) location() *time.Location {
	if s.LocalTimeRollover {
		return time.Local
	}
	return time.UTC
}

// limit is the size at which a file ends.
func (s *Settings) limit() int64 {
	if s.Period != MaxSize || s.TruncateSize >= Unlimited {
		return math.MaxInt64
	}
	return max(s.TruncateSize, MinTruncateSize)
}
