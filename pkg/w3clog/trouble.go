package w3clog

import (
	"errors"
	"fmt"
	"time"
)

// reportInterval is how often trouble is reported at most, so that a disk that
// is full again and again does not fill the operational log.
const reportInterval = time.Minute

// ErrLost means that lines were dropped because they could not be written for
// longer than memory lasts.
var ErrLost = errors.New("log lines were lost")

// Recovery says that lines are written again.
type Recovery struct {
	// Directory is where; MoreLogs counts the others that recovered with it.
	Directory string
	MoreLogs  int
	// Lost counts the lines of all of them that nobody will see.
	Lost int64
}

// trouble is the first error of the streams, with how many have one.
func (f *Files) trouble() error {
	var first error
	failing := 0
	for st := range f.inUse {
		if st.err != nil {
			failing++
			first = earlier(first, st.err)
		}
	}
	return counted(first, failing)
}

// earlier keeps the first error.
func earlier(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

// counted is the error of one log with how many have the like.
func counted(first error, failing int) error {
	if failing > 1 {
		return fmt.Errorf("%w (and %d more logs cannot be written)", first, failing-1)
	}
	return first
}

// report tells of trouble that began, and of reported trouble that is over.
func (f *Files) report(now time.Time) {
	f.reportRecovery()
	if !f.reported.IsZero() && now.Sub(f.reported) < reportInterval {
		return
	}
	var first error
	failing, lost := 0, int64(0)
	for st := range f.inUse {
		switch {
		case st.told:
			continue // what it lost is counted until it recovers
		case st.err != nil:
			st.told = true
			failing++
			first = earlier(first, st.err)
		}
		lost += st.lost
		st.lost = 0
	}
	if first = counted(first, failing); lost > 0 {
		first = errors.Join(first, fmt.Errorf("%w: %d", ErrLost, lost))
	}
	if first != nil {
		f.reported = now
		f.onError(first)
	}
}

// reportRecovery tells of reported trouble that is over.
func (f *Files) reportRecovery() {
	var r Recovery
	recovered := 0
	for st := range f.inUse {
		if st.told && st.err == nil {
			st.told = false
			recovered++
			r.Directory = st.disks[w3cLines].dir
			r.Lost += st.lost
			st.lost = 0
		}
	}
	if recovered > 0 && f.OnRecovery != nil {
		r.MoreLogs = recovered - 1
		f.OnRecovery(r)
	}
}
