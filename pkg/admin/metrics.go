package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ftphost/ftphost/pkg/host"
	"github.com/ftphost/ftphost/pkg/site"
)

// metricsHandler answers Prometheus. The numbers are those of IIS's performance
// counters ("Microsoft FTP Service"); sums over sites are left to who asks.
func metricsHandler(h *host.Host) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newCollector(h))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// maxScrapes is how many are answered at once.
const maxScrapes = 4

// collector reads the counters of a host whenever somebody asks.
type collector struct {
	host  *host.Host
	sites []metric

	up, refusals, userLogins, userFiles, userBytes, certificate, start, generation, success, looked, reloads, turnedAway, bans *prometheus.Desc
}

func newCollector(h *host.Host) *collector {
	return &collector{
		host: h, sites: siteMetrics(),
		up:          described("site_started", "1 when the site is served, 0 when it is stopped.", "site"),
		refusals:    described("refusals_total", "Refused commands and connections by sub-status, as in sc-substatus of the log.", "site", "substatus"),
		userLogins:  described("user_logins_total", "Logins of a user that succeeded (ftpHost/metrics/@users).", "site", "user"),
		userFiles:   described("user_files_total", "Files of a user that were transferred whole.", "site", "user", "direction"),
		userBytes:   described("user_data_bytes_total", "Bytes on data connections of a user.", "site", "user", "direction"),
		certificate: described("certificate_not_after_seconds", "When the certificate of a site ends, in seconds since 1970.", "site", "thumbprint"),
		start:       described("start_time_seconds", "When the host began, in seconds since 1970."),
		generation:  described("config_generation", "Number of the configuration that is served."),
		success:     described("config_last_reload_success", "1 when the configuration that was looked at last is served, 0 when it was refused."),
		looked:      described("config_last_reload_seconds", "When the configuration was looked at last, in seconds since 1970."),
		reloads:     described("config_reloads_total", "Looks at the configuration by what came of them.", "result"),
		turnedAway:  described("turned_away_total", "Connections that were turned away before they had a session, by reason.", "reason"),
		bans:        described("bans", "Addresses that are blocked because logins failed."),
	}
}

// metric is one number of a site.
type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*site.Counters) int64
}

func perSite(name, help string, kind prometheus.ValueType, value func(*site.Counters) int64, labels ...string) metric {
	desc := prometheus.NewDesc("ftphost_"+name, help, []string{"site"}, nil)
	if len(labels) > 0 {
		desc = prometheus.NewDesc("ftphost_"+name, help, []string{"site"}, prometheus.Labels{labels[0]: labels[1]})
	}
	return metric{desc, kind, value}
}

// siteMetrics are the numbers that each site has.
func siteMetrics() []metric {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	return []metric{
		perSite("connections", "Control connections now.", gauge, func(c *site.Counters) int64 { return c.Connections.Now() }),
		perSite("connections_max", "Most control connections at once since the start.", gauge, func(c *site.Counters) int64 { return c.Connections.Most() }),
		perSite("connections_total", "Control connections since the start.", counter, func(c *site.Counters) int64 { return c.Connections.Total() }),
		perSite("users", "Users logged in now.", gauge, func(c *site.Counters) int64 { return c.Anonymous.Now() }, "kind", "anonymous"),
		perSite("users", "Users logged in now.", gauge, func(c *site.Counters) int64 { return c.Named.Now() }, "kind", "named"),
		perSite("users_max", "Most users logged in at once since the start.", gauge, func(c *site.Counters) int64 { return c.Anonymous.Most() }, "kind", "anonymous"),
		perSite("users_max", "Most users logged in at once since the start.", gauge, func(c *site.Counters) int64 { return c.Named.Most() }, "kind", "named"),
		perSite("logins_total", "Logins that succeeded.", counter, func(c *site.Counters) int64 { return c.Anonymous.Total() }, "kind", "anonymous"),
		perSite("logins_total", "Logins that succeeded.", counter, func(c *site.Counters) int64 { return c.Named.Total() }, "kind", "named"),
		perSite("logon_attempts_total", "Attempts to log in with a password, anonymous ones too.", counter, func(c *site.Counters) int64 { return c.Logons.Load() }),
		perSite("logon_failures_total", "Attempts to log in that failed.", counter, func(c *site.Counters) int64 { return c.FailedLogons.Load() }),
		perSite("files_total", "Files transferred whole.", counter, func(c *site.Counters) int64 { return c.FilesSent.Load() }, "direction", "sent"),
		perSite("files_total", "Files transferred whole.", counter, func(c *site.Counters) int64 { return c.FilesReceived.Load() }, "direction", "received"),
		perSite("data_bytes_total", "Bytes on data connections.", counter, func(c *site.Counters) int64 { return c.BytesSent.Load() }, "direction", "sent"),
		perSite("data_bytes_total", "Bytes on data connections.", counter, func(c *site.Counters) int64 { return c.BytesReceived.Load() }, "direction", "received"),
	}
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ftphost_"+name, help, labels, nil)
}

// Describe sends nothing: which sites there are changes.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends all numbers.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	for _, s := range c.host.Sites() {
		for _, m := range c.sites {
			send(m.desc, m.kind, float64(m.value(s.Counters)), s.Name)
		}
		for sub, n := range s.Counters.Refused() {
			send(c.refusals, prometheus.CounterValue, float64(n), s.Name, strconv.Itoa(sub))
		}
		if s.UserNames > 0 {
			c.collectUsers(s, send)
		}
	}
	for _, s := range c.host.Status() {
		up := 0.0
		if s.State == host.Started {
			up = 1
		}
		send(c.up, prometheus.GaugeValue, up, s.Name)
		if s.Certificate != nil && s.Certificate.Thumbprint != "" {
			send(c.certificate, prometheus.GaugeValue, seconds(s.Certificate.Until), s.Name, s.Certificate.Thumbprint)
		}
	}
	now := c.host.Overview()
	success := 1.0
	if now.Last.Refused {
		success = 0
	}
	send(c.start, prometheus.GaugeValue, seconds(now.Started))
	send(c.generation, prometheus.GaugeValue, float64(now.Generation))
	send(c.success, prometheus.GaugeValue, success)
	send(c.looked, prometheus.GaugeValue, seconds(now.Looked))
	for result, n := range map[string]uint64{"applied": now.Reloads.Applied, "unchanged": now.Reloads.Unchanged, "refused": now.Reloads.Refused} {
		send(c.reloads, prometheus.CounterValue, float64(n), result)
	}
	away := c.host.TurnedAway()
	for reason, n := range map[string]uint64{
		"stranger": away.Strangers, "ports_exhausted": away.PortsExhausted, "control_handshake": away.ControlHandshakes,
		"data_handshake": away.DataHandshakes, "blocked": away.Blocked,
	} {
		send(c.turnedAway, prometheus.CounterValue, float64(n), reason)
	}
	send(c.bans, prometheus.GaugeValue, float64(len(c.host.Bans())))
}

// collectUsers sends the numbers of the users of a site.
func (c *collector) collectUsers(s *site.Site, send func(*prometheus.Desc, prometheus.ValueType, float64, ...string)) {
	const counter = prometheus.CounterValue
	for u := range s.Counters.Users() {
		send(c.userLogins, counter, float64(u.Logins.Load()), s.Name, u.Name)
		send(c.userFiles, counter, float64(u.FilesSent.Load()), s.Name, u.Name, "sent")
		send(c.userFiles, counter, float64(u.FilesReceived.Load()), s.Name, u.Name, "received")
		send(c.userBytes, counter, float64(u.BytesSent.Load()), s.Name, u.Name, "sent")
		send(c.userBytes, counter, float64(u.BytesReceived.Load()), s.Name, u.Name, "received")
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
