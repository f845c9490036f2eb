package compile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/vfs"
	"github.com/ftphost/ftphost/pkg/w3clog"
)

// manySites writes a home with n sites and a location for each.
func manySites(tb testing.TB, n int) (home compile.Home, size int64) {
	tb.Helper()
	dir := tb.TempDir()
	content := filepath.Join(dir, "content")
	if err := os.Mkdir(content, 0o755); err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("<configuration>\n    <system.applicationHost>\n        <sites>\n")
	for i := range n {
		fmt.Fprintf(&b, `            <site name="site%d.example.com" id="%d">
                <application path="/">
                    <virtualDirectory path="/" physicalPath="%s" />
                </application>
                <bindings>
                    <binding protocol="ftp" bindingInformation="*:21:site%d.example.com" />
                </bindings>
                <ftpServer>
                    <security>
                        <ssl controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" />
                        <authentication>
                            <basicAuthentication enabled="true" />
                        </authentication>
                    </security>
                </ftpServer>
            </site>
`, i, i+1, content, i)
	}
	b.WriteString("        </sites>\n    </system.applicationHost>\n")
	for i := range n {
		fmt.Fprintf(&b, `    <location path="site%d.example.com">
        <system.ftpServer>
            <security>
                <authorization>
                    <add accessType="Allow" roles="Group%d" permissions="Read, Write" />
                </authorization>
            </security>
        </system.ftpServer>
    </location>
`, i, i)
	}
	b.WriteString("</configuration>\n")
	home = compile.NewHome(dir)
	if err := os.WriteFile(home.Config, []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return home, int64(b.Len())
}

// BenchmarkLoad measures the whole way from the file to the sites. Beside the
// time it reports the time for each site, which shows whether twice the sites
// take twice the time, and memory in multiples of the file's size: what stays
// in use afterwards, and all that the process had from the system at most.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{5000, 10000, 20000} {
		b.Run(fmt.Sprintf("sites=%d", n), func(b *testing.B) {
			home, size := manySites(b, n)
			parts := compile.Parts{
				Home: home, Logs: w3clog.NewFiles(nil), Uploads: vfs.NewUploads(),
				Accounts: func() *local.Directory { return nil },
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var result *compile.Result
			for b.Loop() {
				result = nil
				cfg, problems := home.Load()
				if cfg == nil {
					b.Fatal(problems)
				}
				result, problems = compile.Snapshot(cfg, parts)
				if result == nil || len(result.Snapshot.Sites) != n {
					b.Fatal(problems)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/site")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(size), "x-file-kept")
			b.ReportMetric(float64(after.HeapSys)/float64(size), "x-file-peak")
			runtime.KeepAlive(result)
		})
	}
}
