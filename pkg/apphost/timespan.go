package apphost

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseTimeSpan takes [d.]hh:mm:ss, fractions of seconds dropped, or plain
// seconds or minutes where the schema says so.
func (a *AttributeSchema) parseTimeSpan(text string) (int64, error) {
	if a.AllowInfinite && strings.EqualFold(text, "Infinite") {
		return infinite, nil
	}
	var d time.Duration
	switch a.TimeSpanFormat {
	case "seconds", "minutes":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%s is not a number of %s", quote(text), a.TimeSpanFormat)
		}
		d = time.Duration(n) * time.Second
		if a.TimeSpanFormat == "minutes" {
			d *= 60
		}
	default:
		var ok bool
		if d, ok = clock(text); !ok {
			return 0, fmt.Errorf("%s is not a time span like 00:02:00 or 1.00:00:00", quote(text))
		}
	}
	return int64(d), a.checkRange(int64(d/time.Second), text)
}

// clock reads [d.]hh:mm:ss[.fraction].
func clock(text string) (time.Duration, bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	days, hours, hasDays := strings.Cut(parts[0], ".")
	if !hasDays {
		days, hours = "0", parts[0]
	}
	seconds, _, _ := strings.Cut(parts[2], ".")
	var total int64
	for _, p := range []struct {
		text        string
		below, unit int64
	}{{days, 1 << 20, 86400}, {hours, 24, 3600}, {parts[1], 60, 60}, {seconds, 60, 1}} {
		n, err := strconv.ParseUint(p.text, 10, 31)
		if err != nil || int64(n) >= p.below {
			return 0, false
		}
		total += int64(n) * p.unit
	}
	return time.Duration(total) * time.Second, true
}
