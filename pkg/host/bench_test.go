package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// manySites is a configuration with n sites, by host name on one port or spread
// over several.
func manySites(content string, n, firstPort, ports int) string {
	var b strings.Builder
	b.WriteString("<configuration>\n<system.applicationHost>\n<sites>\n")
	for i := range n {
		fmt.Fprintf(&b, `<site name="site%d.example.com" id="%d">
  <application path="/"><virtualDirectory path="/" physicalPath="%s" /></application>
  <bindings><binding protocol="ftp" bindingInformation="127.0.0.1:%d:site%d.example.com" /></bindings>
  <ftpServer>
    <security><ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" /><authentication><basicAuthentication enabled="true" /></authentication></security>
    <messages greetingMessage="Welcome to number %d." />
  </ftpServer>
</site>
`, i, i+1, content, firstPort+i%ports, i, i)
	}
	b.WriteString("</sites>\n</system.applicationHost>\n")
	for i := range n {
		fmt.Fprintf(&b, `<location path="site%d.example.com"><system.ftpServer><security><authorization><add accessType="Allow" roles="Group%d" permissions="Read, Write" /></authorization></security></system.ftpServer></location>
`, i, i)
	}
	b.WriteString("</configuration>\n")
	return b.String()
}

// BenchmarkReload measures what it takes to follow a file with 10,000 sites of
// which one has changed, apart: reading and parsing, checking against the
// schema, building what changed, and bringing what runs to that. The first case
// of each pair leaves the lines where they are, the second adds one in the
// middle.
func BenchmarkReload(b *testing.B) {
	for _, ports := range []int{1, 1000} {
		for name, after := range map[string]string{"same-lines": "changed", "more-lines": "changed\n"} {
			b.Run(fmt.Sprintf("ports=%d/%s", ports, name), func(b *testing.B) { benchmarkReload(b, ports, after) })
		}
	}
}

func benchmarkReload(b *testing.B, ports int, changed string) {
	home := compile.NewHome(b.TempDir())
	content := filepath.Join(home.Dir, "content")
	if err := os.Mkdir(content, 0o700); err != nil {
		b.Fatal(err)
	}
	text := manySites(content, 10000, 20000, ports)
	write := func(text string) {
		if err := os.WriteFile(home.Config, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	write(text)
	h, problems, err := Start(b.Context(), Options{Home: home, Log: zerolog.Nop(), Grace: time.Second})
	if err != nil {
		b.Fatal(err, problems)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}()
	if got := len(h.current.Load().opened); got != ports {
		b.Fatalf("%d ports are open, want %d", got, ports)
	}
	var parse, all time.Duration
	var took Took
	touched := 0
	for i := range b.N {
		b.StopTimer()
		word := changed
		if i%2 == 1 {
			word = "number"
		}
		write(strings.Replace(text, "number 5000.", word+" 5000.", 1))
		b.StartTimer()
		start := time.Now()
		data, err := os.ReadFile(home.Config)
		if err == nil {
			_, err = xmldoc.Parse(home.Config, data)
		}
		if err != nil {
			b.Fatal(err)
		}
		parsed := time.Now()
		r, err := h.Reload(b.Context(), false)
		if err != nil || r.Refused {
			b.Fatal(err, r.Problems)
		}
		parse, all, touched = parse+parsed.Sub(start), all+r.Took.Load+r.Took.Build+r.Took.Apply, touched+len(r.Changes)
		took.Load, took.Build, took.Apply = took.Load+r.Took.Load, took.Build+r.Took.Build, took.Apply+r.Took.Apply
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(ms(parse), "ms-read")
	b.ReportMetric(ms(all), "ms-until-applied")
	b.ReportMetric(ms(all-parse), "ms-more-than-read")
	b.ReportMetric(ms(took.Load), "ms-read+check")
	b.ReportMetric(ms(took.Build), "ms-build")
	b.ReportMetric(ms(took.Apply), "ms-apply")
	b.ReportMetric(float64(touched)/float64(b.N), "sites-touched")
}
