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
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{host: h})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// maxScrapes is how many are answered at once.
const maxScrapes = 4

// collector reads the counters of a host whenever somebody asks.
type collector struct{ host *host.Host }

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

// The numbers of the whole host.
var (
	descUp          = described("site_started", "1 when the site is served, 0 when it is stopped.", "site")
	descRefusals    = described("refusals_total", "Refused commands and connections by sub-status, as in sc-substatus of the log.", "site", "substatus")
	descUserLogins  = described("user_logins_total", "Logins of a user that succeeded (ftpHost/metrics/@users).", "site", "user")
	descUserFiles   = described("user_files_total", "Files of a user that were transferred whole.", "site", "user", "direction")
	descUserBytes   = described("user_data_bytes_total", "Bytes on data connections of a user.", "site", "user", "direction")
	descCertificate = described("certificate_not_after_seconds", "When the certificate of a site ends, in seconds since 1970.", "site", "thumbprint")
	descStart       = described("start_time_seconds", "When the host began, in seconds since 1970.")
	descGeneration  = described("config_generation", "Number of the configuration that is served.")
	descSuccess     = described("config_last_reload_success", "1 when the configuration that was looked at last is served, 0 when it was refused.")
	descLooked      = described("config_last_reload_seconds", "When the configuration was looked at last, in seconds since 1970.")
	descReloads     = described("config_reloads_total", "Looks at the configuration by what came of them.", "result")
	descTurnedAway  = described("turned_away_total", "Connections that were turned away before they had a session, by reason.", "reason")
	descBans        = described("bans", "Addresses that are blocked because logins failed.")
)

// Describe sends nothing: which sites there are changes.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends all numbers.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	metrics := siteMetrics()
	for _, s := range c.host.Sites() {
		for _, m := range metrics {
			send(m.desc, m.kind, float64(m.value(s.Counters)), s.Name)
		}
		for sub, n := range s.Counters.Refused() {
			send(descRefusals, prometheus.CounterValue, float64(n), s.Name, strconv.Itoa(sub))
		}
		if s.UserNames > 0 {
			collectUsers(s, send)
		}
	}
	for _, s := range c.host.Status() {
		up := 0.0
		if s.State == host.Started {
			up = 1
		}
		send(descUp, prometheus.GaugeValue, up, s.Name)
		if s.Certificate != nil && s.Certificate.Thumbprint != "" {
			send(descCertificate, prometheus.GaugeValue, seconds(s.Certificate.Until), s.Name, s.Certificate.Thumbprint)
		}
	}
	now := c.host.Overview()
	success := 1.0
	if now.Last.Refused {
		success = 0
	}
	send(descStart, prometheus.GaugeValue, seconds(now.Started))
	send(descGeneration, prometheus.GaugeValue, float64(now.Generation))
	send(descSuccess, prometheus.GaugeValue, success)
	send(descLooked, prometheus.GaugeValue, seconds(now.Looked))
	for result, n := range map[string]uint64{"applied": now.Reloads.Applied, "unchanged": now.Reloads.Unchanged, "refused": now.Reloads.Refused} {
		send(descReloads, prometheus.CounterValue, float64(n), result)
	}
	away := c.host.TurnedAway()
	for reason, n := range map[string]uint64{
		"stranger": away.Strangers, "ports_exhausted": away.PortsExhausted, "control_handshake": away.ControlHandshakes,
		"data_handshake": away.DataHandshakes, "blocked": away.Blocked,
	} {
		send(descTurnedAway, prometheus.CounterValue, float64(n), reason)
	}
	send(descBans, prometheus.GaugeValue, float64(len(c.host.Bans())))
}

// collectUsers sends the numbers of the users of a site.
func collectUsers(s *site.Site, send func(*prometheus.Desc, prometheus.ValueType, float64, ...string)) {
	const counter = prometheus.CounterValue
	for u := range s.Counters.Users() {
		send(descUserLogins, counter, float64(u.Logins.Load()), s.Name, u.Name)
		send(descUserFiles, counter, float64(u.FilesSent.Load()), s.Name, u.Name, "sent")
		send(descUserFiles, counter, float64(u.FilesReceived.Load()), s.Name, u.Name, "received")
		send(descUserBytes, counter, float64(u.BytesSent.Load()), s.Name, u.Name, "sent")
		send(descUserBytes, counter, float64(u.BytesReceived.Load()), s.Name, u.Name, "received")
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
