package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/host"
)

// TestPrintSites: what a newcomer reads of the certificate, and one command of
// each kind, of the first site that has it.
func TestPrintSites(t *testing.T) {
	until := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	own := &host.CertificateStatus{Thumbprint: "AB", Until: until, DaysLeft: 12, SelfSigned: true}
	issued := &host.CertificateStatus{Thumbprint: "CD", Until: until, DaysLeft: -1}
	plain, explicit, implicit := "ftp://localhost:21/", "ftp://localhost:22/", "ftps://USER@localhost:990/"
	for _, c := range []struct {
		name  string
		sites []host.SiteStatus
		want  []string
	}{
		{"plain", []host.SiteStatus{{URLs: host.URLs{Plain: plain}}}, []string{"curl " + plain}},
		{
			"all of one site, self-signed",
			[]host.SiteStatus{{Certificate: own, URLs: host.URLs{Plain: plain, Explicit: explicit, Implicit: implicit}}},
			[]string{"certificate: AB, until 2027-03-04 (12 days)", "curl " + plain, "curl --ssl-reqd -k " + explicit, "curl -k --user USER ftps://localhost:990/"},
		},
		{
			"of two sites, issued",
			[]host.SiteStatus{{Certificate: issued, URLs: host.URLs{Explicit: explicit}}, {Certificate: own, URLs: host.URLs{Explicit: plain, Implicit: implicit}}},
			[]string{"certificate: CD, expired since 2027-03-04", "certificate: AB, until 2027-03-04 (12 days)", "curl --ssl-reqd " + explicit, "curl -k --user USER ftps://localhost:990/"},
		},
		{
			"data in clear text",
			[]host.SiteStatus{{Certificate: own, URLs: host.URLs{Explicit: explicit, Implicit: implicit, ClearData: true}}},
			[]string{"certificate: AB, until 2027-03-04 (12 days)", "curl --ftp-ssl-control -k " + explicit},
		},
		{
			"unusable",
			[]host.SiteStatus{{Certificate: &host.CertificateStatus{Reason: "it is gone"}}},
			[]string{"certificate: none that can be used: it is gone"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			printSites(&out, c.sites)
			printFirstTries(&out, c.sites)
			var got []string
			for line := range strings.Lines(out.String()) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "curl ") || strings.HasPrefix(line, "certificate: ") {
					got = append(got, line)
				}
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("printed\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}
