package w3clog

import (
	"testing"
	"time"
)

func TestLocalTimeRollover(t *testing.T) {
	// Two hours ahead of UTC, and a zone with a half hour.
	for _, c := range []struct {
		period Period
		offset time.Duration
		utc    string
		name   string
		from   string
		until  string
	}{
		{Daily, 2 * time.Hour, "2024-01-01 22:30:00", "u_ex240102", "2024-01-01 22:00:00", "2024-01-02 22:00:00"},
		{Daily, -8 * time.Hour, "2024-01-01 07:59:59", "u_ex231231", "2023-12-31 08:00:00", "2024-01-01 08:00:00"},
		{Hourly, 5*time.Hour + 30*time.Minute, "2024-01-01 18:45:10", "u_ex24010200", "2024-01-01 18:30:00", "2024-01-01 19:30:00"},
		{Weekly, 2 * time.Hour, "2024-02-28 22:00:00", "u_ex240205", "2024-02-28 22:00:00", "2024-02-29 22:00:00"},
		{Monthly, 2 * time.Hour, "2024-02-29 22:00:00", "u_ex2403", "2024-02-29 22:00:00", "2024-03-31 22:00:00"},
	} {
		utc, err := time.Parse(time.DateTime, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		s := Settings{Period: c.period, UTF8: true}
		got := s.spanOf(utc, time.FixedZone("local", int(c.offset.Seconds())))
		from, until := time.Unix(got.from, 0).UTC().Format(time.DateTime), time.Unix(got.until, 0).UTC().Format(time.DateTime)
		if got.name != c.name || from != c.from || until != c.until {
			t.Errorf("%s %v: %s from %s until %s, want %s from %s until %s", c.utc, c.offset, got.name, from, until, c.name, c.from, c.until)
		}
		if !got.holds(utc) || got.holds(time.Unix(got.until, 0)) {
			t.Errorf("%s: the span does not hold its own time, or holds its end", c.utc)
		}
	}
}

func TestHoursAcrossTheChangeOfClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := Settings{Period: Hourly, UTF8: true}
	// 2024-10-27: 02:30 occurs at 00:30 and at 01:30 UTC.
	for _, minute := range []string{"00:30", "01:30"} {
		at, err := time.Parse("2006-01-02 15:04", "2024-10-27 "+minute)
		if err != nil {
			t.Fatal(err)
		}
		got := s.spanOf(at, berlin)
		if got.name != "u_ex24102702" || !got.holds(at) || got.until-got.from != 3600 {
			t.Errorf("%s UTC: %+v", minute, got)
		}
	}
}

func TestSizeLimit(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		want     int64
	}{
		{Settings{Period: MaxSize, TruncateSize: 0}, MinTruncateSize},
		{Settings{Period: MaxSize, TruncateSize: 20971520}, 20971520},
		{Settings{Period: MaxSize, TruncateSize: Unlimited}, 1<<63 - 1},
		{Settings{Period: Daily, TruncateSize: 20971520}, 1<<63 - 1},
	} {
		if got := c.settings.limit(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.settings, got, c.want)
		}
	}
}
