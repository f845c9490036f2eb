package host

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/ftptest"
)

// ending is a certificate in use that ends after some time.
func ending(thumbprint string, in time.Duration, sites ...string) inUse {
	c := &cert.Certificate{Thumbprint: thumbprint, File: thumbprint + ".pem"}
	c.TLS.Leaf = &x509.Certificate{NotAfter: time.Now().Add(in)}
	return inUse{c, sites}
}

// lines are what is new in a log: level, thumbprint, days left and sites.
func lines(t *testing.T, log *ftptest.Log) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(log.Take()) {
		var event struct {
			Level, Thumbprint, Message, File string
			DaysLeft, Sites                  int
			Site                             []string
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %s %d of %d %s", event.Level, event.Thumbprint, event.DaysLeft, event.Sites, strings.Join(event.Site, ",")))
	}
	return list
}

// TestEndsAreToldOncePerThreshold runs two months in a moment.
func TestEndsAreToldOncePerThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log ftptest.Log
		const day = 24 * time.Hour
		certificates := []inUse{ending("A", 45*day+time.Hour, "one", "siteDefaults"), ending("B", 10*day, "two"), ending("C", -time.Hour, "three"), ending("D", 400*day, "four")}
		c := calendar{log: zerolog.New(&log), list: func() []inUse { return certificates }}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.Run(ctx) }()
		day0 := time.Now()
		var got []string
		for range 60 {
			synctest.Wait()
			for _, line := range lines(t, &log) {
				got = append(got, fmt.Sprintf("day %d: %s", int(time.Since(day0)/day), line))
			}
			time.Sleep(day)
		}
		cancel()
		<-done
		want := []string{
			"day 0: warn B 10 of 1 two",
			"day 0: error C -1 of 1 three",
			"day 7: warn B 3 of 1 two",
			"day 10: warn B 0 of 1 two",
			"day 15: warn A 30 of 2 one,siteDefaults",
			"day 31: warn A 14 of 2 one,siteDefaults",
			"day 42: warn A 3 of 2 one,siteDefaults",
			"day 45: warn A 0 of 2 one,siteDefaults",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	})
}

// TestRenewedCertificatesAreNotToldOf: the next certificate begins anew, and
// one that comes back is told again.
func TestRenewedCertificatesAreNotToldOf(t *testing.T) {
	var log ftptest.Log
	old, renewed := []inUse{ending("A", 50*time.Hour, "one")}, []inUse{ending("B", 9000*time.Hour, "one")}
	now := old
	c := calendar{log: zerolog.New(&log), list: func() []inUse { return now }}
	for _, step := range []struct {
		certificates []inUse
		want         int
	}{{old, 1}, {old, 0}, {renewed, 0}, {renewed, 0}, {old, 1}} {
		now = step.certificates
		c.look(time.Now())
		if got := lines(t, &log); len(got) != step.want {
			t.Errorf("told %q, want %d", got, step.want)
		}
	}
	if len(c.told) != 1 {
		t.Errorf("remembered %v", c.told)
	}
}

// TestManySitesOfOneCertificate: a thousand names would make a line nobody
// reads.
func TestManySitesOfOneCertificate(t *testing.T) {
	var log ftptest.Log
	u := ending("A", time.Hour)
	for i := range 1000 {
		u.sites = append(u.sites, fmt.Sprint("site", i))
	}
	c := calendar{log: zerolog.New(&log), list: func() []inUse { return []inUse{u} }}
	c.look(time.Now())
	if got := lines(t, &log); len(got) != 1 || !strings.HasPrefix(got[0], "warn A 0 of 1000 site0,") || strings.Contains(got[0], "site10") {
		t.Errorf("told %q", got)
	}
}
